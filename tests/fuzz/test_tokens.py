"""Device tokens, receipts, access tokens, keys, signatures, HTTP Basic."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from pushward import ids
from pushward.errors import BadRequestError, UnauthenticatedError
from pushward.security import access_token, base64url, device_token, es256
from pushward.security.base64url import NotBase64UrlError
from pushward.security.device_token import TOKEN_CHARACTERS_MAX, DeviceToken, DeviceTokenError
from pushward.security.es256 import NotAP256KeyError
from pushward.security.receipt import JWS_LENGTH_MAX, ReceiptError, verify_receipt
from pushward.security.secret import Secret
from services.edge.app.authentication import CREDENTIALS_BYTES_MAX, basic_credentials
from services.registry.domain import rules
from tests.fuzz.budget import attempt, bounded_cpu
from tests.fuzz.inputs import ANY_TEXT, JSON_PIECES, JSON_VALUES, UNICODE, long_texts, near, spoiled
from tests.unit.security.tokens import ACCOUNT, KEY, KID, NOW, SHARDS, header, part, payload, spki, token

PUBLIC_KEYS = [
    private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for private in (
        KEY,
        ec.derive_private_key(7, ec.SECP384R1()),
        ec.derive_private_key(7, ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32),
        x25519.X25519PrivateKey.from_private_bytes(b"k" * 32),
        rsa.generate_private_key(65537, 2048),
    )
]
TOKEN_PIECES = (".", "A", "e30", "eyJ", "-", "_", "=", "é", "\ud800")


def parsed(text: str) -> DeviceToken | None:
    """The token; None if it was refused as documented."""
    found = attempt(lambda: device_token.parse(text, SHARDS), DeviceTokenError)
    return None if isinstance(found, DeviceTokenError) else found


@given(ANY_TEXT | spoiled(token()) | long_texts(TOKEN_PIECES, 2 * TOKEN_CHARACTERS_MAX))
def test_any_text_is_a_device_token_or_refused(text: str) -> None:
    """By the one documented error."""
    parsed(text)


@given(near(header()), near(payload()), st.binary(min_size=60, max_size=66))
@example(json.dumps(header()).encode(), b'{"sub":"a","nbf":' + b"9" * 500 + b',"exp":1}', bytes(64))
@example(json.dumps(header(kid="CR" + "f" * 32)).encode(), json.dumps(payload()).encode(), bytes(64))
def test_what_is_almost_a_device_token_proves_nothing(head: bytes, body: bytes, signature: bytes) -> None:
    """Without the key's signature; what was parsed has sound members."""
    found = parsed(".".join(map(base64url.encode, (head, body, signature))))
    if found is None:
        return
    assert ids.is_sid(found.factor_sid, ids.FACTOR)
    assert ids.shard_of_sid(found.credential_sid) < SHARDS
    assert 0 < found.expires_at_seconds - found.not_before_seconds <= device_token.LIFETIME_SECONDS_MAX
    with pytest.raises(DeviceTokenError):
        device_token.check(found, key=es256.parse_public_key(spki(KEY)), account_sid=ACCOUNT, now=NOW)


@given(UNICODE, st.integers(0, 2**53 - 900), st.integers(1, 900))
def test_a_right_device_token_says_what_was_signed(subject: str, not_before: int, lifetime: int) -> None:
    """Whoever it is for and whenever."""
    text = token(body=payload(sub=subject, nbf=not_before, exp=not_before + lifetime))
    found = parsed(text)
    if len(text) > TOKEN_CHARACTERS_MAX:
        assert found is None
        return
    assert found is not None
    assert (found.credential_sid, found.subject) == (KID, subject)
    assert (found.not_before_seconds, found.expires_at_seconds) == (not_before, not_before + lifetime)
    assert f"{found.signed.decode()}.{base64url.encode(found.signature)}" == text


@given(st.dictionaries(UNICODE, JSON_VALUES, max_size=4))
def test_a_signed_object_is_the_receipts_own(members: dict[str, object]) -> None:
    """Whatever a device puts under its signature is what comes out; integers stay exact."""
    jws = token(head={"typ": "JWT", "alg": "ES256"}, body=members)
    with bounded_cpu():
        assert verify_receipt(jws, spki(KEY)) == members


