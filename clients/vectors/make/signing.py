"""ES256 for the vectors: fixed keys, and signatures that come out the same each time (RFC 6979)."""

import base64
import json
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from clients.vectors.make.known import Object

KEYS: Final = {
    "device": ec.derive_private_key(0x5D2A1C0FFEE0D15EA5E0BADCAB1E0DDBA11F00D5EED0ACE0FACADE0B0BA0CAFE, ec.SECP256R1()),
    "another device": ec.derive_private_key(0x7E57AB1E, ec.SECP256R1()),
}
_ALGORITHM: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


def der_signature(message: bytes, key: str = "device") -> bytes:
    """ECDSA with SHA-256, in DER."""
    return KEYS[key].sign(message, _ALGORITHM)


def raw_signature(der: bytes) -> bytes:
    """`r || s` in 64 bytes."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(32) + s.to_bytes(32)


def compact(header: Object | bytes, payload: Object | bytes, key: str = "device") -> str:
    """A compact JWS of these, or of these very bytes."""
    signed = ".".join(base64url(part if isinstance(part, bytes) else _json(part)) for part in (header, payload))
    return f"{signed}.{base64url(raw_signature(der_signature(signed.encode(), key)))}"


def base64_of(value: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(value).decode()


def base64url(value: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def spki(key: str) -> bytes:
    """The public key as SubjectPublicKeyInfo in DER: 91 bytes."""
    return KEYS[key].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pkcs8(key: str) -> bytes:
    """The private key as PKCS #8 in DER."""
    return KEYS[key].private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def jwk(key: str) -> Object:
    """The private key as a JWK (RFC 7517)."""
    numbers = KEYS[key].private_numbers()
    public = numbers.public_numbers
    coordinates = {"x": public.x, "y": public.y, "d": numbers.private_value}
    return {"kty": "EC", "crv": "P-256", **{name: base64url(n.to_bytes(32)) for name, n in coordinates.items()}}


def _json(members: Object) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
