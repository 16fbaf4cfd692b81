"""Begins a new epoch of the log, after a restore or a failover: what it finds must be whole, then it counts.

In one transaction, under the locks of all shards, so that nobody appends meanwhile:

    every shard         positions 1 to its head, none missing
    every stream        versions 1 to its head, none missing
    every subscription  its position is in the log, with the event id that it remembers; its parked streams, too
    then                the epoch, with this PostgreSQL's identity; positions move to it, alarms and leases end

A log that is not whole is refused. A subscription that disagrees is refused by name, unless the caller wants it moved
to the head: its schema came from another backup, and what it should have done in between is not done by this. Where
only a parked stream disagrees, that stream is no longer parked, and the shard goes on from where it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from pushward.eventlog.epoch import Identity, current_epoch

FAULTS_TOLD_MAX: Final = 5
LOCK_SECONDS: Final = 30.0

_BOUNDS: Final = "SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', '0', true)"
_LOCK_EPOCHS: Final = "LOCK TABLE log.epoch IN EXCLUSIVE MODE"
_LOCK_SHARDS: Final = "SELECT FROM log.shard ORDER BY shard FOR UPDATE"
_BROKEN_SHARDS: Final = """
SELECT s.shard, s.position, e.events, e.last
  FROM log.shard AS s
 CROSS JOIN LATERAL (
       SELECT count(*) AS events, coalesce(min(position), 1) AS first, coalesce(max(position), 0) AS last
         FROM log.event WHERE shard = s.shard
       ) AS e
 WHERE e.first <> 1 OR e.last <> s.position OR e.events <> s.position
 ORDER BY s.shard"""
_BROKEN_STREAMS: Final = """
SELECT coalesce(h.stream_id, e.stream_id) AS stream_id, h.version, e.events, e.last
  FROM log.stream AS h
  FULL JOIN (SELECT stream_id, count(*) AS events, max(version) AS last FROM log.event GROUP BY stream_id) AS e
    ON e.stream_id = h.stream_id
 WHERE h.version IS DISTINCT FROM e.last OR h.version IS DISTINCT FROM e.events
 LIMIT $1"""
_BEGIN: Final = "INSERT INTO log.epoch (epoch, system_identifier, timeline) VALUES ($1, $2, $3)"


class EpochRefusedError(Exception):
    """No new epoch was begun, and nothing was changed; says why and what to do."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A subscription's position in a shard that the log doesn't know as it is remembered. ``what`` names it.

    ``parked`` is the stream whose position it is; None: the shard's own.
    """

    schema: str
    name: str
    shard: int
    what: str
    parked: UUID | None = None

    def __str__(self) -> str:
        return f"{self.schema}/{self.name}, shard {self.shard}: {self.what}"


@dataclass(frozen=True, slots=True)
class BegunEpoch:
    """A new epoch; the shards that were moved to the head for it, and the streams that are no longer parked."""

    number: int
    identity: Identity
    moved_to_head: Sequence[Disagreement]
    unparked: Sequence[Disagreement]


async def begin_epoch(
    connection: asyncpg.Connection,
    subscriptions: Sequence[tuple[str, str]],
    *,
    number: int | None = None,
    reset_to_head: bool = False,
    lock_seconds: float = LOCK_SECONDS,
) -> BegunEpoch:
    """Begins epoch ``number`` (None: the next one) for these subscriptions (schema, name). Raises EpochRefusedError."""
    async with connection.transaction():
        await connection.execute(_BOUNDS, f"{lock_seconds:g}s")
        await connection.execute(_LOCK_EPOCHS)
        await connection.execute(_LOCK_SHARDS)
        epoch = await current_epoch(connection)
        if epoch is None:
            raise EpochRefusedError("The log has no shards, so it has no history to begin anew: run `pushward init`.")
        if epoch.found.timeline is None:
            raise EpochRefusedError("The database is recovering, or a standby. Promote it first.")
        new = epoch.number + 1 if number is None else number
        if new <= epoch.number:
            raise EpochRefusedError(f"The log is at epoch {epoch.number} already; a new one has a higher number.")
        await _require_whole(connection)
        found = [each for schema, name in subscriptions for each in await _disagreements(connection, schema, name)]
        if found and not reset_to_head:
            raise EpochRefusedError(_refusal(found))
        await connection.execute(_BEGIN, new, epoch.found.system_identifier, epoch.found.timeline)
        moved = [each for each in found if each.parked is None]
        for each in moved:
            await connection.execute(_to_head(each.schema), each.name, each.shard)
        unparked = [each for each in found if each.parked is not None]
        for each in unparked:
            await connection.execute(_unpark(each.schema), each.name, each.shard, each.parked)
        for schema, name in subscriptions:
            await connection.execute(_take_over(schema), name, new)
        return BegunEpoch(new, epoch.found, moved, unparked)


async def _require_whole(connection: asyncpg.Connection) -> None:
    faults = [
        f"shard {row['shard']} has {row['events']} events up to {row['last']}, and should have {row['position']}"
        for row in await connection.fetch(_BROKEN_SHARDS)
    ] or [
        f"stream {row['stream_id']} has {row['events'] or 0} events up to version {row['last'] or 0}, "
        f"and should have {row['version'] or 0}"
        for row in await connection.fetch(_BROKEN_STREAMS, FAULTS_TOLD_MAX)
    ]
    if faults:
        raise EpochRefusedError(
            f"The log is damaged: {'; '.join(faults[:FAULTS_TOLD_MAX])}. Restore another backup: "
            "nothing may be built on this one."
        )


async def _disagreements(connection: asyncpg.Connection, schema: str, name: str) -> Sequence[Disagreement]:
    rows = await connection.fetch(_positions(schema), name)
    found = [Disagreement(schema, name, row["shard"], _told(row)) for row in rows if not row["agrees"]]
    parked = await connection.fetch(_parked(schema), name)
    return found + [
        Disagreement(
            schema,
            name,
            row["shard"],
            f"stream {row['stream_id']} is parked at {row['position']}, {_OTHER}",
            parked=row["stream_id"],
        )
        for row in parked
    ]


_OTHER: Final = "where the log has another event or none"


def _told(row: Any) -> str:  # Any: asyncpg's record
    if row["head"] is None:
        return "the log has no such shard"
    if row["position"] > row["head"]:
        return f"its position {row['position']} is from the future, the log ends at {row['head']}"
    return f"its position is {row['position']}, {_OTHER}"


def _refusal(found: Sequence[Disagreement]) -> str:
    told = "; ".join(map(str, found[:FAULTS_TOLD_MAX]))
    more = f" (and {len(found) - FAULTS_TOLD_MAX} more)" if len(found) > FAULTS_TOLD_MAX else ""
    return (
        f"Subscriptions don't agree with the log: {told}{more}. They came from another backup: restore the whole "
        "database from one, or say --reset-subscriptions-to-head and do by hand what they have missed."
    )


# The schema's name comes from our own code.
def _positions(schema: str) -> str:
    return f"""
        SELECT p.shard, p.position, s.position AS head,
               s.shard IS NOT NULL AND (p.position = 0 OR e.event_id IS NOT DISTINCT FROM p.event_id
                                        AND e.event_id IS NOT NULL) AS agrees
          FROM {schema}.subscription AS p
          LEFT JOIN log.shard AS s ON s.shard = p.shard
          LEFT JOIN log.event AS e ON e.shard = p.shard AND e.position = p.position
         WHERE p.name = $1
         ORDER BY p.shard
           FOR UPDATE OF p"""  # noqa: S608


def _parked(schema: str) -> str:
    return f"""
        SELECT k.shard, k.stream_id, k.position
          FROM {schema}.subscription_parked AS k
          LEFT JOIN log.event AS e ON e.shard = k.shard AND e.position = k.position AND e.stream_id = k.stream_id
         WHERE k.name = $1 AND e.event_id IS DISTINCT FROM k.event_id
         ORDER BY k.shard, k.position"""  # noqa: S608


def _to_head(schema: str) -> str:
    return f"""
        UPDATE {schema}.subscription AS p
           SET position = s.position,
               event_id = (SELECT e.event_id FROM log.event AS e WHERE e.shard = s.shard AND e.position = s.position)
          FROM log.shard AS s
         WHERE p.name = $1 AND p.shard = $2 AND s.shard = p.shard"""  # noqa: S608


def _unpark(schema: str) -> str:
    return f"""
        DELETE FROM {schema}.subscription_parked
         WHERE name = $1 AND shard = $2 AND stream_id = $3"""  # noqa: S608


def _take_over(schema: str) -> str:
    return f"""
        UPDATE {schema}.subscription
           SET epoch = $2, alarm = NULL, alarmed_at = NULL, owner = NULL, leased_until = NULL
         WHERE name = $1"""  # noqa: S608
