"""What a replay builds: a service's state tables, in a schema beside its own.

<schema>         the live tables
<schema>_next    those that are being built, and how far that has come
<schema>_old     those that were replaced, until they are dropped
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.table import Table

AnyAggregate = Aggregate[Any]
"""Aggregates of several kinds side by side. Any: each has its own state."""
AnyTable = Table[Any]
"""Tables of several records side by side. Any: each has its own record."""

PLACE: tuple[str, ...] = ("shard", "position")
"""The columns that the append adds before a record's."""


@dataclass(frozen=True)
class Projection:
    """A service's state. ``code`` identifies the code that folds it: rows of another one aren't gone on with."""

    schema: str
    aggregates: Sequence[AnyAggregate]
    code: str

    @property
    def next_schema(self) -> str:
        """Where the new tables are built."""
        return f"{self.schema}_next"

    @property
    def old_schema(self) -> str:
        """Where the replaced tables stay."""
        return f"{self.schema}_old"

    @cached_property
    def tables(self) -> Sequence[AnyTable]:
        """All state tables, in the order in which they are locked."""
        tables = {table.name: table for aggregate in self.aggregates for table in aggregate.tables.values()}
        for name in tables:
            if not name.startswith(f"{self.schema}."):
                raise ValueError(f"{name} lies outside the schema {self.schema}")
        return [tables[name] for name in sorted(tables)]

    @cached_property
    def event_types(self) -> Sequence[int]:
        """The numbers of the events that make these tables."""
        return sorted({binding.type for aggregate in self.aggregates for binding in aggregate.codec.bindings})


def bare_name(table: AnyTable) -> str:
    """A table's name without its schema."""
    return table.name.partition(".")[2]


def columns_of(table: AnyTable) -> tuple[str, ...]:
    """A table's columns as rows have them here: the place, then the record's."""
    return PLACE + table.columns
