"""How a case writes down the requests of an operation and what they are answered with.

A form value that can't be foreseen is an object: {"public_key": true} the factor's public key, SPKI in base64;
{"der_signature_over": text} base64 of a DER signature by that key; {"jws": {header, payload}} a compact JWS by that
key; {"json": value} JSON text of that value; {"sdk_version": true} any text with something in it.
"""

from typing import Final

from clients.vectors.make.known import (
    ACCOUNT_SID,
    APP_ID,
    BASE_URL,
    CREDENTIAL_SID,
    ENTITY_PATH,
    FACTOR_SID,
    IDENTITY,
    NOW_SECONDS,
    SERVICE_SID,
    SIGNATURE_FIELDS,
    SIGNATURE_FIELDS_HEADER,
    Json,
    Object,
    body,
    challenge,
)
from clients.vectors.make.tokens import jwt_header, jwt_payload

ACCESS_TOKEN: Final = "00010000000080008000000000000001.c2VjcmV0IG9mIGFuIGFjY2VzcyB0b2tlbiwgbm90IHJlYWw"  # noqa: S105 - a vector
FACTORS: Final = f"{ENTITY_PATH}/Factors"
FACTOR: Final = f"{FACTORS}/{FACTOR_SID}"
CHALLENGES: Final = f"{ENTITY_PATH}/Challenges"
STREAM: Final = "/pushward/v1/device/stream"

WITH_ACCESS_TOKEN: Final[Object] = {"user": "token", "access_token": ACCESS_TOKEN}

FACTOR_HERE: Final[Object] = {
    "sid": FACTOR_SID,
    "account_sid": ACCOUNT_SID,
    "service_sid": SERVICE_SID,
    "identity": IDENTITY,
    "friendly_name": "Test phone",
    "status": "verified",
    "credential_sid": CREDENTIAL_SID,
    "app_id": APP_ID,
    "date_created": "2027-01-15T08:00:00Z",
}


def with_jwt(now_seconds: int = NOW_SECONDS) -> Object:
    """A device JWT that was made at this second of the server's time."""
    return {"user": "token", "device_jwt": {"header": jwt_header(), "payload": jwt_payload(now_seconds)}}


def request(
    method: str,
    path: str,
    *,
    query: Object | None = None,
    form: Object | None = None,
    authorization: Object | None = None,
    accept: str = "application/json",
) -> Object:
    """What the device sends."""
    return {
        "method": method,
        "path": path,
        "query": query or {},
        "headers": {"Accept": accept},
        "form": form,
        "authorization": authorization or with_jwt(),
    }


def answer(status: int, content: Json | bytes, headers: Object | None = None) -> Object:
    """What the server answers."""
    return {"status": status, "headers": headers or {}, **body(content)}


def shown(**changes: Json) -> Object:
    """The answer to GET of a challenge."""
    return answer(200, challenge(**changes), {SIGNATURE_FIELDS_HEADER: ",".join(SIGNATURE_FIELDS)})


def exchange(asked: Object, answered: Object) -> Object:
    """One request and its answer."""
    return {"request": asked, "answer": answered}


def case(
    name: str,
    operation: str,
    arguments: Object,
    *exchanges: Json,
    starts_with: str = "a verified factor",
    **outcome: Json,
) -> Object:
    """An operation, what it sends, and what comes of it (`result` or `error`, and whatever else is to be seen)."""
    return {
        "name": name,
        "starts_with": starts_with,
        "operation": operation,
        "arguments": arguments,
        "exchanges": list(exchanges),
        **outcome,
    }


def envelope(status: int, code: int, message: str) -> Object:
    """A refusal as the contract writes it."""
    return {
        "code": code,
        "message": message,
        "more_info": f"{BASE_URL}/pushward/v1/errors/{code}",
        "status": status,
    }


def error_of(
    kind: str, status: int, code: int | None, *, message: str | None = None, retry_after_seconds: int | None = None
) -> Object:
    """An error by its class and members; one without a message may say anything."""
    members: Object = {"class": kind, "status": status, "code": code, "retry_after_seconds": retry_after_seconds}
    return members if message is None else members | {"message": message}
