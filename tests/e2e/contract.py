"""Each resource's JSON, member by member (contract section 1a): neither more nor less, and what each looks like."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Check = Callable[[Any], bool]
"""Whether a member's value is right. Any: JSON."""

Members = Mapping[str, Check]


def sid(kind: str) -> Check:
    """A SID of this kind."""
    return _matches(rf"{kind}[0-9a-f]{{32}}")


def one_of(*values: object) -> Check:
    """One of these very values; true is not 1."""
    return lambda value: any(value == known and type(value) is type(known) for known in values)


def object_of(members: Members) -> Check:
    """A JSON object of these members."""
    return lambda value: isinstance(value, dict) and not problems(value, members)


def or_null(check: Check) -> Check:
    """The same, or null."""
    return lambda value: value is None or check(value)


def problems(body: Mapping[str, Any], members: Members) -> list[str]:
    """What is wrong with ``body``: members that are missing, unknown, or not as they should be."""
    wrong = [f"{name}: {body[name]!r}" for name, check in members.items() if name in body and not check(body[name])]
    return [*wrong, *(f"{name}: not in both" for name in sorted(set(body) ^ set(members)))]


def conforms(body: Mapping[str, Any], members: Members) -> None:
    """Fails with all that is wrong with ``body``."""
    assert problems(body, members) == []


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is(kind: type) -> Check:
    return lambda value: type(value) is kind


def _texts(value: Any) -> bool:  # Any: JSON
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _fields(value: Any) -> bool:  # Any: JSON
    return isinstance(value, list) and all(_texts(field) and set(field) == {"label", "value"} for field in value)


