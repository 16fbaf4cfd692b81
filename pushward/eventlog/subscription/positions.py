"""The tables of a subscription: ``<schema>.subscription``, its parked streams, its members.

Every statement that changes a shard's row compares its owner, and its position where it moves; so a process that was
overtaken changes nothing, whatever it believes.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pushward.database.pool import Database
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.postgres import EVENT_COLUMNS, event_of
from pushward.eventlog.subscription.effect import Move, Position, Through
from pushward.eventlog.subscription.errors import LeaseLostError

_EVENT_ID_AT: Final = "SELECT event_id FROM log.event WHERE shard = $1 AND position = $2"


@dataclass(frozen=True, slots=True)
class Claim:
    """A shard that is ours for now, and how far it was applied. ``alarm``: why it must not go on."""

    shard: int
    epoch: int
    position: Position
    alarm: str | None


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A stream that is passed over from an event on. ``resume``: an operator wants it made up for."""

    shard: int
    stream_id: uuid.UUID
    position: int
    event_id: uuid.UUID
    resume: bool = False


class Positions:
    """What one process (``owner``) reads and writes of one subscription. Raises UnavailableError, as the pool does."""

    def __init__(self, database: Database, schema: str, name: str, owner: uuid.UUID) -> None:
        self.database = database
        self._sql = _Sql(schema)
        self._name = name
        self._owner = owner

    async def missing(self) -> Sequence[int]:
        """The log's shards that the subscription has no position in."""
        return [row["shard"] for row in await self.database.fetch(self._sql.missing, self._name)]

    async def join(self, lease_seconds: float) -> None:
        """Says that this process is there: the shards are shared out among those that are."""
        await self.database.execute(self._sql.join, self._name, self._owner, lease_seconds)

    async def claim(self, lease_seconds: float) -> Sequence[Claim]:
        """Renews our leases, and takes our share of the shards; all that are ours now."""
        rows = await self.database.fetch(self._sql.claim, self._name, self._owner, lease_seconds)
        return [
            Claim(row["shard"], row["epoch"], Position(row["position"], row["event_id"]), row["alarm"]) for row in rows
        ]

    async def leave(self) -> None:
        """Gives the shards back, at once."""
        await self.database.execute(self._sql.release, self._name, self._owner)
        await self.database.execute(self._sql.leave, self._name, self._owner)

    def step(self, shard: int, seen: Position, to: Position) -> Move:
        """A move of ours."""
        return Move(self._name, shard, self._owner, seen.position, to.position, to.event_id)

    async def move(self, through: Through, move: Move) -> None:
        """Makes a move. Raises LeaseLostError where it doesn't count."""
        rows = await through.fetch(self._sql.move, move.name, move.shard, move.owner, move.seen, move.to, move.event_id)
        _expect(rows, move.shard)

    async def event_id_at(self, shard: int, position: int) -> uuid.UUID | None:
        """The id of the event that the log itself, no memory of it, holds there."""
        row = await self.database.fetchrow(_EVENT_ID_AT, shard, position)
        return None if row is None else row["event_id"]

    async def raise_alarm(self, shard: int, reason: str) -> None:
        """Writes down why the shard stands still. Raises LeaseLostError."""
        _expect(await self.database.fetch(self._sql.raise_alarm, self._name, shard, self._owner, reason), shard)

    async def park(self, seen: Position, parked: ParkedStream, error: str) -> None:
        """Parks a stream, and moves the shard's position beyond its event: one statement. Raises LeaseLostError."""
        rows = await self.database.fetch(
            self._sql.park,
            self._name,
            parked.shard,
            self._owner,
            seen.position,
            parked.position,
            parked.event_id,
            parked.stream_id,
            error,
        )
        _expect(rows, parked.shard)

    async def parked(self, shard: int) -> Sequence[ParkedStream]:
        """The parked streams of a shard."""
        return [ParkedStream(*row) for row in await self.database.fetch(self._sql.parked, self._name, shard)]

    async def asked_to_resume(self) -> set[int]:
        """The shards that have streams which an operator wants made up for."""
        return {row["shard"] for row in await self.database.fetch(self._sql.asked, self._name)}

    async def events_of(self, parked: ParkedStream, up_to: int, limit: int) -> Sequence[StoredEvent]:
        """A parked stream's events that wait, as far as the shard was applied."""
        arguments = (parked.shard, parked.stream_id, parked.position, up_to, limit)
        return [event_of(row) for row in await self.database.fetch(self._sql.stream, *arguments)]

    async def made_up(self, through: Through, parked: ParkedStream, following: StoredEvent | None) -> None:
        """The stream's events before ``following`` were applied; without one, the stream is no longer parked."""
        key = (self._name, parked.shard, parked.stream_id)
        if following is None:
            await through.fetch(self._sql.unpark, *key)
        else:
            await through.fetch(self._sql.repark, *key, following.position, following.event_id)

    async def stay_parked(self, parked: ParkedStream, error: str) -> None:
        """It failed again: parked as before, until it is asked for again."""
        await self.database.execute(self._sql.stay, self._name, parked.shard, parked.stream_id, error)


