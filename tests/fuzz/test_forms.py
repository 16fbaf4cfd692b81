"""Forms, query strings, and the typed models that they are read into."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.types import Message

from pushward.errors import BadRequestError, PayloadTooLargeError
from services.edge.app.form import BODY_BYTES_MAX, FIELDS_MAX, Pairs, parse_pairs, read_form
from services.edge.app.params import Params, ParamsReader
from services.edge.wiring import described_operations
from tests.fuzz.budget import attempt
from tests.fuzz.inputs import UNICODE

MODELS = sorted(
    {operation.params for operation in described_operations() if operation.params.__struct_fields__},
    key=lambda model: model.__name__,
)
"""Every operation's: a new one is in by being told."""
FORM = (b"content-type", b"application/x-www-form-urlencoded")
LENGTHS = st.binary(max_size=30) | st.integers().map(lambda length: b"%d" % length)
FORM_PIECES = (b"&", b"=", b"%", b"%0", b"%00", b"%zz", b"%C3", b"a", b"+", b"\xff", b"\0", b"a=b&")
VALUES = st.one_of(
    UNICODE,
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(str),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.sampled_from(
        ["", "true", "TRUE", "1", "null", "1e3", "1_000", "\uff10", "2030-01-31T12:00:00+99:99", "`$.`", "9" * 500]
    ),
)


@given(st.lists(st.sampled_from(FORM_PIECES), max_size=12).map(b"".join), st.integers(1, BODY_BYTES_MAX))
@example(b"&", BODY_BYTES_MAX)
@example(b"%", BODY_BYTES_MAX)
@example(b"=", BODY_BYTES_MAX)
def test_a_long_form_is_pairs_or_a_bad_request(piece: bytes, length: int) -> None:
    """Soon; however often it repeats."""
    encoded = (piece * (length // max(len(piece), 1)))[:BODY_BYTES_MAX]
    pairs = attempt(lambda: parse_pairs(encoded), BadRequestError)
    if isinstance(pairs, BadRequestError):
        return
    assert len(pairs) <= FIELDS_MAX
    for name, value in pairs:
        assert "\0" not in name + value


@given(st.lists(st.binary(max_size=30_000), max_size=4), LENGTHS)
@example([b"a=b"], b"9" * 5000)
@example([b"a=b"], b"-1")
@example([b"x" * 40_000, b"x" * 40_000], b"1")
async def test_a_body_is_the_same_however_it_is_cut(chunks: list[bytes], length: bytes) -> None:
    """Whatever Content-Length says beside it; a longer one than the bound is refused, not read."""
    messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return messages.pop(0)

    headers = [FORM, (b"content-length", length)]
    try:
        pairs: Pairs = await read_form({"type": "http", "headers": headers}, receive)
    except PayloadTooLargeError:
        told = length.isdigit() and int(length[:10]) > BODY_BYTES_MAX
        assert told or sum(map(len, chunks)) > BODY_BYTES_MAX
        return
    except BadRequestError:
        return
    assert list(pairs) == list(parse_pairs(b"".join(chunks)))


def names_of(model: type[Params]) -> list[str]:
    """The model's parameters as they are spelled."""
    return [field.encode_name for field in msgspec.structs.fields(model)]


def pairs_of(model: type[Params]) -> st.SearchStrategy[Sequence[tuple[str, str]]]:
    """Pairs for a model: mostly its own names, in right and wrong spelling."""
    own = st.sampled_from([*names_of(model), "pageToken", "Nonsense", ""])
    return st.lists(st.tuples(own, VALUES), max_size=12)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(data=st.data())
def test_pairs_are_a_model_or_a_bad_request(model: type[Params], data: st.DataObject) -> None:
    """With the code of the resource or of the parameter, and a message that names the parameter."""
    pairs = data.draw(pairs_of(model))
    reader = ParamsReader(model)
    found = attempt(lambda: reader.read(pairs), BadRequestError)
    if isinstance(found, BadRequestError):
        assert found.code in {model.invalid_code, *model.invalid_codes.values()}
        assert found.message.split(" ")[0] in names_of(model)
    else:
        assert isinstance(found, model)
