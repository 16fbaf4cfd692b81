"""The scanner finds what was planted, in each form and at each alignment: else a clean scan would say nothing."""

import base64
import json
import random
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.privacy.scanner import Scanner, forms, marker

TEXT = 'mark07 käse/+?&"é~'

FORMS: dict[str, Callable[[str], bytes]] = {
    "raw": lambda text: text.encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "upper case hex": lambda text: text.encode().hex().upper().encode(),
    "postgres bytea": lambda text: ("\\x" + text.encode().hex()).encode(),
    "json": lambda text: json.dumps({"a": text}, ensure_ascii=False).encode(),
    "json, escaped": lambda text: json.dumps({"a": text}).encode(),
    "percent": lambda text: quote(text, safe="").encode(),
    "form": lambda text: urlencode({"a": text}).encode(),
    "plus": lambda text: quote_plus(text).encode(),
    "every byte escaped": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()).encode(),
    "every character escaped": lambda text: "".join(f"\\u{ord(char):04x}" for char in text).encode(),
}


@pytest.mark.parametrize("write", FORMS.values(), ids=FORMS.keys())
def test_a_planted_text_is_found_in_each_form(write: Callable[[str], bytes]) -> None:
    """Amid other bytes."""
    planted = b"\x00before" + write(TEXT) + b"after\xff"
    assert {finding.label for finding in Scanner({"secret": TEXT}).scan([("here", planted)])} == {"secret"}


@given(
    text=st.text(min_size=6, max_size=60).filter(lambda text: len(text.encode("utf-8", "surrogatepass")) >= 6),
    before=st.binary(max_size=7),
    after=st.binary(max_size=7),
    urlsafe=st.booleans(),
)
def test_base64_is_found_at_each_alignment(text: str, before: bytes, after: bytes, urlsafe: bool) -> None:
    """Whatever bytes come before and after it in what was encoded."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    planted = b"x" + encode(before + raw + after) + b"y"
    assert Scanner({"secret": text}).scan([("here", planted)])


def test_what_is_not_there_is_not_found() -> None:
    """Not by chance either: megabytes of noise in every alphabet."""
    noise = random.Random(7)
    alphabet = (string.ascii_letters + string.digits + '+/-_=%\\"').encode()
    places = [("bytes", noise.randbytes(1 << 20)), ("text", bytes(noise.choices(alphabet, k=1 << 20)))]
    texts = {str(number): marker(number, f"{noise.getrandbits(64):x}") for number in range(20)}
    assert Scanner(texts).scan(places) == set()


def test_a_text_that_is_cut_is_another_text() -> None:
    """The whole of it must be there, in whatever form."""
    scanner = Scanner({"secret": TEXT})
    for needle in forms(TEXT).values():
        assert scanner.scan([("here", needle)])
        assert not scanner.scan([("here", needle[:-1])])


def test_findings_say_where_and_how() -> None:
    """So that whoever reads a failure knows what to mend."""
    (finding,) = Scanner({"secret": "mark01abc"}).scan([("log.event.payload", b"..mark01abc..")])
    assert (finding.label, finding.form, finding.place) == ("secret", "raw", "log.event.payload")
