"""Device tokens: JWTs that a factor signs for each of its requests (contract section 3.4 and section 10, *Device JWT*).

    header   {"alg": "ES256", "typ": "JWT", "cty": "twilio-pba;v=1", "kid": "CR…"}
    payload  {"sub": "AC…", "nbf": 1780000000, "exp": 1780000600}

``kid`` names one factor, whose key the registry looks up; nothing in the token chooses a key or an algorithm. Checking
takes two steps, because the key is known only after the first:

    parse(text)    form: everything that needs neither key nor clock
    check(token)   the account, then the signature, then the time

Nothing is left to a library's defaults. No member that isn't listed here has any effect: no ``jku``, no ``jwk``, no
``crit``; the last is refused, since it asks to be understood (RFC 7515, section 4.1.11).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pushward import ids, strictjson
from pushward.security import base64url, es256

ALGORITHM: Final = "ES256"
TYPE: Final = "JWT"
CONTENT_TYPE: Final = "twilio-pba;v=1"
LEEWAY_SECONDS: Final = 30
LIFETIME_SECONDS_MAX: Final = 900
TOKEN_CHARACTERS_MAX: Final = 2048
SECONDS_MAX: Final = 2**53  # what every JSON parser holds exactly

_KID: Final = re.compile(r"CR[0-9a-f]{32}")


class DeviceTokenError(ValueError):
    """The token proves nothing; the message is for logs, callers learn only that it was refused."""


class DeviceTokenTimeError(DeviceTokenError):
    """Signed by the factor, but expired or not valid yet: the device's clock may be wrong."""


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """A token of the right form. It proves nothing until ``check`` has passed."""

    credential_sid: str
    factor_sid: str
    subject: str
    not_before_seconds: int
    expires_at_seconds: int
    signed: bytes
    signature: bytes


def parse(text: str, shard_count: int) -> DeviceToken:
    """The token, if its form is right in every respect. Raises DeviceTokenError."""
    if len(text) > TOKEN_CHARACTERS_MAX:
        raise DeviceTokenError("too long")
    parts = text.split(".")
    if len(parts) != 3:
        raise DeviceTokenError("not three parts")
    try:
        header = strictjson.parse_object(base64url.decode(parts[0]))
        payload = strictjson.parse_object(base64url.decode(parts[1]))
        signature = base64url.decode(parts[2])
    except (base64url.NotBase64UrlError, strictjson.StrictJsonError) as error:
        raise DeviceTokenError(str(error)) from error

    if header.get("alg") != ALGORITHM:
        raise DeviceTokenError("alg is not ES256")
    if header.get("typ") != TYPE:
        raise DeviceTokenError("typ is not JWT")
    if header.get("cty") != CONTENT_TYPE:
        raise DeviceTokenError("cty is not twilio-pba;v=1")
    if "crit" in header:
        raise DeviceTokenError("crit asks for what isn't understood here")
    kid = header.get("kid")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise DeviceTokenError("kid is not a credential SID")
    if ids.shard_of_sid(kid) >= shard_count:
        raise DeviceTokenError("kid is on a shard that doesn't exist")

    subject = payload.get("sub")
    if not isinstance(subject, str):
        raise DeviceTokenError("sub is not a string")
    not_before = _seconds(payload, "nbf")
    expires_at = _seconds(payload, "exp")
    if expires_at <= not_before:
        raise DeviceTokenError("exp is not after nbf")
    if expires_at - not_before > LIFETIME_SECONDS_MAX:
        raise DeviceTokenError("valid for too long")

    if len(signature) != es256.SIGNATURE_BYTES:
        raise DeviceTokenError("the signature is not 64 bytes")
    return DeviceToken(
        credential_sid=kid,
        factor_sid=ids.factor_of_credential(kid),
        subject=subject,
        not_before_seconds=not_before,
        expires_at_seconds=expires_at,
        signed=f"{parts[0]}.{parts[1]}".encode("ascii"),
        signature=signature,
    )


def check(token: DeviceToken, *, key: es256.PublicKey, account_sid: str, now: datetime) -> None:
    """Returns if ``token`` was signed with the factor's ``key``, for the factor's account, and is valid ``now``.

    Raises DeviceTokenError, or DeviceTokenTimeError only for a token whose signature is good: so nobody without the
    key learns anything about our clock.
    """
    if token.subject != account_sid:
        raise DeviceTokenError("sub is not the factor's account")
    if not es256.verify_raw(key, token.signed, token.signature):
        raise DeviceTokenError("the signature is not the factor's")
    seconds = now.timestamp()
    if seconds < token.not_before_seconds - LEEWAY_SECONDS:
        raise DeviceTokenTimeError("not valid yet")
    if seconds >= token.expires_at_seconds + LEEWAY_SECONDS:
        raise DeviceTokenTimeError("expired")


def _seconds(payload: strictjson.JsonObject, name: str) -> int:
    value = payload.get(name)
    if not isinstance(value, int) or isinstance(value, bool):  # to Python, true is an int
        raise DeviceTokenError(f"{name} is not an integer")
    if not 0 <= value <= SECONDS_MAX:
        raise DeviceTokenError(f"{name} is out of range")
    return value
