"""A state table: a record class, a key, and how each field becomes a column.

Column names are the record's field names in their order, after ``shard`` and ``position``, which the append adds.
Column types: str → text, int → int4 or int8, UUID → uuid, datetime → timestamptz, bytes → bytea, enums → text,
tuple[str, ...] → text[], Sealed → bytea (its protobuf), nested dataclasses → jsonb.
"""

import dataclasses
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from google.protobuf.message import DecodeError

from pushward.api.common.v1 import common_pb2
from pushward.eventlog.codec import sealed_from_message, sealed_to_message
from pushward.eventlog.port import StateRow
from pushward.values import Sealed

R = TypeVar("R")

Convert = Callable[[Any], Any]
"""A field to its column or back. Any: each is made for one annotation."""


class Table(Generic[R]):
    """``schema.name`` of ``record``; ``key`` are the fields that name a row."""

    def __init__(self, name: str, record: type[R], key: Sequence[str]) -> None:
        hints = typing.get_type_hints(record)
        fields = [field.name for field in dataclasses.fields(typing.cast(Any, record))]  # Any: a dataclass
        if not {"stream_id", "version"} <= set(fields):
            raise TypeError(f"{record.__name__} lacks stream_id or version")
        self.name = name
        self.record = record
        self.key = tuple(key)
        self.columns = tuple(fields)
        self._to_column = tuple(_converters(hints[name])[0] for name in fields)
        self._from_column = tuple(_converters(hints[name])[1] for name in fields)

    def row(self, record: Any) -> StateRow:  # Any: an R; aggregates hold tables of several
        """``record`` as the append takes it."""
        columns = tuple(
            None if (value := getattr(record, name)) is None else convert(value)
            for name, convert in zip(self.columns, self._to_column, strict=True)
        )
        key = tuple(columns[self.columns.index(name)] for name in self.key)
        return StateRow(self.name, key, record.stream_id, record.version, columns)

    def load(self, row: Mapping[str, Any]) -> R:  # Any: column values
        """The record of a row, which may have more columns than the record."""
        return self.record(
            *(
                None if (value := row[name]) is None else convert(value)
                for name, convert in zip(self.columns, self._from_column, strict=True)
            )
        )

    def unreadable(self, row: Mapping[str, Any]) -> tuple[str, ...]:  # Any: column values
        """The columns of a row that `load` fails on: their values can't have come from a record."""
        return tuple(
            name
            for name, convert in zip(self.columns, self._from_column, strict=True)
            if row[name] is not None and not _converts(convert, row[name])
        )

    def load_columns(self, values: Sequence[Any]) -> R:  # Any: column values
        """The record of its columns in order, as ``row`` made them."""
        return self.load(dict(zip(self.columns, values, strict=True)))


def _converts(convert: Convert, value: Any) -> bool:  # Any: a column's value
    try:
        convert(value)
    except (ValueError, msgspec.MsgspecError, DecodeError):
        return False
    return True


def _same(value: Any) -> Any:  # Any: a value that is its own column
    return value


def _converters(hint: Any) -> tuple[Convert, Convert]:  # Any: an annotation
    inner = [member for member in typing.get_args(hint) if member is not type(None)]
    if type(None) in typing.get_args(hint) and len(inner) == 1:
        hint = inner[0]
    if typing.get_origin(hint) is tuple:
        return list, tuple
    plain = getattr(hint, "__supertype__", hint)
    if plain in (str, int, bool, bytes, UUID, datetime):
        return _same, _same
    if plain is Sealed:
        return sealed_to_bytes, sealed_from_bytes
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return (lambda value: value.value), plain
    if dataclasses.is_dataclass(plain) and isinstance(plain, type):
        return _json_text, lambda value: msgspec.json.decode(value, type=plain)
    raise TypeError(f"no column for {hint}")


def _json_text(value: object) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def sealed_to_bytes(sealed: Sealed) -> bytes:
    """A sealed value as a column."""
    return sealed_to_message(sealed).SerializeToString(deterministic=True)


def sealed_from_bytes(column: bytes) -> Sealed:
    """The sealed value of a column."""
    return sealed_from_message(common_pb2.Sealed.FromString(column))
