"""Receipts: the compact JWS in which a device says what it showed and what its user answered (contract section 3.7).

    BASE64URL({"alg":"ES256","typ":"JWT"}) . BASE64URL(the signed fields as a JSON object) . BASE64URL(r || s)

A receipt stands alone: with the factor's public key anybody can check it, long after and without us. So there is
exactly one way to write one down. Refused, each by ``ReceiptError``: more or fewer than three parts; base64url with
padding, foreign characters or stray bits; any header but that one (``alg`` none or HS256, ``crit``, ``b64``, another
member); JSON that two readers may read differently; a signature that isn't 64 bytes of the factor's key on P-256.
"""

from functools import lru_cache
from typing import Final

from pushward import strictjson
from pushward.security import base64url, es256
from pushward.security.base64url import NotBase64UrlError
from pushward.security.es256 import NotAP256KeyError
from pushward.strictjson import JsonObject, StrictJsonError

JWS_LENGTH_MAX: Final = 16_384
"""Characters; contract section 10, *Size of AuthPayload*."""

_HEADER: Final[JsonObject] = {"alg": "ES256", "typ": "JWT"}
_KEYS_CACHED_MAX: Final = 4_096


class ReceiptError(ValueError):
    """Not a receipt of this key; the message says what is wrong with it."""


def verify_receipt(jws: str, public_key: bytes) -> JsonObject:
    """The signed fields of a receipt. ``public_key`` is a P-256 SubjectPublicKeyInfo, DER. Raises ReceiptError."""
    if len(jws) > JWS_LENGTH_MAX:
        raise ReceiptError(f"longer than {JWS_LENGTH_MAX} characters")
    parts = jws.split(".")
    if len(parts) != 3:
        raise ReceiptError("not three parts")
    try:
        header, payload, signature = map(base64url.decode, parts)
        key = _key(public_key)
    except (NotBase64UrlError, NotAP256KeyError) as error:
        raise ReceiptError(str(error)) from error
    if _object(header, "header") != _HEADER:
        raise ReceiptError('the header must be {"alg":"ES256","typ":"JWT"}')
    if not es256.verify_raw(key, f"{parts[0]}.{parts[1]}".encode("ascii"), signature):
        raise ReceiptError("the signature isn't this key's, or something was changed under it")
    return _object(payload, "payload")


# Parsing a key costs about as much as verifying with it; a device answers again and again.
_key = lru_cache(maxsize=_KEYS_CACHED_MAX)(es256.parse_public_key)


def _object(part: bytes, name: str) -> JsonObject:
    try:
        return strictjson.parse_object(part)
    except StrictJsonError as error:
        raise ReceiptError(f"the {name}: {error}") from error
