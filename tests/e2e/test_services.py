"""Services: one environment of a tenant, and its settings."""

from typing import Any, Final

import pytest

from tests.support.tenant import Tenant, refused

SETTINGS: Final = {
    "CodeLength": "8",
    "LookupEnabled": "true",
    "SkipSmsToLandlines": "true",
    "DtmfInputRequired": "true",
    "TtsName": "Example Bank",
    "Psd2Enabled": "true",
    "DoNotShareWarningEnabled": "true",
    "CustomCodeEnabled": "true",
    "Push.IncludeDate": "true",
    "Push.ApnCredentialSid": "CR" + "a" * 32,
    "Push.FcmCredentialSid": "CR" + "b" * 32,
    "Totp.Issuer": "Example",
    "Totp.TimeStep": "60",
    "Totp.CodeLength": "8",
    "Totp.Skew": "2",
    "DefaultTemplateSid": "HJ" + "c" * 32,
    "Whatsapp.MsgServiceSid": "MG" + "d" * 32,
    "Whatsapp.From": "whatsapp:+15005550006",
    "Passkeys.RelyingParty.Id": "example.com",
    "Passkeys.RelyingParty.Name": "Example",
    "Passkeys.RelyingParty.Origins": "https://example.com,https://login.example.com",
    "Passkeys.AuthenticatorAttachment": "platform",
    "Passkeys.DiscoverableCredentials": "required",
    "Passkeys.UserVerification": "preferred",
    "VerifyEventSubscriptionEnabled": "true",
}
SHOWN: Final[dict[str, Any]] = {  # Any: JSON
    "code_length": 8,
    "lookup_enabled": True,
    "skip_sms_to_landlines": True,
    "dtmf_input_required": True,
    "tts_name": "Example Bank",
    "psd2_enabled": True,
    "do_not_share_warning_enabled": True,
    "custom_code_enabled": True,
    "push": {"include_date": True, "apn_credential_sid": "CR" + "a" * 32, "fcm_credential_sid": "CR" + "b" * 32},
    "totp": {"issuer": "Example", "time_step": 60, "code_length": 8, "skew": 2},
    "default_template_sid": "HJ" + "c" * 32,
    "whatsapp": {"msg_service_sid": "MG" + "d" * 32, "from": "whatsapp:+15005550006"},
    "passkeys": {
        "relying_party": {
            "id": "example.com",
            "name": "Example",
            "origins": ["https://example.com", "https://login.example.com"],
        },
        "authenticator_attachment": "platform",
        "discoverable_credentials": "required",
        "user_verification": "preferred",
    },
    "verify_event_subscription_enabled": True,
}


async def test_a_new_service_has_the_defaults(tenant: Tenant) -> None:
    """Only a name is needed; the rest is as the contract says."""
    created = await tenant.create("/v2/Services", {"FriendlyName": "Stage"})
    assert created["friendly_name"] == "Stage"
    assert created["account_sid"] == tenant.account.sid
    assert created["push"]["include_date"] is False
    assert created["totp"] == {"issuer": "Stage", "time_step": 30, "code_length": 6, "skew": 1}
    assert created["url"] == f"{tenant.base_url}/v2/Services/{created['sid']}"
    assert created["links"]["entities"] == f"{created['url']}/Entities"


@pytest.mark.exercises("POST /v2/Services", "GET /v2/Services/{ServiceSid}")
async def test_a_service_keeps_every_setting(tenant: Tenant) -> None:
    """What was given at its creation is what it shows, then and later."""
    created = await tenant.create("/v2/Services", {"FriendlyName": "Stage", **SETTINGS})
    assert {name: created[name] for name in SHOWN} == SHOWN
    assert await tenant.get(f"/v2/Services/{created['sid']}") == created


@pytest.mark.exercises("POST /v2/Services/{ServiceSid}")
async def test_an_update_changes_what_it_names(tenant: Tenant, service: str) -> None:
    """The rest stays; the answer and a later read agree."""
    before = await tenant.get(f"/v2/Services/{service}")
    updated = await tenant.update(f"/v2/Services/{service}", {"FriendlyName": "Prod", "Totp.Skew": "2"})
    expected = {**before, "friendly_name": "Prod", "totp": {**before["totp"], "issuer": "Prod", "skew": 2}}
    assert {**updated, "date_updated": before["date_updated"]} == expected
    assert await tenant.get(f"/v2/Services/{service}") == updated


async def test_each_setting_changes_alone(tenant: Tenant, service: str) -> None:
    """An update with one parameter changes one member, whatever was set before."""
    path = f"/v2/Services/{service}"
    before = _leaves(await tenant.get(path))
    wanted = _leaves(SHOWN)
    for parameter, value in SETTINGS.items():
        after = _leaves(await tenant.update(path, {parameter: value}))
        differing = {name for name in after if after[name] != before[name]} - {"date_updated"}
        assert len(differing) == 1, (parameter, differing)
        assert all(after[name] == wanted[name] for name in differing), parameter
        before = after
    assert {name: before[name] for name in wanted} == wanted


