"""Forms and query strings."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from pushward.errors import BadRequestError, PayloadTooLargeError
from services.edge.app.form import BODY_BYTES_MAX, FIELDS_MAX, ClientGoneError, parse_pairs, read_form

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
FORM = (b"content-type", b"application/x-www-form-urlencoded")


class Body:
    """A request's body as ASGI gives it, chunk by chunk; counts what was taken."""

    def __init__(self, *chunks: bytes, gone: bool = False) -> None:
        self._messages: list[Message] = [
            {"type": "http.request", "body": chunk, "more_body": gone or place + 1 < len(chunks)}
            for place, chunk in enumerate(chunks)
        ]
        if gone:
            self._messages.append({"type": "http.disconnect"})
        self.taken = 0

    async def receive(self) -> Message:
        self.taken += 1
        return self._messages[self.taken - 1]


async def _form_of(body: Body, *headers: tuple[bytes, bytes]) -> Sequence[tuple[str, str]]:
    return await read_form({"type": "http", "headers": list(headers)}, body.receive)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=20))
def test_what_a_client_encodes_is_what_we_read(pairs: list[tuple[str, str]]) -> None:
    """Any text but U+0000 survives the form encoding; pairs without a name or value are dropped by nobody."""
    assert list(parse_pairs(urlencode(pairs).encode())) == pairs


@given(st.binary(max_size=200))
def test_bytes_are_pairs_or_a_bad_request(encoded: bytes) -> None:
    """Whatever comes, it is read or refused, and what is read holds no U+0000."""
    try:
        pairs = parse_pairs(encoded)
    except BadRequestError:
        return
    assert all("\0" not in name + value for name, value in pairs)


def test_a_pair_is_split_at_its_first_equals_sign() -> None:
    """The iOS SDK leaves `=` raw inside values: base64 padding must survive."""
    assert list(parse_pairs(b"Binding.PublicKey=MFkw==&A")) == [("Binding.PublicKey", "MFkw=="), ("A", "")]


def test_escapes_may_stand_for_the_signs_of_the_format() -> None:
    """`%00` inside an escaped percent sign is text, not U+0000."""
    assert list(parse_pairs(b"a=%2500%26%3D%2B+b")) == [("a", "%00&=+ b")]


@pytest.mark.parametrize("encoded", [b"a=%", b"a=%4", b"a=%zz", b"a=%C3%28", b"a=\xff", b"%ff=a", b"a=%00", b"a=\0"])
def test_malformed_pairs_are_a_bad_request(encoded: bytes) -> None:
    """Broken escapes, bytes that aren't UTF-8, U+0000."""
    with pytest.raises(BadRequestError):
        parse_pairs(encoded)


def test_the_number_of_fields_is_bounded() -> None:
    """One field more than the bound is refused."""
    assert len(parse_pairs(b"&".join([b"a=b"] * FIELDS_MAX))) == FIELDS_MAX
    with pytest.raises(BadRequestError):
        parse_pairs(b"&".join([b"a=b"] * (FIELDS_MAX + 1)))


async def test_a_body_may_come_in_pieces() -> None:
    """Chunks are put together before they are decoded."""
    encoded = f"a={quote('é')}".encode()
    assert list(await _form_of(Body(encoded[:4], encoded[4:]), FORM)) == [("a", "é")]


async def test_a_body_that_says_that_it_is_too_long_is_not_read() -> None:
    """Content-Length alone is enough to refuse."""
    body = Body(b"x")
    with pytest.raises(PayloadTooLargeError):
        await _form_of(body, FORM, (b"content-length", b"%d" % (BODY_BYTES_MAX + 1)))
    assert body.taken == 0


async def test_a_length_of_thousands_of_digits_is_too_long() -> None:
    """Python converts no such number; found by `tests/fuzz`."""
    with pytest.raises(PayloadTooLargeError):
        await _form_of(Body(b"a=b"), FORM, (b"content-length", b"9" * 5000))


async def test_a_body_without_a_length_is_read_only_up_to_the_bound() -> None:
    """After the bound not one chunk more is taken."""
    body = Body(b"x" * BODY_BYTES_MAX, b"y", b"never")
    with pytest.raises(PayloadTooLargeError):
        await _form_of(body, FORM)
    assert body.taken == 2


async def test_a_body_of_exactly_the_bound_is_read() -> None:
    """The bound itself is allowed."""
    assert list(await _form_of(Body(b"a=" + b"x" * (BODY_BYTES_MAX - 2)), FORM)) == [("a", "x" * (BODY_BYTES_MAX - 2))]


async def test_a_body_of_another_type_is_a_bad_request() -> None:
    """JSON where a form belongs is told, not read as a form of one strange name."""
    with pytest.raises(BadRequestError, match="application/x-www-form-urlencoded"):
        await _form_of(Body(b'{"a": 1}'), (b"content-type", b"application/json"))


async def test_an_empty_body_needs_no_type() -> None:
    """A POST without parameters is a form without pairs."""
    assert not await _form_of(Body(b""), (b"content-type", b"application/json"))


async def test_the_types_parameters_are_ignored() -> None:
    """Clients say a charset; forms are UTF-8 whatever they say."""
    content_type = (b"content-type", b"Application/X-WWW-Form-Urlencoded; charset=utf-8")
    assert list(await _form_of(Body(b"a=b"), content_type)) == [("a", "b")]


async def test_a_client_that_goes_gets_no_answer() -> None:
    """A body that breaks off is no request."""
    with pytest.raises(ClientGoneError):
        await _form_of(Body(b"a=", gone=True), FORM)
