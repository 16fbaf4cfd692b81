"""How the fake edge checks a device: plain cryptography, nothing of the library's."""

import base64
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pushward_device.strict_json import JsonObject


def load_public_key(spki_b64: str) -> ec.EllipticCurvePublicKey:
    """A P-256 key of 91 bytes, as `Binding.PublicKey` carries it."""
    spki = base64.b64decode(spki_b64, validate=True)
    key = serialization.load_der_public_key(spki)
    assert len(spki) == 91
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)
    return key


def has_signed(key: ec.EllipticCurvePublicKey, signature_der: bytes, message: bytes) -> bool:
    """Whether the key made this DER signature over this message."""
    try:
        key.verify(signature_der, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def signed_jws(token: str, key: ec.EllipticCurvePublicKey) -> tuple[JsonObject, JsonObject] | None:
    """Header and payload of a compact JWS, if this key signed it."""
    if token.count(".") != 2:
        return None
    header, payload, signature = token.split(".")
    raw = decode(signature)
    assert len(raw) == 64, "a raw signature has 64 bytes"
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    if not has_signed(key, der, f"{header}.{payload}".encode()):
        return None
    return json.loads(decode(header)), json.loads(decode(payload))


def decode(part: str) -> bytes:
    """base64url without padding."""
    assert "=" not in part
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
