"""The receipt check against everything but a receipt."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from pushward.security import base64url
from pushward.security.receipt import JWS_LENGTH_MAX, ReceiptError, verify_receipt
from tests.unit.challenge.signing import KEY, ORDER, OTHER_KEY, P384_KEY, jws, signature, spki

HEADER = '{"typ":"JWT","alg":"ES256"}'
PAYLOAD = '{"status":"approved","sid":"YC1"}'
GOOD = jws(PAYLOAD)
INPUT, _, SIGNATURE = GOOD.rpartition(".")
RAW = base64url.decode(SIGNATURE)
PLAIN_BASE64 = base64.b64encode('{"a":"þÿ??"}'.encode()).decode()
R, S = int.from_bytes(RAW[:32]), int.from_bytes(RAW[32:])


def with_signature(raw: bytes) -> str:
    """The good receipt with other signature bytes."""
    return f"{INPUT}.{base64url.encode(raw)}"


def hs256_with_the_public_key() -> str:
    """A MAC whose secret is what everybody knows."""
    signed = ".".join(map(base64url.encode, (b'{"alg":"HS256","typ":"JWT"}', PAYLOAD.encode())))
    return f"{signed}.{base64url.encode(hmac.new(spki(KEY), signed.encode(), hashlib.sha256).digest())}"


def stray_bits(part: str) -> str:
    """The same bytes, spelt with another last character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(part) % 4 == 2
    return part[:-1] + alphabet[alphabet.index(part[-1]) ^ 1]


ATTACKS: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "dots only": lambda: "..",
    "two parts": lambda: INPUT,
    "four parts": lambda: GOOD + ".",
    "five parts, as an encrypted token": lambda: "a.b.c.d.e",
    "too long": lambda: jws(json.dumps({"a": "x" * JWS_LENGTH_MAX})),
    "alg none without a signature": lambda: jws(PAYLOAD, header='{"typ":"JWT","alg":"none"}').rpartition(".")[0] + ".",
    "alg none, signed": lambda: jws(PAYLOAD, header='{"typ":"JWT","alg":"none"}'),
    "alg HS256 with the public key": hs256_with_the_public_key,
    "alg ES384": lambda: jws(PAYLOAD, header='{"typ":"JWT","alg":"ES384"}'),
    "alg in another case": lambda: jws(PAYLOAD, header='{"typ":"JWT","alg":"es256"}'),
    "alg twice": lambda: jws(PAYLOAD, header='{"typ":"JWT","alg":"none","alg":"ES256"}'),
    "no alg": lambda: jws(PAYLOAD, header='{"typ":"JWT"}'),
    "no typ": lambda: jws(PAYLOAD, header='{"alg":"ES256"}'),
    "another typ": lambda: jws(PAYLOAD, header='{"typ":"at+jwt","alg":"ES256"}'),
    "typ in another case": lambda: jws(PAYLOAD, header='{"typ":"jwt","alg":"ES256"}'),
    "crit": lambda: jws(PAYLOAD, header='{"typ":"JWT","alg":"ES256","crit":["exp"]}'),
    "b64": lambda: jws(PAYLOAD, header='{"typ":"JWT","alg":"ES256","b64":false}'),
    "a key of its own": lambda: jws(PAYLOAD, key=OTHER_KEY, header='{"typ":"JWT","alg":"ES256","jwk":{}}'),
    "a kid": lambda: jws(PAYLOAD, header='{"typ":"JWT","alg":"ES256","kid":"CR1"}'),
    "a header that is a list": lambda: jws(PAYLOAD, header='["JWT","ES256"]'),
    "a header that is no JSON": lambda: jws(PAYLOAD, header="typ=JWT"),
    "another key": lambda: jws(PAYLOAD, key=OTHER_KEY),
    "a signature over another payload": lambda: f"{jws('{}').rpartition('.')[0]}.{SIGNATURE}",
    "a signature in DER": lambda: with_signature(KEY.sign(INPUT.encode(), ec.ECDSA(SHA256()))),
    "no signature": lambda: INPUT + ".",
    "a signature one byte short": lambda: with_signature(RAW[:-1]),
    "a signature one byte long": lambda: with_signature(RAW + b"\0"),
    "r and s swapped": lambda: with_signature(RAW[32:] + RAW[:32]),
    "r and s zero": lambda: with_signature(bytes(64)),
    "r zero": lambda: with_signature(bytes(32) + RAW[32:]),
    "s zero": lambda: with_signature(RAW[:32] + bytes(32)),
    "r and s at the order": lambda: with_signature(ORDER.to_bytes(32) * 2),
    "r and s beyond the order": lambda: with_signature(b"\xff" * 64),
    "r and s one": lambda: with_signature((1).to_bytes(32) * 2),
    "padding": lambda: GOOD + "==",
    "padding in the payload": lambda: GOOD.replace(".", "=.", 2),
    "plain base64": lambda: signature(f"{base64url.encode(HEADER.encode())}.{PLAIN_BASE64}"),
    "white space around it": lambda: f" {GOOD}",
    "a line feed at its end": lambda: GOOD + "\n",
    "a line feed within": lambda: GOOD.replace(".", ".\n", 1),
    "a NUL at its end": lambda: GOOD + "\0",
    "digits beyond ASCII": lambda: "\u0661" + GOOD[1:],
    "an unpaired surrogate": lambda: "\ud800" + GOOD[1:],
    "stray bits in the signature": lambda: f"{INPUT}.{stray_bits(SIGNATURE)}",
    "a payload that is a list": lambda: jws('["approved"]'),
    "a payload that is no JSON": lambda: jws("approved"),
    "an empty payload": lambda: jws(""),
    "a payload with a member twice": lambda: jws('{"status":"denied","status":"approved"}'),
    "a payload with a nested member twice": lambda: jws('{"details":{"message":"a","message":"b"}}'),
    "a payload with the same name escaped": lambda: jws('{"status":"denied","st\\u0061tus":"approved"}'),
    "a payload that is not UTF-8": lambda: jws(b'{"status":"\xff"}'),
    "a payload in UTF-16": lambda: jws('{"a":"b"}'.encode("utf-16")),
    "a payload with a byte order mark": lambda: jws(b"\xef\xbb\xbf{}"),
    "a payload with NaN": lambda: jws('{"a":NaN}'),
    "a payload with a number too large": lambda: jws('{"a":1e999}'),
    "a payload with an unpaired surrogate": lambda: jws('{"a":"\\ud800"}'),
    "a payload nested too deep": lambda: jws('{"a":' * 100 + "1" + "}" * 100),
    "a payload with something after it": lambda: jws("{} {}"),
}


