"""Receipts: the compact JWS in which a device says what it showed and what its user answered (contract section 3.7).

    BASE64URL({"alg":"ES256","typ":"JWT"}) . BASE64URL(the signed fields as a JSON object) . BASE64URL(r || s)

A receipt stands alone: with the factor's public key anybody can check it, long after and without us. So there is
exactly one way to write one down. Refused, each by ``ReceiptError``: more or fewer than three parts; base64url with
padding, foreign characters or stray bits; any header but that one (``alg`` none or HS256, ``crit``, ``b64``, another
member); JSON that two readers may read differently; a signature that isn't 64 bytes of the factor's key on P-256.
"""

import base64
import binascii
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from pushward import strictjson
from pushward.strictjson import JsonObject, StrictJsonError

JWS_LENGTH_MAX: Final = 16_384
"""Characters; contract section 10, *Size of AuthPayload*."""

_COORDINATE_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 2 * _COORDINATE_BYTES
_HEADER: Final[JsonObject] = {"alg": "ES256", "typ": "JWT"}
_KEYS_CACHED_MAX: Final = 4_096
_ECDSA_SHA256: Final = ec.ECDSA(SHA256())


class ReceiptError(ValueError):
    """Not a receipt of this key; the message says what is wrong with it."""


def verify_receipt(jws: str, public_key: bytes) -> JsonObject:
    """The signed fields of a receipt. ``public_key`` is a P-256 SubjectPublicKeyInfo, DER. Raises ReceiptError."""
    if len(jws) > JWS_LENGTH_MAX:
        raise ReceiptError(f"longer than {JWS_LENGTH_MAX} characters")
    parts = jws.split(".")
    if len(parts) != 3:
        raise ReceiptError("not three parts")
    header, payload, signature = map(_base64url_decode, parts)
    if _object(header, "header") != _HEADER:
        raise ReceiptError('the header must be {"alg":"ES256","typ":"JWT"}')
    signed_input = f"{parts[0]}.{parts[1]}".encode("ascii")
    _verify_signature(signature, signed_input, public_key)
    return _object(payload, "payload")


def _verify_signature(signature: bytes, signed_input: bytes, public_key: bytes) -> None:
    if len(signature) != _SIGNATURE_BYTES:
        raise ReceiptError(f"the signature is {len(signature)} bytes long, not {_SIGNATURE_BYTES}")
    r, s = (int.from_bytes(half) for half in (signature[:_COORDINATE_BYTES], signature[_COORDINATE_BYTES:]))
    try:
        _key(public_key).verify(encode_dss_signature(r, s), signed_input, _ECDSA_SHA256)
    except InvalidSignature as error:
        raise ReceiptError("the signature isn't this key's, or something was changed under it") from error


@lru_cache(maxsize=_KEYS_CACHED_MAX)
def _key(public_key: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ReceiptError("the public key is not a SubjectPublicKeyInfo") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ReceiptError("the public key is not on P-256")
    return key


def _object(part: bytes, name: str) -> JsonObject:
    try:
        return strictjson.parse_object(part)
    except StrictJsonError as error:
        raise ReceiptError(f"the {name}: {error}") from error


def _base64url_decode(part: str) -> bytes:
    """The bytes of canonical base64url without padding (RFC 7515, section 2)."""
    try:
        decoded = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError as error:  # binascii.Error, or characters beyond ASCII
        raise ReceiptError("a part is not base64url") from error
    # Decoders ignore padding that isn't needed and the last character's spare bits; a proof has one spelling.
    if binascii.b2a_base64(decoded, newline=False).translate(_TO_BASE64URL, b"=") != part.encode("ascii"):
        raise ReceiptError("a part is not canonical base64url")
    return decoded


_TO_BASE64URL: Final = bytes.maketrans(b"+/", b"-_")
