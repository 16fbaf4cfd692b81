"""keys.json: keys for tests, the two encodings of a signature, and public keys that are none."""

import base64
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clients.vectors.make.known import FACTOR_SID, Json, Object
from clients.vectors.make.signing import KEYS, base64_of, der_signature, jwk, pkcs8, raw_signature, spki

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SHORT_BY_2: Final = 0x0102 << 224
SHORT_BY_16: Final = 0x7F << 120

ENCODED: Final = {
    "Both r and s begin with a low bit pattern: 32 bytes each, nothing to add or to take away.": (
        0x11 << 248 | 0xAB,
        0x22 << 248 | 0xCD,
    ),
    "r begins with its highest bit set: DER needs a zero byte before it, raw does not.": (ORDER - 1, 0x22 << 248),
    "s begins with its highest bit set: DER needs a zero byte before it, raw does not.": (0x11 << 248, ORDER - 2),
    "Both begin with their highest bit set: the longest DER, 72 bytes.": (ORDER - 3, ORDER - 4),
    "r is one byte short: raw pads it on the left.": (0x7F << 240, 0x11 << 248),
    "r is one byte short and begins with its highest bit set: raw pads it, DER adds a byte too.": (
        0x80 << 240,
        0x11 << 248,
    ),
    "r is two bytes short: raw pads both on the left.": (SHORT_BY_2, 0x11 << 248),
    "s is two bytes short: raw pads both on the left.": (0x11 << 248, SHORT_BY_2),
    "r and s are 16 bytes short.": (SHORT_BY_16, SHORT_BY_16),
    "r and s are 1: the shortest DER, 8 bytes.": (1, 1),
}


def content() -> Object:
    """The whole file."""
    return {
        "about": "P-256 keys for tests (and for nothing else), signatures in DER and raw, public keys to refuse.",
        "keys": [_key(name) for name in KEYS],
        "signature_encodings": [_encoding(name, r, s) for name, (r, s) in ENCODED.items()],
        "proofs_of_possession": [_proof(name) for name in KEYS],
        "invalid_raw_signatures": [
            {"name": f"A raw signature of {length} bytes is none.", "raw_base64": base64_of(b"\1" * length)}
            for length in (0, 63, 65, 72)
        ],
        "invalid_public_keys": _invalid_public_keys(),
    }


def _key(name: str) -> Object:
    return {
        "name": name,
        "private_jwk": jwk(name),
        "private_pkcs8_base64": base64_of(pkcs8(name)),
        "public_spki_base64": base64_of(spki(name)),
    }


def _encoding(name: str, r: int, s: int) -> Object:
    der = encode_dss_signature(r, s)
    return {"name": name, "der_base64": base64_of(der), "raw_base64": base64_of(raw_signature(der))}


def _proof(key: str) -> Object:
    der = der_signature(FACTOR_SID.encode(), key)
    return {
        "name": f"The proof of {key}: DER, over the factor's SID in UTF-8.",
        "key": key,
        "message": FACTOR_SID,
        "auth_payload_example": base64_of(der),
        "raw_base64": base64_of(raw_signature(der)),
    }


def _invalid_public_keys() -> list[Json]:
    good, public = spki("device"), KEYS["device"].public_key()
    form = PublicFormat.SubjectPublicKeyInfo
    on_p384 = ec.derive_private_key(7, ec.SECP384R1()).public_key().public_bytes(Encoding.DER, form)
    ed = ed25519.Ed25519PrivateKey.from_private_bytes(b"\7" * 32).public_key().public_bytes(Encoding.DER, form)
    compressed = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    texts = {
        "Nothing.": "",
        "Not base64.": "not a key",
        "A key on P-384.": base64_of(on_p384),
        "An Ed25519 key.": base64_of(ed),
        "A point that isn't on the curve.": base64_of(good[:-1] + bytes([good[-1] ^ 1])),
        "The bare point, without its SubjectPublicKeyInfo.": base64_of(good[-65:]),
        "A compressed point in a SubjectPublicKeyInfo.": base64_of(_with_point(compressed)),
        "The last byte is missing.": base64_of(good[:-1]),
        "A byte too many.": base64_of(good + b"\0"),
        "PEM.": public.public_bytes(Encoding.PEM, form).decode(),
        "With a line break at its end.": base64_of(good) + "\n",
        "Without its padding.": base64_of(good).rstrip("="),
        "base64url.": base64.urlsafe_b64encode(good).decode(),
    }
    return [{"name": name, "public_spki_base64": text} for name, text in texts.items()]


def _with_point(point: bytes) -> bytes:
    algorithm = spki("device")[2:23]
    bits = b"\x03" + bytes([len(point) + 1]) + b"\0" + point
    return b"\x30" + bytes([len(algorithm) + len(bits)]) + algorithm + bits