def test_a_receipt_says_what_was_signed() -> None:
    """With the public key alone."""
    assert verify_receipt(GOOD, spki(KEY)) == {"status": "approved", "sid": "YC1"}


def test_the_header_may_be_written_in_any_order() -> None:
    """Devices serialise dictionaries as they like; white space is theirs too."""
    assert verify_receipt(jws(PAYLOAD, header=' { "alg" : "ES256", "typ" : "JWT" } '), spki(KEY))


def test_either_of_a_points_two_signatures_is_taken() -> None:
    """High s is valid: the standard allows it, and devices make it."""
    assert verify_receipt(with_signature(R.to_bytes(32) + (ORDER - S).to_bytes(32)), spki(KEY))


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_nothing_else_is_a_receipt(attack: Callable[[], str]) -> None:
    """Each of the table, by the one typed error."""
    with pytest.raises(ReceiptError):
        verify_receipt(attack(), spki(KEY))


@pytest.mark.parametrize("public_key", [b"", b"\x30", spki(P384_KEY), spki(KEY)[:-1], spki(KEY) + b"\0"])
def test_only_a_key_on_p256_can_check_it(public_key: bytes) -> None:
    """Another curve, or bytes that are no key."""
    with pytest.raises(ReceiptError):
        verify_receipt(GOOD, public_key)


@given(st.text(max_size=300) | st.text("abcABC012-_.=", max_size=300))
def test_no_text_makes_it_stumble(text: str) -> None:
    """Never anything but the typed error."""
    with pytest.raises(ReceiptError):
        verify_receipt(text, spki(KEY))


@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=80))
def test_no_bytes_make_it_stumble(header: bytes, payload: bytes, raw: bytes) -> None:
    """Canonical base64url of anything."""
    with pytest.raises(ReceiptError):
        verify_receipt(".".join(map(base64url.encode, (header, payload, raw))), spki(KEY))


@given(st.binary(max_size=200))
def test_a_signed_payload_is_an_object_or_refused(payload: bytes) -> None:
    """Even the factor's own key can't sign nonsense into a receipt."""
    try:
        assert isinstance(verify_receipt(jws(payload), spki(KEY)), dict)
    except ReceiptError:
        pass


@given(st.integers(0, len(GOOD) - 1), st.characters(codec="ascii"))
def test_a_changed_character_is_noticed(index: int, character: str) -> None:
    """Wherever it is."""
    changed = GOOD[:index] + character + GOOD[index + 1 :]
    if changed != GOOD:
        with pytest.raises(ReceiptError):
            verify_receipt(changed, spki(KEY))
