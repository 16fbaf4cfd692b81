"""A log, and the processes that follow it: each follower has connections of its own and notes what it applied.

Its effect is a row of ``probe.seen`` for each event, in the order in which they were applied; each place is taken once.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import asyncpg

from pushward.database.pool import Database
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.postgres import PostgresLogReader
from pushward.eventlog.subscription import (
    AfterCommit,
    Apply,
    AtOnce,
    LeaseLostError,
    Move,
    Subscription,
    Through,
    Timing,
)
from pushward.telemetry.metrics import Metrics
from tests.support.databases import SHARDS, Databases
from tests.support.probe.counter import PROBE_MODULE, ROLE, counting, open_probe_log, stream

NAME: Final = "probe"
SCHEMA: Final = "probe"
TIMING: Final = Timing(
    lease_seconds=2.0,
    trust_seconds=1.6,
    renew_seconds=0.1,
    lazy_seconds_max=0.05,
    retry_seconds_min=0.001,
    retry_seconds_max=0.01,
)
"""Leases that lapse while a test waits, but not because the machine is busy."""

_SEEN: Final = f"""
CREATE TABLE probe.seen (shard int, position bigint, stream_id uuid, number serial, PRIMARY KEY (shard, position));
GRANT SELECT, INSERT ON probe.seen TO {ROLE};
GRANT USAGE ON SEQUENCE probe.seen_number_seq TO {ROLE};
"""
_NOTE: Final = "INSERT INTO probe.seen (shard, position, stream_id) VALUES ($1, $2, $3)"
_NOTE_AND_MOVE: Final = """
WITH moved AS (
    UPDATE probe.subscription SET position = $5, event_id = $6
     WHERE name = $1 AND shard = $2 AND owner = $3 AND position = $4
    RETURNING shard
)
INSERT INTO probe.seen (shard, position, stream_id)
SELECT m.shard, e.position, e.stream_id
  FROM moved AS m, unnest($7::bigint[], $8::uuid[]) WITH ORDINALITY AS e(position, stream_id, number)
 ORDER BY e.number
RETURNING shard"""


class Kind(StrEnum):
    """How an effect goes together with its move."""

    APPLY = "apply"
    AT_ONCE = "at_once"


class Follower:
    """One process' worth of a subscription."""

    def __init__(
        self,
        url: str,
        *,
        kind: Kind = Kind.APPLY,
        wants: Callable[[StoredEvent], bool] = lambda event: True,
        before_apply: Callable[[Sequence[StoredEvent]], None] = lambda events: None,
        timing: Timing = TIMING,
    ) -> None:
        self.metrics = Metrics()
        self._database = Database(url, ROLE, "follower", size_max=4)
        self.heads = HeadWatch(PostgresLogReader(self._database))
        self._before_apply = before_apply
        effect: Apply | AtOnce = self._apply if kind is Kind.APPLY else AtOnce(self._apply_at_once)
        self.subscription = Subscription(
            NAME,
            SCHEMA,
            self._database,
            self.heads.tail,
            self.heads,
            effect,
            wants=wants,
            timing=timing,
            metrics=self.metrics,
        )

    async def start(self) -> None:
        """Begins to follow."""
        await self.heads.start()
        await self.subscription.start()

    async def stop(self) -> None:
        """As a process that is asked to leave."""
        await self.subscription.stop()
        await self.heads.stop()
        await self._database.close()

    async def kill(self) -> None:
        """As kill -9 would: nothing is finished, nothing is given back."""
        assert self.subscription._leasing is not None
        tasks = [self.subscription._leasing, *(one.task for one in self.subscription._followers.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.heads.stop()
        await self._database.close()

    async def _apply(self, connection: Any, events: Sequence[StoredEvent]) -> None:  # Any: asyncpg's connection
        self._before_apply(events)
        await connection.executemany(_NOTE, [(event.shard, event.position, event.stream_id) for event in events])

    async def _apply_at_once(self, through: Through, move: Move, events: Sequence[StoredEvent]) -> AfterCommit | None:
        self._before_apply(events)
        places = [event.position for event in events], [event.stream_id for event in events]
        moved = (move.name, move.shard, move.owner, move.seen, move.to, move.event_id)
        if not await through.fetch(_NOTE_AND_MOVE, *moved, *places):
            raise LeaseLostError(f"shard {move.shard}")
        return None


@dataclass
class World:
    """A database, a log, and the processes that follow it."""

    url: str
    log: GroupCommitLog
    followers: list[Follower] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def made(cls, databases: Databases) -> AsyncIterator["World"]:
        """A fresh one."""
        url = await databases.make([LOG_MODULE, PROBE_MODULE])
        world = cls(url, open_probe_log(url))
        await world.run(_SEEN)
        yield world
        for follower in world.followers:
            with contextlib.suppress(Exception):
                await follower.stop()
        await world.log.close()

    async def follow(self, **options: Any) -> Follower:  # Any: options of Follower
        """Starts a process that follows."""
        follower = Follower(self.url, **options)
        self.followers.append(follower)
        await follower.start()
        return follower

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[asyncpg.Connection]:
        """An operator's connection."""
        connection = await asyncpg.connect(self.url)
        try:
            yield connection
        finally:
            await connection.close()

    async def run(self, statements: str) -> None:
        """Runs statements past everything that Pushward would refuse."""
        async with self.connected() as connection:
            await connection.execute(statements)

    async def query(self, query: str) -> list[Any]:  # Any: rows
        """Rows as tuples."""
        async with self.connected() as connection:
            return [tuple(row) for row in await connection.fetch(query)]

    async def applied(self) -> list[tuple[int, int]]:
        """All places that were applied."""
        return await self.query("SELECT shard, position FROM probe.seen ORDER BY shard, position")

    async def logged(self) -> list[tuple[int, int]]:
        """All places of the log."""
        return await self.query("SELECT shard, position FROM log.event ORDER BY shard, position")

    async def append(self, count: int) -> list[tuple[int, int]]:
        """Appends ``count`` events round the shards, each on a stream of its own; returns all places of the log."""
        for number in range(count):
            await self.log.append(counting(stream(number % SHARDS), 0))
        return await self.logged()
