"""Signs as a device does, and as an attacker would."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pushward.security import base64url

KEY = ec.derive_private_key(0x1234567890, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(0x9876543210, ec.SECP256R1())
P384_KEY = ec.derive_private_key(0x1234567890, ec.SECP384R1())
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

HEADER = '{"typ":"JWT","alg":"ES256"}'


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key as SubjectPublicKeyInfo."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signature(signed: str, key: ec.EllipticCurvePrivateKey = KEY) -> str:
    """``signed`` with its signature as the third part."""
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{base64url.encode(r.to_bytes(32) + s.to_bytes(32))}"


def jws(payload: str | bytes, *, key: ec.EllipticCurvePrivateKey = KEY, header: str = HEADER) -> str:
    """A compact JWS over exactly these texts."""
    raw = payload.encode() if isinstance(payload, str) else payload
    return signature(f"{base64url.encode(header.encode())}.{base64url.encode(raw)}", key)
