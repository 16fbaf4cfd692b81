"""Services, with every setting that the library knows."""

import inspect
from typing import Any, Final

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.e2e.stock.backend import Backend

APN: Final = f"CR{'a' * 32}"
FCM: Final = f"CR{'b' * 32}"
TEMPLATE: Final = f"HJ{'c' * 32}"
MESSAGING: Final = f"MG{'d' * 32}"

PLAIN: Final = {
    "friendly_name": "Every setting",
    "code_length": 8,
    "lookup_enabled": True,
    "skip_sms_to_landlines": True,
    "dtmf_input_required": True,
    "tts_name": "Example Bank",
    "psd2_enabled": True,
    "do_not_share_warning_enabled": True,
    "custom_code_enabled": True,
    "default_template_sid": TEMPLATE,
    "verify_event_subscription_enabled": True,
}
"""Settings that are shown by the name under which they are set."""

NESTED: Final = {
    "push_include_date": True,
    "push_apn_credential_sid": APN,
    "push_fcm_credential_sid": FCM,
    "totp_issuer": "Beispielbank Köln",
    "totp_time_step": 45,
    "totp_code_length": 8,
    "totp_skew": 2,
    "whatsapp_msg_service_sid": MESSAGING,
    "whatsapp_from": "whatsapp:+15550100",
    "passkeys_relying_party_id": "example.com",
    "passkeys_relying_party_name": "Example Bank",
    "passkeys_relying_party_origins": "https://example.com,https://login.example.com",
    "passkeys_authenticator_attachment": "cross-platform",
    "passkeys_discoverable_credentials": "required",
    "passkeys_user_verification": "discouraged",
}
"""Settings that are shown within an object."""

SHOWN: Final = {
    "push": {"include_date": True, "apn_credential_sid": APN, "fcm_credential_sid": FCM},
    "totp": {"issuer": "Beispielbank Köln", "time_step": 45, "code_length": 8, "skew": 2},
    "whatsapp": {"msg_service_sid": MESSAGING, "from": "whatsapp:+15550100"},
    "passkeys": {
        "relying_party": {
            "id": "example.com",
            "name": "Example Bank",
            "origins": ["https://example.com", "https://login.example.com"],
        },
        "authenticator_attachment": "cross-platform",
        "discoverable_credentials": "required",
        "user_verification": "discouraged",
    },
}
"""How those are shown."""


def settings_of(service: Any) -> dict[str, object]:  # Any: the library ships no types
    """What a service shows of its settings."""
    return {name: getattr(service, name) for name in (*PLAIN, *SHOWN)}


@pytest.mark.exercises(
    "POST /v2/Services",
    "GET /v2/Services/{ServiceSid}",
    "POST /v2/Services/{ServiceSid}",
)
def test_every_setting_is_kept(backend: Backend) -> None:
    """Each that the library can send, at the creation or later; what an update doesn't name stays."""
    services = backend.verify.services
    assert set(inspect.signature(services.create).parameters) == {*PLAIN, *NESTED}
    created = services.create(**PLAIN, **NESTED)
    assert settings_of(created) == {**PLAIN, **SHOWN}
    assert settings_of(services(created.sid).fetch()) == {**PLAIN, **SHOWN}

    bare = backend.new_service()
    assert settings_of(bare.update(**PLAIN, **NESTED)) == {**PLAIN, **SHOWN}
    assert settings_of(bare.update(code_length=4, lookup_enabled=False)) == {
        **PLAIN,
        **SHOWN,
        "code_length": 4,
        "lookup_enabled": False,
    }


def test_a_new_service_has_the_defaults(backend: Backend) -> None:
    """Of every setting that was not given (contract section 1a)."""
    created = backend.verify.services.create(friendly_name="Defaults")
    assert (created.code_length, created.lookup_enabled, created.custom_code_enabled) == (6, False, False)
    assert created.totp == {"issuer": "Defaults", "time_step": 30, "code_length": 6, "skew": 1}
    assert created.push == {"include_date": False, "apn_credential_sid": None, "fcm_credential_sid": None}
    assert created.account_sid == backend.client.username
    assert created.date_created == created.date_updated
    assert created.links["entities"] == f"{created.url}/Entities"


@pytest.mark.exercises(
    "GET /v2/Services",
    "DELETE /v2/Services/{ServiceSid}",
)
def test_services_are_listed_and_deleted(backend: Backend) -> None:
    """By streaming over all pages; a deleted one is a 404 like one that never was."""
    created = [backend.new_service().fetch().sid for _ in range(2)]
    listed = [service.sid for service in backend.verify.services.stream(page_size=50)]
    assert listed[-2:] == created
    assert backend.verify.services(created[0]).delete()
    with pytest.raises(TwilioRestException) as refusal:
        backend.verify.services(created[0]).fetch()
    assert (refusal.value.status, refusal.value.code) == (404, 20404)
