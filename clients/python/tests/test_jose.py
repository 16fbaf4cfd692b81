"""ES256 in all its strictness."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pushward_device import TokenInvalidError
from pushward_device.jose import (
    answer_jws,
    base64url,
    base64url_decode,
    der_signature,
    device_jwt,
    public_key_from_spki_b64,
    public_key_to_spki_b64,
    raw_signature,
    verify_compact,
)

KEY = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())

# A signature whose r and whose s is short by two bytes; a signer that pads by one byte only gets these wrong.
SHORT_R, SHORT_S = 0x0102 << (29 * 8 - 16), 3 << (30 * 8 - 8)


def sign(message: bytes) -> bytes:
    """DER, as a key store answers."""
    return KEY.sign(message, ec.ECDSA(hashes.SHA256()))


def token_of(header: object, payload: object) -> str:
    """A token with this key's good signature over whatever it says."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    signing_input = ".".join(base64url(part) for part in parts)
    return f"{signing_input}.{base64url(raw_signature(sign(signing_input.encode())))}"


@pytest.mark.parametrize(("r", "s"), [(SHORT_R, SHORT_S), (1, 1), (2**255, SHORT_S), (SHORT_R, 2**255)])
def test_a_short_r_or_s_is_padded_on_the_left_to_32_bytes(r: int, s: int) -> None:
    """64 bytes, always (RFC 7518 §3.4)."""
    raw = raw_signature(encode_dss_signature(r, s))
    assert len(raw) == 64
    assert (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")) == (r, s)
    assert der_signature(raw) == encode_dss_signature(r, s)


@pytest.mark.parametrize("length", [0, 63, 65, 72])
def test_a_raw_signature_of_another_length_is_refused(length: int) -> None:
    """Nobody guesses where the padding should have been."""
    with pytest.raises(TokenInvalidError, match="64 bytes"):
        der_signature(b"\x01" * length)


def test_a_device_jwt_is_the_contracts() -> None:
    """Byte for byte (contract §3.4)."""
    token = device_jwt(credential_sid="CR1", account_sid="AC1", now_seconds=1_800_000_000, sign=sign)
    header, payload, _ = token.split(".")
    assert base64url_decode(header) == b'{"cty":"twilio-pba;v=1","kid":"CR1","typ":"JWT","alg":"ES256"}'
    assert base64url_decode(payload) == b'{"sub":"AC1","exp":1800000600,"nbf":1800000000}'


def test_what_is_signed_here_is_verified_here() -> None:
    """Header and payload come back as they went."""
    signed = verify_compact(answer_jws({"details": {"message": "Grüße"}, "n": 1.5}, sign), KEY.public_key())
    assert signed == ({"typ": "JWT", "alg": "ES256"}, {"details": {"message": "Grüße"}, "n": 1.5})


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT", "alg": "none"},
        {"typ": "JWT", "alg": "HS256"},
        {"typ": "JWT", "alg": "es256"},
        {"typ": "JWT"},
        {"alg": "ES256"},
        {"typ": "JWE", "alg": "ES256"},
        {"typ": "JWT", "alg": "ES256", "crit": ["exp"]},
        {"typ": "JWT", "alg": "ES256", "b64": False},
        b'{"typ": "JWT", "alg": "ES256", "alg": "ES256"}',
        b'["ES256"]',
        b"\xff",
    ],
)
def test_a_header_that_says_anything_else_is_refused_whatever_its_signature(header: object) -> None:
    """The algorithm is ours to choose, not the token's."""
    with pytest.raises(TokenInvalidError):
        verify_compact(token_of(header, {}), KEY.public_key())


@pytest.mark.parametrize("payload", [b'{"a": 1, "a": 1}', b'{"a": NaN}', b"[]", b"", b'{"a": "\xff"}'])
def test_a_payload_with_two_meanings_or_none_is_refused(payload: bytes) -> None:
    """A good signature doesn't make it clearer."""
    with pytest.raises(TokenInvalidError, match="one clear meaning"):
        verify_compact(token_of({"typ": "JWT", "alg": "ES256"}, payload), KEY.public_key())


def test_any_changed_character_breaks_a_token() -> None:
    """Header, payload and signature alike; no character is without meaning."""
    token = answer_jws({"sid": "YC1"}, sign)
    for index, character in enumerate(token):
        other = "A" if character != "A" else "B"
        with pytest.raises(TokenInvalidError):
            verify_compact(token[:index] + other + token[index + 1 :], KEY.public_key())


def test_another_keys_token_is_refused() -> None:
    """The signature is what counts."""
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(TokenInvalidError, match="isn't this key's"):
        verify_compact(answer_jws({}, sign), other)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b", "a.b.c.d", "ä.ö.ü", "e30.e30.AA=="])
def test_what_is_not_three_parts_of_base64url_is_refused(token: str) -> None:
    """Before anything is parsed."""
    with pytest.raises(TokenInvalidError):
        verify_compact(token, KEY.public_key())


@pytest.mark.parametrize("text", ["AA==", "AB", "A", "A+8", "A/8", "AA A", "AA\n", "Ä"])
def test_base64url_that_is_not_canonical_is_refused(text: str) -> None:
    """No padding, no stray bits, no foreign alphabet."""
    with pytest.raises(TokenInvalidError):
        base64url_decode(text)


def test_a_public_key_is_91_bytes_of_spki_in_base64() -> None:
    """There and back (contract §3.1)."""
    text = public_key_to_spki_b64(KEY.public_key())
    assert len(text) == 124
    assert public_key_from_spki_b64(text) == KEY.public_key()


def test_any_other_public_key_is_refused() -> None:
    """Another curve, another kind, another form, no key."""
    public = KEY.public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    others = [
        public_key_to_spki_b64(ec.generate_private_key(ec.SECP384R1()).public_key()),
        _b64(ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(serialization.Encoding.DER, form)),
        public.public_bytes(serialization.Encoding.PEM, form).decode(),
        public_key_to_spki_b64(public) + "\n",
        public_key_to_spki_b64(public)[:-4],
        "",
    ]
    for text in others:
        with pytest.raises(TokenInvalidError, match="public key"):
            public_key_from_spki_b64(text)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
