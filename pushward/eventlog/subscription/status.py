"""What operators see of subscriptions, and what they may ask of them: to look again, to make up for parked streams.

Both work on the tables alone, from any process: whoever has the shard sees what was asked within a lease's renewal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from pushward.eventlog.epoch import current_epoch
from pushward.eventlog.subscription.subscription import MISSING, epoch_alarm


@dataclass(frozen=True, slots=True)
class ParkedStatus:
    """A stream that is passed over from ``position`` on. ``resuming``: somebody has asked for it."""

    stream_id: UUID
    position: int
    event_id: UUID
    error: str
    parked_at: datetime
    resuming: bool


@dataclass(frozen=True, slots=True)
class ShardStatus:
    """How far a subscription is in one shard. ``position`` and ``epoch`` are None where it was never installed.

    ``leased_until`` may be past: then nobody follows. ``alarm``: why it stands still.
    """

    schema: str
    name: str
    shard: int
    head: int
    position: int | None
    epoch: int | None
    owner: UUID | None
    leased_until: datetime | None
    alarm: str | None
    parked: tuple[ParkedStatus, ...]

    @property
    def lag(self) -> int | None:
        """Events of the log that were not yet looked at; negative where the log is older than the position."""
        return None if self.position is None else self.head - self.position


@dataclass(frozen=True, slots=True)
class Resumed:
    """What was asked for: shards whose alarm was taken back, streams that will be made up for."""

    shards: Sequence[int]
    streams: Sequence[UUID]


async def status_of(connection: asyncpg.Connection, schema: str, name: str) -> Sequence[ShardStatus]:
    """Every shard of a subscription, in order."""
    epoch = await current_epoch(connection)
    parked: dict[int, list[ParkedStatus]] = {}
    for row in await connection.fetch(_parked(schema), name):
        parked.setdefault(row["shard"], []).append(
            ParkedStatus(
                row["stream_id"], row["position"], row["event_id"], row["error"], row["parked_at"], row["resume"]
            )
        )
    return [
        ShardStatus(
            schema=schema,
            name=name,
            shard=row["shard"],
            head=row["head"],
            position=row["position"],
            epoch=row["epoch"],
            owner=row["owner"],
            leased_until=row["leased_until"],
            alarm=MISSING if row["epoch"] is None else epoch_alarm(row["shard"], row["epoch"], epoch) or row["alarm"],
            parked=tuple(parked.get(row["shard"], ())),
        )
        for row in await connection.fetch(_shards(schema), name)
    ]


async def resume(
    connection: asyncpg.Connection, schema: str, name: str, *, shard: int | None = None, stream: UUID | None = None
) -> Resumed:
    """Asks for one parked stream; or for a shard (None: all of them): to forget its alarm, to make up its streams."""
    async with connection.transaction():
        cleared = [] if stream is not None else await connection.fetch(_clear(schema), name, shard)
        asked = await connection.fetch(_ask(schema), name, shard, stream)
    return Resumed([row["shard"] for row in cleared], [row["stream_id"] for row in asked])


# The schema's name comes from our own code.
def _shards(schema: str) -> str:
    return f"""
        SELECT s.shard, s.position AS head, p.position, p.epoch, p.owner, p.leased_until, p.alarm
          FROM log.shard AS s
          LEFT JOIN {schema}.subscription AS p ON p.shard = s.shard AND p.name = $1
         ORDER BY s.shard"""  # noqa: S608


def _parked(schema: str) -> str:
    return f"""
        SELECT shard, stream_id, position, event_id, error, parked_at, resume
          FROM {schema}.subscription_parked WHERE name = $1 ORDER BY shard, position"""  # noqa: S608


def _clear(schema: str) -> str:
    return f"""
        UPDATE {schema}.subscription SET alarm = NULL, alarmed_at = NULL
         WHERE name = $1 AND ($2::integer IS NULL OR shard = $2) AND alarm IS NOT NULL
        RETURNING shard"""  # noqa: S608


def _ask(schema: str) -> str:
    return f"""
        UPDATE {schema}.subscription_parked SET resume = true
         WHERE name = $1 AND ($2::integer IS NULL OR shard = $2) AND ($3::uuid IS NULL OR stream_id = $3)
        RETURNING stream_id"""  # noqa: S608
