"""JSON with one meaning: whoever reads what was parsed here reads the same.

Refused, because two readers may differ about them: duplicate member names at any depth, NaN and infinities (a number
too large for a double is one), invalid UTF-8, a byte order mark, unpaired surrogates, nesting beyond ``DEPTH_MAX``.
Never anything but ``StrictJsonError``. Callers bound the length.
"""

import json
import math
import re
from typing import Final, NoReturn, TypeAlias

import msgspec

DEPTH_MAX: Final = 32

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]

_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class StrictJsonError(ValueError):
    """Not JSON, or JSON that two readers may read differently."""


def parse(text: str | bytes) -> JsonValue:
    """The value that ``text`` is. Raises StrictJsonError."""
    try:
        decoded = text.decode() if isinstance(text, bytes) else text.encode().decode()
        # Before the parser sees it: the parser recurses, and its own limit depends on who called.
        if decoded.count("[") + decoded.count("{") > DEPTH_MAX and _depth(decoded) > DEPTH_MAX:
            raise StrictJsonError(f"nested deeper than {DEPTH_MAX}")
        value: JsonValue = _DECODER.decode(decoded)
        if "\\u" in decoded:
            json.dumps(value, ensure_ascii=False).encode()  # an unpaired surrogate has no UTF-8
    except StrictJsonError:
        raise
    except ValueError as error:  # among them JSONDecodeError, UnicodeError, an integer of thousands of digits
        raise StrictJsonError(str(error)) from error
    return value


def parse_object(text: str | bytes) -> JsonObject:
    """The JSON object that ``text`` is. Raises StrictJsonError."""
    value = parse(text)
    if not isinstance(value, dict):
        raise StrictJsonError("not a JSON object")
    return value


def compact(value: object) -> str:
    """``value`` as JSON without spaces, members in their order, nothing escaped that needn't be."""
    return msgspec.json.encode(value).decode()


def strictly_equal(one: object, other: object) -> bool:
    """Whether two parsed values are the same JSON: ``true`` is not 1, 1 is not 1.0; members have no order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(strictly_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(strictly_equal, one, other))
    return one == other


def _unique(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise StrictJsonError("a member's name appears twice")
    return members


def _not_a_number(constant: str) -> NoReturn:
    raise StrictJsonError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise StrictJsonError("a number is too large")
    return number


def _whole(text: str) -> int:
    number = int(text)
    try:
        float(number)
    except OverflowError as error:
        raise StrictJsonError("a number is too large") from error
    return number


def _depth(text: str) -> int:
    """How deep brackets nest outside strings."""
    depth = deepest = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_not_a_number, parse_float=_finite, parse_int=_whole
)
