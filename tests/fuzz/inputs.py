"""Inputs that tend to break parsers: anything, near misses of what is right, and long ones made of few pieces."""

import json
from typing import Any, Final

from hypothesis import strategies as st

ANY_TEXT: Final = st.text(max_size=300)
"""Unpaired surrogates among it."""

UNICODE: Final = st.text(st.characters(codec="utf-8"), max_size=100)

NUMBERS: Final = (
    st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([2**31, 2**53, 2**63, 2**64, -1, 0])
)

JSON_VALUES: Final = st.recursive(
    st.none() | st.booleans() | NUMBERS | UNICODE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(UNICODE, inner, max_size=4),
    max_leaves=12,
)

JSON_PIECES: Final = (*'"\\{}[]1e.-,\0 ', "\\u", "\\ud800", '{"a":', "9" * 50)


def long_texts(pieces: tuple[str, ...], length_max: int) -> st.SearchStrategy[str]:
    """Texts of up to ``length_max`` characters: a beginning, a piece very often, an end."""
    piece = st.sampled_from(pieces)
    ends = st.lists(piece, max_size=4).map("".join)
    counts = st.integers(0, length_max)
    return st.builds(
        lambda start, repeated, count, end: (start + repeated * (count // len(repeated)) + end)[:length_max],
        ends,
        st.lists(piece, min_size=1, max_size=3).map("".join),
        counts,
        ends,
    )


def near(right: dict[str, Any]) -> st.SearchStrategy[bytes]:  # Any: JSON
    """JSON objects like ``right``, with some members wrong, missing, twice, or others besides."""
    changes = st.dictionaries(st.sampled_from([*right, "crit", "jwk", "x"]), JSON_VALUES, max_size=3)
    missing = st.sets(st.sampled_from(list(right)), max_size=1)
    whole = st.builds(
        lambda other, gone: {name: value for name, value in (right | other).items() if name not in gone},
        changes,
        missing,
    )
    return st.one_of(
        whole.map(lambda members: json.dumps(members).encode()),
        whole.map(lambda members: json.dumps(members, ensure_ascii=False).encode()),
        st.builds(_twice, whole, whole),
        st.binary(max_size=60),
    )


def spoiled(text: str) -> st.SearchStrategy[str]:
    """``text`` with a stretch of it replaced."""
    return st.builds(
        lambda start, length, other: text[:start] + other + text[start + length :],
        st.integers(0, len(text)),
        st.integers(0, 40),
        st.text(max_size=8) | st.text("AZaz09-_.=+/ \n", max_size=8),
    )


def _twice(one: dict[str, Any], other: dict[str, Any]) -> bytes:  # Any: JSON
    first, second = json.dumps(one), json.dumps(other)
    return f"{first[:-1]},{second[1:]}".encode() if one and other else first.encode()
