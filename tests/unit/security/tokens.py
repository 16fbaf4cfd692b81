"""Device tokens for tests, right and wrong: every part can be replaced, and the signature is made over what results."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pushward.security import base64url

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
KEY = ec.derive_private_key(0x1234567890, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(0x9876543210, ec.SECP256R1())
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ACCOUNT = "AC" + "0002" + "a" * 28
KID = "CR" + "0003" + "b" * 28
SHARDS = 4


def header(**changes: Any) -> dict[str, Any]:  # Any: whatever an attacker writes
    """The right header, with changes; a member set to None is left out."""
    return _changed({"alg": "ES256", "typ": "JWT", "cty": "twilio-pba;v=1", "kid": KID}, changes)


def payload(**changes: Any) -> dict[str, Any]:  # Any: as above
    """The right payload, with changes; a member set to None is left out."""
    return _changed({"sub": ACCOUNT, "nbf": SECONDS, "exp": SECONDS + 600}, changes)


def part(members: dict[str, Any] | str | bytes) -> str:  # Any: as above
    """One part of a token: an object, or the very text."""
    if isinstance(members, dict):
        members = json.dumps(members)
    return base64url.encode(members.encode() if isinstance(members, str) else members)


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key as SubjectPublicKeyInfo."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def der_signature(signed: str, key: ec.EllipticCurvePrivateKey = KEY) -> bytes:
    """An ECDSA signature in DER."""
    return key.sign(signed.encode(), ec.ECDSA(SHA256()))


def rs(signed: str, key: ec.EllipticCurvePrivateKey = KEY) -> tuple[int, int]:
    """An ECDSA signature's two numbers."""
    return decode_dss_signature(der_signature(signed, key))


def raw(r: int, s: int) -> bytes:
    """``r || s`` in 64 bytes."""
    return r.to_bytes(32) + s.to_bytes(32)


def hs256(signed: str, secret: bytes) -> bytes:
    """What a library that takes ``alg`` from the token would accept, given the public key as an HMAC secret."""
    return hmac.digest(secret, signed.encode(), hashlib.sha256)


def token(
    head: dict[str, Any] | str | bytes | None = None,  # Any: as above
    body: dict[str, Any] | str | bytes | None = None,  # Any: as above
    *,
    key: ec.EllipticCurvePrivateKey = KEY,
) -> str:
    """A signed token; right unless told otherwise."""
    signed = part(header() if head is None else head) + "." + part(payload() if body is None else body)
    return signed + "." + base64url.encode(raw(*rs(signed, key)))


def _changed(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:  # Any: as above
    return {name: value for name, value in (members | changes).items() if value is not None}
