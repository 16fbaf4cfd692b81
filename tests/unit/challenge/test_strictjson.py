"""JSON with one meaning: nothing that two readers may read differently gets through."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushward.strictjson import DEPTH_MAX, StrictJsonError, compact, parse, parse_object, strictly_equal

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_whatever_json_can_say_is_parsed_as_it_was(value: Any) -> None:  # Any: every JSON value
    """As text and as bytes, escaped or not."""
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert strictly_equal(parse(text), value)
        assert strictly_equal(parse(text.encode()), value)


@given(st.binary(max_size=200) | st.text(max_size=200) | st.text('{}[]",:\\u0123456789eE+-.tfn ', max_size=200))
def test_nothing_but_its_own_error_comes_out(text: bytes | str) -> None:
    """Whatever is thrown at it."""
    try:
        parse(text)
    except StrictJsonError:
        pass


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":1,"\\u0061":2}',
        '[{"b":{"a":1,"a":2}}]',
        "NaN",
        "[Infinity]",
        "[-Infinity]",
        "1e999",
        "[-1e999]",
        '"\\ud800"',
        '{"\\udfff":1}',
        '"\ud800"',
        "\ufeff{}",
        b"\xff",
        b'"\xed\xa0\x80"',
        b'"\xc0\x80"',
        '"\x00"',
        '"line\nfeed"',
        "'a'",
        "{a:1}",
        "[1,]",
        "01",
        "1 2",
        "",
        "9" * 5000,
        "[" * 16_000,
        '"' + '\\"' * 8_000 + "[" * 40,
        "[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1),
        '{"a":' * (DEPTH_MAX + 1) + "1" + "}" * (DEPTH_MAX + 1),
    ],
)
def test_what_two_readers_may_read_differently_is_refused(text: str | bytes) -> None:
    """Duplicates, numbers that are none, broken text, absurd nesting."""
    with pytest.raises(StrictJsonError):
        parse(text)


def test_nesting_up_to_the_bound_is_parsed() -> None:
    """Brackets inside strings, or side by side, are no nesting."""
    assert parse("[" * DEPTH_MAX + "]" * DEPTH_MAX)
    assert parse('"' + "[{" * 100 + '"') == "[{" * 100
    assert parse("[" + "[]," * 100 + "[]]") == [[]] * 101


@pytest.mark.parametrize("text", ["[]", '"a"', "1", "null"])
def test_an_object_is_asked_for_and_nothing_else_will_do(text: str) -> None:
    """For whoever reads members."""
    with pytest.raises(StrictJsonError):
        parse_object(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("true", "1"), ("false", "0"), ("1", "1.0"), ('"1"', "1"), ("null", "false"), ("[1]", "[true]"), ("[]", "{}"),
     ('{"a":1}', '{"a":true}'), ('{"a":1}', '{"b":1}'), ("[1,2]", "[2,1]"), ('""', "null")],
)  # fmt: skip
def test_values_of_different_types_are_different(one: str, other: str) -> None:
    """True is not 1, even where Python says so."""
    assert not strictly_equal(parse(one), parse(other))


def test_members_have_no_order() -> None:
    """Devices write them as they like."""
    assert strictly_equal(parse('{"a":1,"b":[{"c":"\\/"}]}'), parse('{"b":[{"c":"/"}],"a":1}'))


def test_compact_json_escapes_only_what_it_must() -> None:
    """Members stay in their order."""
    assert compact({"b": "ü/\n", "a": [None, True]}) == '{"b":"ü/\\n","a":[null,true]}'