async def test_an_empty_value_unsets_texts_and_leaves_the_rest(tenant: Tenant) -> None:
    """Numbers and flags can't be empty: they stay."""
    created = await tenant.create("/v2/Services", {"FriendlyName": "Stage", **SETTINGS})
    emptied = await tenant.update(created["url"], dict.fromkeys(SETTINGS, ""))
    passkeys: dict[str, Any] = {  # Any: JSON
        "relying_party": {"id": None, "name": None, "origins": []},
        "authenticator_attachment": None,
        "discoverable_credentials": None,
        "user_verification": None,
    }
    assert {name: emptied[name] for name in SHOWN} == {
        **SHOWN,
        "tts_name": None,
        "push": {"include_date": True, "apn_credential_sid": None, "fcm_credential_sid": None},
        "totp": {**SHOWN["totp"], "issuer": "Stage"},
        "default_template_sid": None,
        "whatsapp": {"msg_service_sid": None, "from": None},
        "passkeys": passkeys,
    }


WRONG: Final = {
    "CodeLength": "11",
    "LookupEnabled": "maybe",
    "SkipSmsToLandlines": "2",
    "DtmfInputRequired": "perhaps",
    "TtsName": "x" * 256,
    "Psd2Enabled": "x",
    "DoNotShareWarningEnabled": "null",
    "CustomCodeEnabled": "-1",
    "Push.IncludeDate": "x",
    "Push.ApnCredentialSid": "CR1",
    "Push.FcmCredentialSid": "AC" + "b" * 32,
    "Totp.Issuer": "x" * 256,
    "Totp.TimeStep": "19",
    "Totp.CodeLength": "9",
    "Totp.Skew": "1.5",
    "DefaultTemplateSid": "HJ",
    "Whatsapp.MsgServiceSid": "x",
    "Whatsapp.From": "x" * 256,
    "Passkeys.RelyingParty.Id": "x" * 256,
    "Passkeys.RelyingParty.Name": "x" * 256,
    "Passkeys.RelyingParty.Origins": "example.com",
    "Passkeys.AuthenticatorAttachment": "usb",
    "Passkeys.DiscoverableCredentials": "yes",
    "Passkeys.UserVerification": "no",
    "VerifyEventSubscriptionEnabled": "x",
}


async def test_a_wrong_setting_is_named_and_changes_nothing(tenant: Tenant, service: str) -> None:
    """400 60200 for each parameter, even beside right ones."""
    path = f"/v2/Services/{service}"
    before = await tenant.get(path)
    assert WRONG.keys() == SETTINGS.keys()
    for parameter, value in WRONG.items():
        answer = await tenant.client.post(path, data={**SETTINGS, parameter: value})
        assert refused(answer) == (400, 60200), parameter
        assert answer.json()["message"].startswith(parameter), answer.text
    assert await tenant.get(path) == before


async def test_an_empty_name_is_refused_for_what_has_one(tenant: Tenant, service: str) -> None:
    """400 60200; the name stays."""
    path = f"/v2/Services/{service}"
    before = await tenant.get(path)
    assert refused(await tenant.client.post(path, data={"FriendlyName": ""})) == (400, 60200)
    assert await tenant.get(path) == before


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"FriendlyName": ""},
        {"FriendlyName": "x" * 33},
        {"FriendlyName": "Stage", "CodeLength": "3"},
        {"FriendlyName": "Stage", "CodeLength": "six"},
        {"FriendlyName": "Stage", "LookupEnabled": "maybe"},
        {"FriendlyName": "Stage", "Totp.TimeStep": "19"},
    ],
)
@pytest.mark.provokes(60200)
async def test_a_wrong_setting_is_refused(tenant: Tenant, form: dict[str, str]) -> None:
    """400 60200, and nothing is created."""
    assert refused(await tenant.client.post("/v2/Services", data=form)) == (400, 60200)


async def test_unknown_parameters_are_ignored_and_of_repeated_ones_the_last_counts(tenant: Tenant) -> None:
    """As helper libraries expect (contract section 10)."""
    created = await tenant.create("/v2/Services", {"FriendlyName": ["Stage", "Prod"], "Flavour": "sour"})
    assert created["friendly_name"] == "Prod"


@pytest.mark.exercises("DELETE /v2/Services/{ServiceSid}")
async def test_a_deleted_service_is_gone_at_once(tenant: Tenant, service: str) -> None:
    """204, then 404 for every method; deleting again is a 404, too."""
    await tenant.delete(f"/v2/Services/{service}")
    assert refused(await tenant.client.get(f"/v2/Services/{service}")) == (404, 20404)
    assert refused(await tenant.client.post(f"/v2/Services/{service}", data={"FriendlyName": "x"})) == (404, 20404)
    assert refused(await tenant.client.delete(f"/v2/Services/{service}")) == (404, 20404)


def _leaves(body: dict[str, Any], above: str = "") -> dict[str, Any]:  # Any: JSON
    """Every member that is no object, by its path."""
    leaves: dict[str, Any] = {}
    for name, value in body.items():
        path = f"{above}{name}"
        leaves |= _leaves(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return leaves