def _expect(rows: Sequence[Any], shard: int) -> None:  # Any: rows
    if not rows:
        raise LeaseLostError(f"shard {shard} has another owner or position")


class _Sql:
    """The statements; the schema's name comes from our own code."""

    def __init__(self, schema: str) -> None:
        self.missing = f"""
            SELECT shard FROM log.shard
            EXCEPT
            SELECT shard FROM {schema}.subscription WHERE name = $1"""  # noqa: S608
        self.join = f"""
            INSERT INTO {schema}.subscription_member AS m (name, owner, seen_until)
            VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
            ON CONFLICT (name, owner) DO UPDATE SET seen_until = EXCLUDED.seen_until"""  # noqa: S608
        self.leave = f"""
            DELETE FROM {schema}.subscription_member
             WHERE name = $1 AND (owner = $2 OR seen_until < clock_timestamp())"""  # noqa: S608
        self.claim = f"""
            WITH share AS (
                SELECT ceil(count(*)::numeric / greatest(1, (
                           SELECT count(*) FROM {schema}.subscription_member
                            WHERE name = $1 AND seen_until > clock_timestamp())))::int AS shards
                  FROM {schema}.subscription WHERE name = $1
            ),
            mine AS (
                SELECT shard FROM {schema}.subscription
                 WHERE name = $1 AND owner = $2
                 ORDER BY shard LIMIT (SELECT shards FROM share) FOR UPDATE
            ),
            free AS (
                SELECT shard FROM {schema}.subscription
                 WHERE name = $1 AND (owner IS NULL OR owner <> $2 AND leased_until < clock_timestamp())
                 ORDER BY shard
                 LIMIT (SELECT greatest(0, s.shards - (SELECT count(*) FROM mine)) FROM share AS s)
                 FOR UPDATE SKIP LOCKED
            ),
            surplus AS (
                UPDATE {schema}.subscription SET owner = NULL, leased_until = NULL
                 WHERE name = $1 AND owner = $2 AND shard NOT IN (SELECT shard FROM mine)
            )
            UPDATE {schema}.subscription AS s
               SET owner = $2, leased_until = clock_timestamp() + make_interval(secs => $3)
             WHERE name = $1 AND shard IN (SELECT shard FROM mine UNION ALL SELECT shard FROM free)
            RETURNING s.shard, s.epoch, s.position, s.event_id, s.alarm"""  # noqa: S608
        self.move = f"""
            UPDATE {schema}.subscription SET position = $5, event_id = $6
             WHERE name = $1 AND shard = $2 AND owner = $3 AND position = $4
            RETURNING shard"""  # noqa: S608
        self.release = f"""
            UPDATE {schema}.subscription SET owner = NULL, leased_until = NULL
             WHERE name = $1 AND owner = $2"""  # noqa: S608
        self.raise_alarm = f"""
            UPDATE {schema}.subscription SET alarm = $4, alarmed_at = clock_timestamp()
             WHERE name = $1 AND shard = $2 AND owner = $3
            RETURNING shard"""  # noqa: S608
        self.park = f"""
            WITH moved AS (
                UPDATE {schema}.subscription SET position = $5, event_id = $6
                 WHERE name = $1 AND shard = $2 AND owner = $3 AND position = $4
                RETURNING name, shard
            )
            INSERT INTO {schema}.subscription_parked (name, shard, stream_id, position, event_id, error)
            SELECT m.name, m.shard, $7, $5, $6, $8 FROM moved AS m
            RETURNING shard"""  # noqa: S608
        self.parked = f"""
            SELECT shard, stream_id, position, event_id, resume FROM {schema}.subscription_parked
             WHERE name = $1 AND shard = $2"""  # noqa: S608
        self.asked = f"""
            SELECT DISTINCT shard FROM {schema}.subscription_parked WHERE name = $1 AND resume"""  # noqa: S608
        self.stream = f"""
            SELECT {EVENT_COLUMNS} FROM log.event
             WHERE shard = $1 AND stream_id = $2 AND position BETWEEN $3 AND $4
             ORDER BY version LIMIT $5"""  # noqa: S608
        self.unpark = f"""
            DELETE FROM {schema}.subscription_parked
             WHERE name = $1 AND shard = $2 AND stream_id = $3"""  # noqa: S608
        self.repark = f"""
            UPDATE {schema}.subscription_parked SET position = $4, event_id = $5
             WHERE name = $1 AND shard = $2 AND stream_id = $3"""  # noqa: S608
        self.stay = f"""
            UPDATE {schema}.subscription_parked
               SET resume = false, error = $4, parked_at = clock_timestamp()
             WHERE name = $1 AND shard = $2 AND stream_id = $3"""  # noqa: S608
