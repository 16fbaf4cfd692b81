"""A service's settings for every verification method: defaults, and what they may be set to (contract section 1a)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from pushward import error_codes, ids
from pushward.errors import BadRequestError
from services.registry.domain import totp_rules

FRIENDLY_NAME_CHARACTERS_MAX: Final = 32
TEXT_CHARACTERS_MAX: Final = 255
ORIGINS_MAX: Final = 20

_MESSAGING_SERVICE: Final = "MG"
_TEMPLATE: Final = "HJ"
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """All settings. What only other releases act on is kept and shown all the same."""

    code_length: int = 6
    lookup_enabled: bool = False
    skip_sms_to_landlines: bool = False
    dtmf_input_required: bool = False
    tts_name: str = ""
    psd2_enabled: bool = False
    do_not_share_warning_enabled: bool = False
    custom_code_enabled: bool = False
    push_include_date: bool = False
    push_apn_credential_sid: str | None = None
    push_fcm_credential_sid: str | None = None
    totp_issuer: str | None = None
    totp_time_step: int = 30
    totp_code_length: int = 6
    totp_skew: int = 1
    default_template_sid: str | None = None
    whatsapp_msg_service_sid: str | None = None
    whatsapp_from: str | None = None
    passkeys_relying_party_id: str | None = None
    passkeys_relying_party_name: str | None = None
    passkeys_relying_party_origins: tuple[str, ...] = ()
    passkeys_authenticator_attachment: str | None = None
    passkeys_discoverable_credentials: str | None = None
    passkeys_user_verification: str | None = None
    verify_event_subscription_enabled: bool = False


@dataclass(frozen=True, slots=True)
class ServicePatch:
    """What a caller wants to set; None leaves a setting as it is. An empty text unsets what may be unset."""

    friendly_name: str | None = None
    code_length: int | None = None
    lookup_enabled: bool | None = None
    skip_sms_to_landlines: bool | None = None
    dtmf_input_required: bool | None = None
    tts_name: str | None = None
    psd2_enabled: bool | None = None
    do_not_share_warning_enabled: bool | None = None
    custom_code_enabled: bool | None = None
    push_include_date: bool | None = None
    push_apn_credential_sid: str | None = None
    push_fcm_credential_sid: str | None = None
    totp_issuer: str | None = None
    totp_time_step: int | None = None
    totp_code_length: int | None = None
    totp_skew: int | None = None
    default_template_sid: str | None = None
    whatsapp_msg_service_sid: str | None = None
    whatsapp_from: str | None = None
    passkeys_relying_party_id: str | None = None
    passkeys_relying_party_name: str | None = None
    passkeys_relying_party_origins: str | None = None
    passkeys_authenticator_attachment: str | None = None
    passkeys_discoverable_credentials: str | None = None
    passkeys_user_verification: str | None = None
    verify_event_subscription_enabled: bool | None = None


def friendly_name(name: str | None) -> str:
    """The service's name, 1 to 32 characters. Raises BadRequestError 60200."""
    if name is None or not 1 <= len(name) <= FRIENDLY_NAME_CHARACTERS_MAX:
        raise BadRequestError(
            f"FriendlyName must have 1 to {FRIENDLY_NAME_CHARACTERS_MAX} characters.", code=error_codes.INVALID_SERVICE
        )
    return name


def changed(settings: ServiceSettings, patch: ServicePatch) -> ServiceSettings:
    """``settings`` with what the patch sets. Raises BadRequestError 60200, naming the parameter."""
    changes: dict[str, Any] = {}  # Any: values of several types, each made by its rule
    for setting in fields(settings):
        wanted = getattr(patch, setting.name)
        if wanted is not None:
            rule = _RULES.get(setting.name)
            changes[setting.name] = wanted if rule is None else rule(wanted)
    return replace(settings, **changes)


def _refused(parameter: str, expected: str) -> BadRequestError:
    return BadRequestError(f"{parameter} must be {expected}.", code=error_codes.INVALID_SERVICE)


def _between(parameter: str, least: int, most: int) -> Callable[[int], int]:
    def rule(value: int) -> int:
        if not least <= value <= most:
            raise _refused(parameter, f"{least} to {most}")
        return value

    return rule


def _text(parameter: str) -> Callable[[str], str]:
    def rule(value: str) -> str:
        if len(value) > TEXT_CHARACTERS_MAX:
            raise _refused(parameter, f"at most {TEXT_CHARACTERS_MAX} characters")
        return value

    return rule


def _optional_text(parameter: str) -> Callable[[str], str | None]:
    text = _text(parameter)
    return lambda value: text(value) or None


def _optional_sid(parameter: str, kind: str) -> Callable[[str], str | None]:
    def rule(value: str) -> str | None:
        if value and not ids.is_sid(value, kind):
            raise _refused(parameter, f"{kind} and 32 hexadecimal digits, or empty")
        return value or None

    return rule


def _one_of(parameter: str, *choices: str) -> Callable[[str], str | None]:
    def rule(value: str) -> str | None:
        if value and value not in choices:
            raise _refused(parameter, f"one of {', '.join(choices)}")
        return value or None

    return rule


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(origin for part in value.split(",") if (origin := part.strip()))
    if len(origins) > ORIGINS_MAX or not all(
        len(origin) <= TEXT_CHARACTERS_MAX and _ORIGIN.fullmatch(origin) for origin in origins
    ):
        raise _refused("Passkeys.RelyingParty.Origins", f"at most {ORIGINS_MAX} origins, separated by commas")
    return origins


_STRENGTHS: Final = ("required", "preferred", "discouraged")

_RULES: Final[dict[str, Callable[[Any], object]]] = {  # Any: each rule takes its own setting's type
    "code_length": _between("CodeLength", 4, 10),
    "tts_name": _text("TtsName"),
    "push_apn_credential_sid": _optional_sid("Push.ApnCredentialSid", ids.CREDENTIAL),
    "push_fcm_credential_sid": _optional_sid("Push.FcmCredentialSid", ids.CREDENTIAL),
    "totp_issuer": _optional_text("Totp.Issuer"),
    "totp_time_step": _between("Totp.TimeStep", totp_rules.TIME_STEP_SECONDS_MIN, totp_rules.TIME_STEP_SECONDS_MAX),
    "totp_code_length": _between("Totp.CodeLength", totp_rules.CODE_LENGTH_MIN, totp_rules.CODE_LENGTH_MAX),
    "totp_skew": _between("Totp.Skew", totp_rules.SKEW_MIN, totp_rules.SKEW_MAX),
    "default_template_sid": _optional_sid("DefaultTemplateSid", _TEMPLATE),
    "whatsapp_msg_service_sid": _optional_sid("Whatsapp.MsgServiceSid", _MESSAGING_SERVICE),
    "whatsapp_from": _optional_text("Whatsapp.From"),
    "passkeys_relying_party_id": _optional_text("Passkeys.RelyingParty.Id"),
    "passkeys_relying_party_name": _optional_text("Passkeys.RelyingParty.Name"),
    "passkeys_relying_party_origins": _origins,
    "passkeys_authenticator_attachment": _one_of(
        "Passkeys.AuthenticatorAttachment", "platform", "cross-platform", "any"
    ),
    "passkeys_discoverable_credentials": _one_of("Passkeys.DiscoverableCredentials", *_STRENGTHS),
    "passkeys_user_verification": _one_of("Passkeys.UserVerification", *_STRENGTHS),
}
