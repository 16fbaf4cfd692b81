"""Public keys: one form only, so that equal keys have equal bytes."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pushward.security import es256
from tests.unit.security.tokens import KEY, OTHER_KEY, der_signature, spki

SPKI = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
# The header of a P-256 key whose point is compressed (RFC 5480): 33 instead of 65 bytes of point.
COMPRESSED_HEADER = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")


def test_a_key_as_both_sdks_send_it_is_accepted() -> None:
    """91 bytes of SubjectPublicKeyInfo with an uncompressed point."""
    assert len(spki(KEY)) == 91
    assert es256.verify_der(es256.parse_public_key(spki(KEY)), b"YF", der_signature("YF"))


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"\0" * 91,
        spki(KEY)[:-1],
        spki(KEY) + b"\0",
        spki(KEY)[:-1] + bytes([spki(KEY)[-1] ^ 1]),  # not a point on the curve
        spki(KEY)[:27] + b"\0" * 64,
        COMPRESSED_HEADER + KEY.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint),
        KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        ec.derive_private_key(7, ec.SECP384R1()).public_key().public_bytes(*SPKI),
        ec.derive_private_key(7, ec.SECP256K1()).public_key().public_bytes(*SPKI),
        ed25519.Ed25519PrivateKey.from_private_bytes(b"7" * 32).public_key().public_bytes(*SPKI),
        rsa.generate_private_key(65537, 2048).public_key().public_bytes(*SPKI),
    ],
)
def test_whatever_is_not_a_p256_key_in_its_one_form_is_refused(key: bytes) -> None:
    """Truncated, with a tail, off the curve, at infinity, compressed, PEM, other curves, other algorithms."""
    with pytest.raises(es256.NotAP256KeyError):
        es256.parse_public_key(key)


def test_a_der_signature_has_exactly_one_spelling() -> None:
    """A tail, BER's long lengths, or the raw form are not DER."""
    key = es256.parse_public_key(spki(KEY))
    good = der_signature("YF")
    long_form = good[:1] + b"\x81" + good[1:]
    for bad in (b"", good + b"\0", good[:-1], long_form, der_signature("YF", OTHER_KEY), der_signature("YG")):
        assert not es256.verify_der(key, b"YF", bad)
