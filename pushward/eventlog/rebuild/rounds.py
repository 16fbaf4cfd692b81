"""Catches up: streams that have got events since are folded anew, from their first, and their rows put in.

A round is one transaction: what it has read, what it has written and how far that reaches agree.
"""

from dataclasses import dataclass
from typing import Final

from pushward.eventlog.postgres import HoleError
from pushward.eventlog.rebuild.compare import Differences, Keys, compare_all, compare_keys, delete_keys, keys_of
from pushward.eventlog.rebuild.connection import Connection
from pushward.eventlog.rebuild.copying import FETCH_EVENTS, write_rows
from pushward.eventlog.rebuild.fold import FOLD_COLUMNS, Rows, StreamFold
from pushward.eventlog.rebuild.projection import Projection

ROUND_EVENTS_MAX: Final = 20_000
"""Of one shard."""

_HEADS: Final = "SELECT shard, position FROM log.shard ORDER BY shard"
_NEWER: Final = """
SELECT count(*) AS events, coalesce(array_agg(DISTINCT stream_id) FILTER (WHERE type = ANY($4)), '{}') AS streams
  FROM log.event WHERE shard = $1 AND position > $2 AND position <= $3"""
_STREAMS: Final = f"""
SELECT {FOLD_COLUMNS} FROM log.event WHERE shard = $1 AND stream_id = ANY($2) ORDER BY stream_id, version"""


@dataclass(frozen=True, slots=True)
class Round:
    """What a round has done: positions passed, and which rows it has made anew."""

    events: int
    keys: Keys


async def catch_up(
    connection: Connection, projection: Projection, differences: Differences, *, until_events: int
) -> int:
    """Rounds, until one has had no more than ``until_events`` to do; compares what they touch. Returns their events."""
    events = 0
    while True:
        async with connection.transaction(isolation="repeatable_read"):
            done = await advance(connection, projection)
            differences.take(done.keys, await compare_keys(connection, projection, done.keys))
        events += done.events
        if done.events <= until_events:
            return events


async def compare_whole(connection: Connection, projection: Projection, differences: Differences) -> None:
    """One round to the very heads of a snapshot, and all rows compared in it."""
    async with connection.transaction(isolation="repeatable_read"):
        while (await advance(connection, projection)).events:
            pass
        await compare_all(connection, projection, differences)


async def advance(connection: Connection, projection: Projection) -> Round:
    """Takes in what is newer than the new tables, at most ROUND_EVENTS_MAX of each shard. Raises HoleError."""
    rows: Rows = {}
    events = 0
    progress = f"{projection.next_schema}.replay_progress"
    at = {row["shard"]: row["position"] for row in await connection.fetch(f"SELECT shard, position FROM {progress}")}
    for shard, head in await connection.fetch(_HEADS):
        upto = min(head, at[shard] + ROUND_EVENTS_MAX)
        if upto > at[shard]:
            await _fold_newer(connection, projection, shard, at[shard], upto, rows)
            await connection.execute(f"UPDATE {progress} SET position = $2 WHERE shard = $1", shard, upto)
            events += upto - at[shard]
    keys = keys_of(projection, rows)
    await delete_keys(connection, projection, keys)
    await write_rows(connection, projection, rows)
    return Round(events, keys)


async def _fold_newer(
    connection: Connection, projection: Projection, shard: int, after: int, upto: int, rows: Rows
) -> None:
    newer = await connection.fetchrow(_NEWER, shard, after, upto, projection.event_types)
    if newer["events"] != upto - after:
        raise HoleError(f"shard {shard} has a hole between positions {after} and {upto}")
    if not newer["streams"]:
        return
    fold = StreamFold(projection.aggregates, shard)
    async for event in connection.cursor(_STREAMS, shard, newer["streams"], prefetch=FETCH_EVENTS):
        fold.take(*event)
    fold.finish()
    for table, folded in fold.drain().rows.items():
        rows.setdefault(table, []).extend(folded)