TEXT: Final = _is(str)
NUMBER: Final = _is(int)
FLAG: Final = _is(bool)
NULL: Final = one_of(None)
DATE: Final = _matches(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
URL: Final = _matches(r"https?://[^/ ]+/v2/\S+")
OWN_URL: Final = _matches(r"https?://[^/ ]+/pushward/v1/\S+")
IDENTITY: Final = _matches(r"[A-Za-z0-9-]{8,64}")
PUSH: Final = one_of("push")
TOTP: Final = one_of("totp")


def _links(*names: str) -> Check:
    return object_of(dict.fromkeys(names, URL))


META: Final[Members] = {
    "page": NUMBER,
    "page_size": NUMBER,
    "first_page_url": URL,
    "previous_page_url": or_null(URL),
    "url": URL,
    "next_page_url": or_null(URL),
    "key": TEXT,
}

SERVICE: Final[Members] = {
    "sid": sid("VA"),
    "account_sid": sid("AC"),
    "friendly_name": TEXT,
    "code_length": NUMBER,
    "lookup_enabled": FLAG,
    "psd2_enabled": FLAG,
    "skip_sms_to_landlines": FLAG,
    "dtmf_input_required": FLAG,
    "tts_name": or_null(TEXT),
    "do_not_share_warning_enabled": FLAG,
    "custom_code_enabled": FLAG,
    "push": object_of(
        {"include_date": FLAG, "apn_credential_sid": or_null(sid("CR")), "fcm_credential_sid": or_null(sid("CR"))}
    ),
    "totp": object_of({"issuer": TEXT, "time_step": NUMBER, "code_length": NUMBER, "skew": NUMBER}),
    "default_template_sid": or_null(sid("HJ")),
    "whatsapp": object_of({"msg_service_sid": or_null(sid("MG")), "from": or_null(TEXT)}),
    "passkeys": object_of(
        {
            "relying_party": object_of({"id": or_null(TEXT), "name": or_null(TEXT), "origins": _is(list)}),
            "authenticator_attachment": or_null(TEXT),
            "discoverable_credentials": or_null(TEXT),
            "user_verification": or_null(TEXT),
        }
    ),
    "verify_event_subscription_enabled": FLAG,
    "date_created": DATE,
    "date_updated": DATE,
    "url": URL,
    "links": _links(
        "verification_checks",
        "verifications",
        "rate_limits",
        "messaging_configurations",
        "entities",
        "webhooks",
        "access_tokens",
    ),
}

ENTITY: Final[Members] = {
    "sid": sid("YE"),
    "identity": IDENTITY,
    "account_sid": sid("AC"),
    "service_sid": sid("VA"),
    "date_created": DATE,
    "date_updated": DATE,
    "url": URL,
    "links": _links("factors", "new_factors", "challenges"),
}

FACTOR: Final[Members] = {
    "sid": sid("YF"),
    "account_sid": sid("AC"),
    "service_sid": sid("VA"),
    "entity_sid": sid("YE"),
    "identity": IDENTITY,
    "date_created": DATE,
    "date_updated": DATE,
    "friendly_name": TEXT,
    "status": one_of("unverified", "verified"),
    "factor_type": PUSH,
    "config": object_of(
        {
            "sdk_version": TEXT,
            "app_id": TEXT,
            "notification_platform": one_of("none", "fcm", "apn"),
            "notification_token": or_null(TEXT),
            "credential_sid": sid("CR"),
        }
    ),
    "metadata": or_null(_texts),
    "url": URL,
}

NEW_FACTOR: Final[Members] = {
    **FACTOR,
    "binding": object_of({"alg": one_of("ES256"), "public_key": TEXT}),
    "options": NULL,
}

TOTP_FACTOR: Final[Members] = {
    **FACTOR,
    "factor_type": TOTP,
    "config": object_of(
        {"alg": one_of("sha1", "sha256", "sha512"), "skew": NUMBER, "code_length": NUMBER, "time_step": NUMBER}
    ),
}

NEW_TOTP_FACTOR: Final[Members] = {
    **TOTP_FACTOR,
    "binding": object_of({"secret": _matches("[A-Z2-7]+"), "uri": _matches(r"otpauth://totp/\S+")}),
    "options": NULL,
}

CHALLENGE: Final[Members] = {
    "sid": sid("YC"),
    "account_sid": sid("AC"),
    "service_sid": sid("VA"),
    "entity_sid": sid("YE"),
    "identity": IDENTITY,
    "factor_sid": sid("YF"),
    "date_created": DATE,
    "date_updated": DATE,
    "date_responded": or_null(DATE),
    "expiration_date": DATE,
    "status": one_of("pending", "expired", "approved", "denied"),
    "responded_reason": one_of("none"),
    "details": object_of({"message": TEXT, "fields": _fields}),
    "hidden_details": or_null(_texts),
    "metadata": or_null(_texts),
    "factor_type": PUSH,
    "url": URL,
    "links": _links("notifications"),
}

TOTP_CHALLENGE: Final[Members] = {
    **CHALLENGE,
    "factor_type": TOTP,
    "details": or_null(CHALLENGE["details"]),
}

NOTIFICATION: Final[Members] = {
    "sid": sid("NT"),
    "account_sid": sid("AC"),
    "service_sid": sid("VA"),
    "entity_sid": sid("YE"),
    "identity": IDENTITY,
    "challenge_sid": sid("YC"),
    "priority": one_of("high"),
    "ttl": NUMBER,
    "date_created": DATE,
}

ACCESS_TOKEN: Final[Members] = {
    "sid": sid("YK"),
    "account_sid": sid("AC"),
    "service_sid": sid("VA"),
    "entity_identity": IDENTITY,
    "factor_type": PUSH,
    "factor_friendly_name": or_null(TEXT),
    "token": or_null(TEXT),
    "url": URL,
    "ttl": NUMBER,
    "date_created": DATE,
}

WEBHOOK: Final[Members] = {
    "sid": sid("YW"),
    "service_sid": sid("VA"),
    "account_sid": sid("AC"),
    "friendly_name": TEXT,
    "event_types": _is(list),
    "status": one_of("enabled", "disabled"),
    "version": one_of("v1", "v2"),
    "webhook_url": TEXT,
    "webhook_method": one_of("POST"),
    "date_created": DATE,
    "date_updated": DATE,
    "url": URL,
}

API_KEY: Final[Members] = {
    "sid": sid("SK"),
    "account_sid": sid("AC"),
    "friendly_name": TEXT,
    "date_created": DATE,
    "date_updated": DATE,
    "url": OWN_URL,
}

NEW_API_KEY: Final[Members] = {**API_KEY, "secret": _matches(r"[A-Za-z0-9_-]{43}")}
