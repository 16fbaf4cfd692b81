"""JSON with one meaning: what is parsed here can be shown, signed and compared without a second reading.

Refused: duplicate member names at any depth, NaN and infinities, invalid UTF-8, a byte order mark, unpaired surrogates,
nesting beyond `DEPTH_MAX`.
"""

import json
import math
from typing import NoReturn, TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]

DEPTH_MAX = 32


def parse_object(text: bytes | str) -> JsonObject:
    """The JSON object that `text` is. Raises ValueError for anything else."""
    decoded = text.decode("utf-8") if isinstance(text, bytes) else text
    try:
        value: JsonValue = json.loads(
            decoded,
            object_pairs_hook=_unique,
            parse_constant=_not_a_number,
            parse_float=_finite,
            parse_int=_whole,
        )
        serialize(value)
        _check_depth(value, DEPTH_MAX)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def serialize(value: JsonValue) -> bytes:
    """Compact UTF-8. Raises ValueError for what JSON can't say."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _check_depth(value: JsonValue, depth_max: int) -> None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        return
    if depth_max == 0:
        raise ValueError("nested too deep")
    for one in inner:
        _check_depth(one, depth_max - 1)


def _unique(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _not_a_number(_: str) -> NoReturn:
    raise ValueError("not a number")


def _whole(text: str) -> int:
    number = int(text)
    try:
        float(number)
    except OverflowError as error:
        raise ValueError("not a finite number") from error
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number
