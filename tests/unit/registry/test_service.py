"""Services: settings within their bounds, deletion for good."""

import re
from dataclasses import asdict, fields, replace
from typing import Any
from uuid import UUID

import pytest

from pushward.errors import BadRequestError, NotFoundError
from pushward.eventlog.event import Recorded
from pushward.ids import Sid
from services.registry.domain.decider import service as decider
from services.registry.domain.events import ServiceCreated, ServiceDeleted, ServiceEvent, ServiceUpdated
from services.registry.domain.service_settings import ServicePatch, ServiceSettings
from services.registry.domain.state import ServiceState
from tests.unit.registry.given import ACCOUNT, NOW, SERVICE

CREATED = ServiceCreated(SERVICE, ACCOUNT, "Shop", ServiceSettings())
DELETED = ServiceDeleted(SERVICE, ACCOUNT)


def given(*events: ServiceEvent) -> ServiceState:
    """The state of a service's stream."""
    state = ServiceState()
    for event in events:
        state = decider.evolve(state, event, Recorded(UUID(int=1), state.version + 1, NOW))
    return state


def create(patch: ServicePatch) -> list[ServiceEvent]:
    """What creating a service comes to."""
    return decider.decide_create(ServiceState(), Sid(SERVICE), ACCOUNT, patch)


def test_a_new_service_has_the_contracts_defaults() -> None:
    """Contract section 1a."""
    assert create(ServicePatch(friendly_name="Shop")) == [CREATED]
    defaults = CREATED.settings
    assert (defaults.totp_time_step, defaults.totp_code_length, defaults.totp_skew) == (30, 6, 1)
    assert not defaults.push_include_date


def test_settings_are_set_and_unset() -> None:
    """An empty text unsets what may be unset; origins come as one text with commas."""
    patch = ServicePatch(
        friendly_name="Shop",
        code_length=8,
        push_fcm_credential_sid="CR" + "f" * 32,
        passkeys_relying_party_origins="https://a.example, https://b.example,",
        passkeys_user_verification="required",
    )
    (created,) = create(patch)
    assert isinstance(created, ServiceCreated)
    assert created.settings.passkeys_relying_party_origins == ("https://a.example", "https://b.example")
    cleared = ServicePatch(push_fcm_credential_sid="", passkeys_relying_party_origins="", passkeys_user_verification="")
    (updated,) = decider.decide_update(given(created), cleared)
    assert updated == ServiceUpdated(SERVICE, ACCOUNT, "Shop", ServiceSettings(code_length=8))


CREDENTIAL = "CR" + "f" * 32
TEMPLATE = "HJ" + "f" * 32
MESSAGING_SERVICE = "MG" + "F" * 32
LONG = "x" * 255
ORIGIN = "https://a.example"
STRENGTHS = ["required", "preferred", "discouraged"]

BOUNDS: list[tuple[str, str, list[Any], list[Any]]] = [  # Any: values of each setting's type
    ("code_length", "CodeLength", [4, 10], [3, 11, -1]),
    ("tts_name", "TtsName", ["", LONG], [LONG + "x"]),
    ("push_apn_credential_sid", "Push.ApnCredentialSid", [CREDENTIAL], ["CR1", TEMPLATE, CREDENTIAL + "0"]),
    ("push_fcm_credential_sid", "Push.FcmCredentialSid", [CREDENTIAL], ["CR", "CR" + "g" * 32, "x"]),
    ("totp_issuer", "Totp.Issuer", [LONG], [LONG + "x"]),
    ("totp_time_step", "Totp.TimeStep", [20, 60], [19, 61, 0]),
    ("totp_code_length", "Totp.CodeLength", [3, 8], [2, 9]),
    ("totp_skew", "Totp.Skew", [0, 2], [-1, 3]),
    ("default_template_sid", "DefaultTemplateSid", [TEMPLATE], [CREDENTIAL, "HJ"]),
    ("whatsapp_msg_service_sid", "Whatsapp.MsgServiceSid", [MESSAGING_SERVICE], [CREDENTIAL, "x"]),
    ("whatsapp_from", "Whatsapp.From", [LONG], [LONG + "x"]),
    ("passkeys_relying_party_id", "Passkeys.RelyingParty.Id", [LONG], [LONG + "x"]),
    ("passkeys_relying_party_name", "Passkeys.RelyingParty.Name", [LONG], [LONG + "x"]),
    (
        "passkeys_relying_party_origins",
        "Passkeys.RelyingParty.Origins",
        [",".join([ORIGIN] * 20), "android:apk-key-hash:abc"],
        [",".join([ORIGIN] * 21), "no origin", "https://a.example,b.example", f"{ORIGIN}/{LONG}"],
    ),
    (
        "passkeys_authenticator_attachment",
        "Passkeys.AuthenticatorAttachment",
        ["platform", "cross-platform", "any"],
        ["usb", "Platform"],
    ),
    ("passkeys_discoverable_credentials", "Passkeys.DiscoverableCredentials", STRENGTHS, ["yes"]),
    ("passkeys_user_verification", "Passkeys.UserVerification", STRENGTHS, ["true"]),
]
"""Each setting that has bounds: its parameter, what it may just be, and what it may not."""

