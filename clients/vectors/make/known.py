"""The device, factor and challenge that most vectors are about, and the two ways to write a body down."""

import base64
import json
from typing import Final, TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Object: TypeAlias = dict[str, Json]

BASE_URL: Final = "https://verify.example.com"
ACCOUNT_SID: Final = "AC0001" + "a" * 28
SERVICE_SID: Final = "VA0001" + "5" * 28
ENTITY_SID: Final = "YE0001" + "e" * 28
FACTOR_SID: Final = "YF0001" + "f" * 28
OTHER_FACTOR_SID: Final = "YF0001" + "0" * 28
CREDENTIAL_SID: Final = "CR0001" + "f" * 28
CHALLENGE_SID: Final = "YC0001" + "c" * 28
OTHER_CHALLENGE_SID: Final = "YC0001" + "d" * 28
IDENTITY: Final = "0b9a7c52-user"
APP_ID: Final = "com.example.app"
NOW_SECONDS: Final = 1_800_000_000
ENTITY_PATH: Final = f"/v2/Services/{SERVICE_SID}/Entities/{IDENTITY}"
SIGNATURE_FIELDS_HEADER: Final = "Twilio-Verify-Signature-Fields"
SIGNATURE_FIELDS: Final = (
    "sid",
    "account_sid",
    "service_sid",
    "entity_sid",
    "identity",
    "factor_sid",
    "status",
    "details",
    "hidden_details",
    "expiration_date",
    "date_created",
)


def challenge(**changes: Json) -> Object:
    """A pending challenge as the server answers it, with changes."""
    members: Object = {
        "sid": CHALLENGE_SID,
        "account_sid": ACCOUNT_SID,
        "service_sid": SERVICE_SID,
        "entity_sid": ENTITY_SID,
        "identity": IDENTITY,
        "factor_sid": FACTOR_SID,
        "date_created": "2027-01-15T08:00:00Z",
        "date_updated": "2027-01-15T08:00:00Z",
        "date_responded": None,
        "expiration_date": "2027-01-15T08:05:00Z",
        "status": "pending",
        "responded_reason": "none",
        "details": {"message": "Log in?", "fields": [{"label": "IP", "value": "192.0.2.7"}]},
        "hidden_details": {"transaction_id": "t-1"},
        "metadata": None,
        "factor_type": "push",
        "url": f"{BASE_URL}{ENTITY_PATH}/Challenges/{CHALLENGE_SID}",
    }
    return members | changes


def factor(**changes: Json) -> Object:
    """A verified factor as the server answers it, with changes."""
    members: Object = {
        "sid": FACTOR_SID,
        "account_sid": ACCOUNT_SID,
        "service_sid": SERVICE_SID,
        "entity_sid": ENTITY_SID,
        "identity": IDENTITY,
        "friendly_name": "Test phone",
        "status": "verified",
        "factor_type": "push",
        "config": {"credential_sid": CREDENTIAL_SID, "notification_platform": "none"},
        "metadata": None,
        "date_created": "2027-01-15T08:00:00Z",
        "date_updated": "2027-01-15T08:00:00Z",
        "url": f"{BASE_URL}{ENTITY_PATH}/Factors/{FACTOR_SID}",
    }
    return members | changes


def page(*challenges: Json, next_page_url: Json = None) -> Object:
    """A page of challenges as the server answers it."""
    return {"challenges": list(challenges), "meta": {"page": 0, "page_size": 50, "next_page_url": next_page_url}}


def without(members: Object, name: str) -> Object:
    """The members but this one."""
    return {other: value for other, value in members.items() if other != name}


def named(name: str, **members: Json) -> Object:
    """A case."""
    return {"name": name, **members}


def body(content: Json | bytes) -> Object:
    """A body: `body_json` for a value, `body` for its very text, `body_base64` for bytes that are no UTF-8 text."""
    if not isinstance(content, bytes):
        return {"body_json": content}
    try:
        return {"body": content.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(content).decode()}


def text_of(members: Json) -> bytes:
    """JSON without spaces, in UTF-8."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