@given(long_texts(TOKEN_PIECES, 2 * JWS_LENGTH_MAX) | spoiled(token(head={"typ": "JWT", "alg": "ES256"})))
def test_long_texts_are_refused_as_receipts(text: str) -> None:
    """Soon."""
    _refused_or_object(text)


@given(long_texts(JSON_PIECES, JWS_LENGTH_MAX * 3 // 4 - 300))
def test_long_signed_payloads_are_objects_or_refused(text: str) -> None:
    """Even with the factor's own signature."""
    signed = token(head={"typ": "JWT", "alg": "ES256"}, body=text.encode("utf-8", "surrogatepass"))
    _refused_or_object(signed)


def _refused_or_object(jws: str) -> None:
    assert isinstance(attempt(lambda: verify_receipt(jws, spki(KEY)), ReceiptError), dict | ReceiptError)


@given(st.binary(max_size=100))
def test_base64url_has_one_text_for_each_value(value: bytes) -> None:
    """There and back."""
    assert base64url.decode(base64url.encode(value)) == value


@given(ANY_TEXT | st.text("AZaz09-_=", max_size=50))
def test_base64url_has_one_value_for_each_text(text: str) -> None:
    """Or none: what is read is spelled the same."""
    value = attempt(lambda: base64url.decode(text), NotBase64UrlError)
    assert isinstance(value, NotBase64UrlError) or base64url.encode(value) == text


@given(ANY_TEXT | spoiled(access_token.new("YK" + "0003" + "a" * 28, b"r" * 32).reveal()))
def test_an_access_token_names_an_access_token_or_nothing(text: str) -> None:
    """Nothing is raised; a SID that comes out is one."""
    found = access_token.sid_of(Secret(text), SHARDS)
    assert found is None or ids.parse_sid(found, ids.ACCESS_TOKEN, SHARDS) == found


@given(st.binary(max_size=300) | UNICODE.map(str.encode), st.booleans())
@example(b"\xff" * 10, True)
def test_credentials_are_two_texts_or_a_401(decoded: bytes, in_base64: bool) -> None:
    """Whatever the header holds."""
    sent = base64.b64encode(decoded) if in_base64 else decoded
    scope = {"type": "http", "headers": [(b"authorization", b"Basic " + sent)]}
    credentials = attempt(lambda: basic_credentials(scope), UnauthenticatedError)
    if isinstance(credentials, UnauthenticatedError):
        return
    user, password = credentials
    assert ":" not in user
    assert len(user) + len(password) < CREDENTIALS_BYTES_MAX
    (user + password).encode()


@given(st.sampled_from(PUBLIC_KEYS), st.integers(0, 200), st.integers(0, 8), st.binary(max_size=8))
@example(PUBLIC_KEYS[0], 200, 0, b"")
def test_a_public_key_is_on_p256_or_refused(spki_bytes: bytes, start: int, length: int, other: bytes) -> None:
    """Other kinds of keys, and keys with a stretch replaced; a key that is taken has one spelling."""
    spoiled_key = spki_bytes[:start] + other + spki_bytes[start + length :]
    key = attempt(lambda: es256.parse_public_key(spoiled_key), NotAP256KeyError)
    bound = attempt(lambda: rules.public_key("ES256", base64.b64encode(spoiled_key).decode()), BadRequestError)
    if isinstance(key, NotAP256KeyError):
        assert isinstance(bound, BadRequestError)
        assert bound.code == 60314
    else:
        assert key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == spoiled_key == bound


@given(ANY_TEXT, ANY_TEXT)
def test_a_binding_of_any_text_is_refused(alg: str, text: str) -> None:
    """60314."""
    for name in (alg, "ES256"):
        with pytest.raises(BadRequestError) as refusal:
            rules.public_key(name, text)
        assert refusal.value.code == 60314


@given(st.binary(max_size=100), st.binary(max_size=80))
@example(b"", bytes(64))
@example(b"", b"\xff" * 64)
def test_no_bytes_are_a_signature(message: bytes, signature: bytes) -> None:
    """In either form."""
    key = es256.parse_public_key(spki(KEY))
    assert not es256.verify_der(key, message, signature)
    assert not es256.verify_raw(key, message, signature)


def test_the_parts_of_the_right_token_are_right() -> None:
    """What the others spoil is accepted to begin with."""
    assert parsed(token()) is not None
    assert part(header()) == token().split(".")[0]