UNSET = {
    "tts_name",
    "push_apn_credential_sid",
    "push_fcm_credential_sid",
    "totp_issuer",
    "default_template_sid",
    "whatsapp_msg_service_sid",
    "whatsapp_from",
    "passkeys_relying_party_id",
    "passkeys_relying_party_name",
    "passkeys_relying_party_origins",
    "passkeys_authenticator_attachment",
    "passkeys_discoverable_credentials",
    "passkeys_user_verification",
}
"""Settings that an empty text unsets."""


def patch_of(setting: str, value: Any) -> ServicePatch:  # Any: as in BOUNDS
    """One setting alone."""
    return ServicePatch(**{setting: value})


def test_every_setting_but_flags_has_bounds() -> None:
    """A new one can't be forgotten here."""
    defaults = ServiceSettings()
    unbounded = {setting.name for setting in fields(defaults)} - {setting for setting, *_ in BOUNDS}
    assert all(isinstance(getattr(defaults, setting), bool) for setting in unbounded)


@pytest.mark.parametrize(("setting", "value"), [(name, value) for name, _, good, _ in BOUNDS for value in good])
def test_a_setting_within_its_bounds_is_kept_and_disturbs_no_other(setting: str, value: Any) -> None:
    """Both ends of each range."""
    others = replace(
        ServiceSettings(), lookup_enabled=True, push_include_date=True, passkeys_relying_party_id="a.example"
    )
    wanted = replace(patch_of(setting, value), psd2_enabled=True)  # so that something changes, whatever the default
    (updated,) = decider.decide_update(given(ServiceCreated(SERVICE, ACCOUNT, "Shop", others)), wanted)
    assert isinstance(updated, ServiceUpdated)
    kept = tuple(value.split(",")) if setting == "passkeys_relying_party_origins" else value
    assert asdict(updated.settings) == {**asdict(others), "psd2_enabled": True, setting: kept}


@pytest.mark.parametrize(
    ("setting", "parameter", "value"),
    [(setting, parameter, value) for setting, parameter, _, bad in BOUNDS for value in bad],
)
def test_a_setting_out_of_bounds_is_refused_by_its_parameter_name(setting: str, parameter: str, value: Any) -> None:
    """60200, on creation and on update alike."""
    wrong = patch_of(setting, value)
    named = rf"^{re.escape(parameter)} "
    with pytest.raises(BadRequestError, match=named) as on_creation:
        create(replace(wrong, friendly_name="Shop"))
    with pytest.raises(BadRequestError, match=named) as on_update:
        decider.decide_update(given(CREATED), wrong)
    assert (on_creation.value.code, on_update.value.code) == (60200, 60200)


@pytest.mark.parametrize("setting", sorted(UNSET))
def test_an_empty_text_unsets_what_may_be_unset(setting: str) -> None:
    """It is as if it had never been set."""
    value = next(good for name, _, values, _ in BOUNDS if name == setting for good in values if good)
    (created,) = create(replace(patch_of(setting, value), friendly_name="Shop"))
    assert created != CREATED
    assert decider.decide_update(given(created), patch_of(setting, "")) == [
        ServiceUpdated(SERVICE, ACCOUNT, "Shop", ServiceSettings())
    ]


@pytest.mark.parametrize("name", [None, "", "x" * 33])
def test_a_service_needs_a_name_of_1_to_32_characters(name: str | None) -> None:
    """60200; an update without a name leaves it, one with a wrong name is refused."""
    with pytest.raises(BadRequestError, match="FriendlyName") as raised:
        create(ServicePatch(friendly_name=name))
    assert raised.value.code == 60200
    if name is not None:
        with pytest.raises(BadRequestError, match="FriendlyName"):
            decider.decide_update(given(CREATED), ServicePatch(friendly_name=name))


def test_an_update_that_changes_nothing_records_nothing() -> None:
    """The log holds facts, not requests."""
    assert decider.decide_update(given(CREATED), ServicePatch(friendly_name="Shop", code_length=6)) == []


def test_a_deleted_service_is_not_found_any_more() -> None:
    """20404, by updates and by a second deletion."""
    assert decider.decide_delete(given(CREATED)) == [DELETED]
    gone = given(CREATED, DELETED)
    with pytest.raises(NotFoundError) as delete:
        decider.decide_delete(gone)
    with pytest.raises(NotFoundError) as update:
        decider.decide_update(gone, ServicePatch())
    assert (delete.value.code, update.value.code) == (20404, 20404)


def test_nothing_follows_a_deletion() -> None:
    """evolve asserts it again."""
    with pytest.raises(AssertionError):
        given(CREATED, DELETED, DELETED)
