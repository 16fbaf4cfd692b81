"""Copies a shard: its streams, folded one after the other, their rows by COPY, a batch a transaction.

A batch moves the shard's progress in the same transaction, and only from where this worker knows it to be: a worker of
a replay that was killed, and doesn't know yet, can't write behind its successor's back. The log up to a position never
changes, so going on in the middle comes to the same rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pushward.eventlog.postgres import HoleError
from pushward.eventlog.rebuild.build import ReplayError, advisory_key
from pushward.eventlog.rebuild.connection import Connection, connected
from pushward.eventlog.rebuild.fold import FOLD_COLUMNS, Folded, Rows, StreamFold
from pushward.eventlog.rebuild.projection import Projection, bare_name, columns_of

FETCH_EVENTS: Final = 5_000
COPY_ROWS: Final = 5_000

_EVENTS: Final = f"""
SELECT {FOLD_COLUMNS} FROM log.event
 WHERE shard = $1 AND position <= $2 AND type = ANY($3) AND stream_id > $4
 ORDER BY stream_id, version"""
_COUNT: Final = "SELECT count(*) FROM log.event WHERE shard = $1 AND position <= $2"

_CLAIM_AT_ONCE: Final = "SELECT pg_try_advisory_lock($1, $2)"
_CLAIM: Final = "SELECT pg_advisory_lock($1, $2) IS NOT NULL"
_RELEASE: Final = "SELECT pg_advisory_unlock($1, $2)"

Say = Callable[[str], None]
"""Tells how far it has come, for people."""


@dataclass(slots=True)
class _Shard:
    """How far a shard has come."""

    number: int
    target: int
    after_stream: UUID


async def copy_shards(url: str, projection: Projection, say: Say = lambda text: None) -> None:
    """Copies shards until none is left: first those that nobody else is at. Raises HoleError, ReplayError.

    Then it waits for each that another worker is at, and takes over if that one has died.
    """
    async with connected(url) as reader, connected(url) as writer:
        # What isn't on the disk yet is lost together with the progress that speaks of it.
        await writer.execute("SET synchronous_commit = off")
        for claim in (_CLAIM_AT_ONCE, _CLAIM):
            for number in await _unfinished(writer, projection):
                if await writer.fetchval(claim, advisory_key(projection), number):
                    shard = await _progress(writer, projection, number)
                    if shard is not None:
                        await _copy(reader, writer, projection, shard)
                        say(f"shard {number} is copied")
                    await writer.execute(_RELEASE, advisory_key(projection), number)


async def copied(connection: Connection, projection: Projection) -> bool:
    """Whether every shard has been copied."""
    return not await _unfinished(connection, projection)


async def write_rows(connection: Connection, projection: Projection, rows: Rows) -> None:
    """Rows that the new tables don't have yet."""
    for table in projection.tables:
        if records := rows.get(table.name):
            await connection.copy_records_to_table(
                bare_name(table), schema_name=projection.next_schema, columns=columns_of(table), records=records
            )


async def _unfinished(connection: Connection, projection: Projection) -> Sequence[int]:
    query = f"SELECT shard FROM {projection.next_schema}.replay_progress WHERE NOT copied ORDER BY shard"
    return [row["shard"] for row in await connection.fetch(query)]


async def _progress(connection: Connection, projection: Projection, shard: int) -> _Shard | None:
    """None if somebody has finished it meanwhile."""
    row = await connection.fetchrow(
        f"SELECT shard, target, after_stream FROM {projection.next_schema}.replay_progress "
        "WHERE shard = $1 AND NOT copied",
        shard,
    )
    return None if row is None else _Shard(*row)


async def _copy(reader: Connection, writer: Connection, projection: Projection, shard: _Shard) -> None:
    fold = StreamFold(projection.aggregates, shard.number)
    arguments: tuple[Any, ...] = (shard.number, shard.target, projection.event_types, shard.after_stream)
    async with reader.transaction(isolation="repeatable_read", readonly=True):
        if (found := await reader.fetchval(_COUNT, shard.number, shard.target)) != shard.target:
            raise HoleError(f"shard {shard.number} has {found} events up to position {shard.target}")
        async for event in reader.cursor(_EVENTS, *arguments, prefetch=FETCH_EVENTS):
            fold.take(*event)
            if fold.waiting_rows >= COPY_ROWS:
                await _write(writer, projection, shard, fold.drain(), copied=False)
    fold.finish()
    await _write(writer, projection, shard, fold.drain(), copied=True)


async def _write(writer: Connection, projection: Projection, shard: _Shard, folded: Folded, *, copied: bool) -> None:
    async with writer.transaction():
        moved = await writer.execute(
            f"""
            UPDATE {projection.next_schema}.replay_progress
               SET after_stream = $3, events = events + $4, rows = rows + $5, copied = $6,
                   position = CASE WHEN $6 THEN target ELSE 0 END
             WHERE shard = $1 AND after_stream = $2 AND NOT copied""",
            shard.number,
            shard.after_stream,
            folded.last_stream if folded.events else shard.after_stream,
            folded.events,
            sum(map(len, folded.rows.values())),
            copied,
        )
        if moved != "UPDATE 1":
            raise ReplayError(f"Another replay of {projection.schema} has gone on with shard {shard.number}.")
        await write_rows(writer, projection, folded.rows)
    if folded.events:
        shard.after_stream = folded.last_stream
