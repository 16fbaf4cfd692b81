"""Rows of figures to and from SQL: columns in the order of the type insights.counted."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final

from services.insights.domain.figures import Figures
from services.insights.domain.rows import Row, RowKey

FIGURES: Final = tuple(field.name for field in fields(Figures))
COLUMNS: Final = ", ".join(("sid", "window_start", "shard", "service_sid", "position", *FIGURES))

Record = Any
"""A row of asyncpg's, by column name. Any: column values."""


def moment_of(seconds: int) -> datetime:
    """Unix seconds as a moment."""
    return datetime.fromtimestamp(seconds, UTC)


def second_of(moment: datetime) -> int:
    """The Unix second that a moment lies in."""
    return int(moment.timestamp())


def columns(rows: Iterable[Row]) -> list[tuple[Any, ...]]:  # Any: column values
    """Rows as an array of insights.counted."""
    return [
        (
            row.key.sid,
            moment_of(row.key.window),
            row.key.shard,
            row.service_sid,
            row.position,
            *(getattr(row.figures, name) for name in FIGURES),
        )
        for row in rows
    ]


def figures_of(record: Record) -> Figures:
    """The figures of a record."""
    return Figures(*(int(record[name]) for name in FIGURES))


def row_of(record: Record, position: int) -> Row:
    """A row, with this position."""
    key = RowKey(second_of(record["window_start"]), record["sid"], record["shard"])
    return Row(key, record["service_sid"], position, figures_of(record))
