"""ES256: ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4). The only algorithm a factor has.

Public keys come as SubjectPublicKeyInfo (DER) with an uncompressed point, the one form that both device SDKs send:
so equal keys have equal bytes. Signatures are either raw ``r || s`` of 64 bytes (JWT, JWS) or DER (a factor's proof of
possession); each caller says which, and neither is ever guessed. High ``s`` is valid: the standard allows it, and
devices make it.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

COORDINATE_BYTES: Final = 32
SIGNATURE_BYTES: Final = 2 * COORDINATE_BYTES

PublicKey = EllipticCurvePublicKey

_ALGORITHM: Final = ECDSA(SHA256())


class NotAP256KeyError(ValueError):
    """The bytes are not the SubjectPublicKeyInfo of a point on P-256 in its uncompressed form."""


def parse_public_key(spki: bytes) -> PublicKey:
    """The key of a SubjectPublicKeyInfo. Raises NotAP256KeyError."""
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotAP256KeyError("not a public key in SubjectPublicKeyInfo form") from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise NotAP256KeyError("not a key on the curve P-256")
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != spki:
        raise NotAP256KeyError("not in the usual form, with a named curve and an uncompressed point")
    return key


def verify_raw(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether ``signature``, raw ``r || s`` of exactly 64 bytes, is ``key``'s over ``message``."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    r = int.from_bytes(signature[:COORDINATE_BYTES])
    s = int.from_bytes(signature[COORDINATE_BYTES:])
    return verify_der(key, message, encode_dss_signature(r, s))


def verify_der(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether ``signature``, in DER, is ``key``'s over ``message``."""
    try:
        key.verify(signature, message, _ALGORITHM)
    except InvalidSignature:
        return False
    return True
