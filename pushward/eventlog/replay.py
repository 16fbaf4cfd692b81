"""Folds the log beside the live state tables and compares, shard by shard, in one snapshot.

The same ``evolve`` that wrote the rows is run again over all events, so a row differs only if it was changed behind
the log's back, or if the code no longer makes the rows it made: both must be found, and named.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from pushward.database.connection import CONNECT_SECONDS
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.difference import Difference
from pushward.eventlog.event import Recorded, StoredEvent
from pushward.eventlog.postgres import EVENT_COLUMNS, HoleError, event_of
from pushward.eventlog.table import Table

PREFETCH_EVENTS: Final = 2_000

AnyAggregate = Aggregate[Any]
"""Aggregates of several kinds side by side. Any: each has its own state."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a state table: where its last event lies, and its record; None if some columns are unreadable."""

    position: int
    record: Any  # Any: a record of some domain
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What a check has seen."""

    shards: int
    events: int
    rows: int
    differences: tuple[Difference, ...]


class Fold:
    """The rows that a shard's events amount to."""

    def __init__(self, aggregates: Sequence[AnyAggregate]) -> None:
        self._by_type: dict[int, AnyAggregate] = {
            binding.type: aggregate for aggregate in aggregates for binding in aggregate.codec.bindings
        }
        self._states: dict[UUID, Any] = {}  # Any: states of several kinds
        self.rows: dict[tuple[str, tuple[Any, ...]], Row] = {}
        self.events = 0

    def take(self, event: StoredEvent) -> None:
        """Folds one event; those of other services' aggregates are passed over."""
        aggregate = self._by_type.get(event.type)
        if aggregate is None:
            return
        before: Any = self._states.get(event.stream_id, aggregate.initial)  # Any: this aggregate's state
        if event.version != before.version + 1:
            raise HoleError(f"stream {event.stream_id} jumps from version {before.version} to {event.version}")
        decoded = aggregate.codec.decode(event.type, event.schema, event.payload)
        after: Any = aggregate.evolve(before, decoded, Recorded(event.stream_id, event.version, event.recorded_at))
        self._states[event.stream_id] = after
        for record in after.records():
            if record.version > before.version:
                table = aggregate.tables[type(record)]
                self.rows[table.name, table.row(record).key] = Row(event.position, record)
        self.events += 1


async def check(url: str, role: str, aggregates: Sequence[AnyAggregate]) -> Report:
    """Compares all live rows of ``aggregates`` with what the log amounts to. Raises HoleError for a damaged log."""
    tables = [table for aggregate in aggregates for table in aggregate.tables.values()]
    differences: list[Difference] = []
    events = rows = 0
    async with _snapshot(url, role, tables) as connection:
        shards = [row["shard"] for row in await connection.fetch("SELECT shard FROM log.shard ORDER BY shard")]
        for shard in shards:
            fold = Fold(aggregates)
            async for event in _events(connection, shard):
                fold.take(event)
            live = {(name, key): row async for name, key, row in _live(connection, shard, tables)}
            differences += _differences(shard, live, fold.rows)
            events += fold.events
            rows += len(live)
    return Report(len(shards), events, rows, tuple(differences))


def _differences(
    shard: int,
    live: dict[tuple[str, tuple[Any, ...]], Row],  # Any: column values
    replayed: dict[tuple[str, tuple[Any, ...]], Row],
) -> Iterator[Difference]:
    for table, key in sorted(live.keys() | replayed.keys(), key=str):
        mine, theirs = live.get((table, key)), replayed.get((table, key))
        if mine != theirs:
            columns = _columns(mine, theirs) if mine and theirs else ()
            yield Difference(shard, table, key, columns, live=mine is not None, logged=theirs is not None)


def _columns(live: Row, replayed: Row) -> tuple[str, ...]:
    """The columns that differ."""
    if live.unreadable:
        return live.unreadable
    mine, theirs = asdict(live.record), asdict(replayed.record)
    place = () if live.position == replayed.position else ("position",)
    return place + tuple(name for name in mine if mine[name] != theirs[name])


@asynccontextmanager
async def _snapshot(
    url: str,
    role: str,
    tables: Sequence[Table[Any]],  # Any: tables of several records
) -> AsyncIterator[Any]:  # Any: asyncpg's connection
    """One snapshot for log and tables, without the time limits of requests.

    The tables are held first: if others took their place meanwhile, the snapshot would be older than those.
    """
    connection = await asyncpg.connect(
        url, timeout=CONNECT_SECONDS, server_settings={"role": role, "application_name": "replay", "timezone": "UTC"}
    )
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            for table in tables:
                await connection.execute(f"LOCK TABLE {table.name} IN ACCESS SHARE MODE")
            yield connection
    finally:
        await connection.close()


async def _events(connection: Any, shard: int) -> AsyncIterator[StoredEvent]:  # Any: asyncpg's connection
    query = f"SELECT {EVENT_COLUMNS} FROM log.event WHERE shard = $1 ORDER BY position"  # noqa: S608 - our own names
    expected = 0
    async for row in connection.cursor(query, shard, prefetch=PREFETCH_EVENTS):
        event = event_of(row)
        expected += 1
        if event.position != expected:
            raise HoleError(f"shard {shard} has a hole before position {event.position}")
        yield event


async def _live(
    connection: Any,  # Any: asyncpg's connection
    shard: int,
    tables: Sequence[Table[Any]],  # Any: tables of several records
) -> AsyncIterator[tuple[str, tuple[Any, ...], Row]]:
    for table in tables:
        query = f"SELECT * FROM {table.name} WHERE shard = $1"  # noqa: S608 - our own names
        async for row in connection.cursor(query, shard, prefetch=PREFETCH_EVENTS):
            unreadable = table.unreadable(row)
            record = None if unreadable else table.load(row)
            yield table.name, tuple(row[name] for name in table.key), Row(row["position"], record, unreadable)
