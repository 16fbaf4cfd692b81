"""The form that creates a push factor, for tests that enrol without the device library."""

import base64

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def push_form(key: ec.EllipticCurvePrivateKey, **changes: str) -> dict[str, str]:
    """A right form for this key, with changes; `_` in their names stands for the dot."""
    return {
        "FriendlyName": "Phone",
        "FactorType": "push",
        "Binding.Alg": "ES256",
        "Binding.PublicKey": spki_b64(key),
        "Config.AppId": "com.example.app",
        "Config.SdkVersion": "1.0.0",
        "Config.NotificationPlatform": "none",
        **{name.replace("_", "."): value for name, value in changes.items()},
    }


def spki_b64(key: ec.EllipticCurvePrivateKey) -> str:
    """`Binding.PublicKey` (contract section 3.1)."""
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(spki).decode()


def possession(key: ec.EllipticCurvePrivateKey, factor_sid: str) -> str:
    """`AuthPayload` that verifies a factor: DER, over the factor's SID (contract section 3.3)."""
    return base64.b64encode(key.sign(factor_sid.encode(), ec.ECDSA(SHA256()))).decode()
