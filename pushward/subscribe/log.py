"""The log itself as a source: PostgreSQL, by a role that may SELECT in the schema ``log``. For the platform team.

Each read is one query in one snapshot, and proves the position anew: a log that was restored under a running subscriber
is found out by the next read, or within WAIT_SECONDS where nothing happens.
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

from pushward.database.pool import Database
from pushward.errors import UnavailableError
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.postgres import EVENT_COLUMNS, PostgresLogReader
from pushward.subscribe.backoff import Backoff
from pushward.subscribe.errors import HoleError, UnknownShardError
from pushward.subscribe.port import Proof, Stretch
from pushward.subscribe.rule import Position

WAIT_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.1
CONNECTIONS_MAX: Final = 4
APPLICATION: Final = "pushward-subscriber"

_SHARDS: Final = "SELECT count(*) AS shards FROM log.shard"
# From `after` on, so that its event's id is there, too.
_READ: Final = f"""
SELECT s.position AS head, (SELECT max(epoch) FROM log.epoch) AS epoch, e.*
  FROM log.shard AS s
  LEFT JOIN LATERAL (
       SELECT {EVENT_COLUMNS} FROM log.event
        WHERE shard = $1 AND position >= $2 ORDER BY position LIMIT $3
  ) AS e ON true
 WHERE s.shard = $1
 ORDER BY e.position"""  # noqa: S608 - our own names


class LogSource:
    """Use it as an async context manager."""

    def __init__(self, url: str, *, role: str | None = None, wait_seconds: float = WAIT_SECONDS) -> None:
        self._database = Database(url, role, APPLICATION, size_max=CONNECTIONS_MAX)
        self._heads = HeadWatch(PostgresLogReader(self._database), poll_seconds=POLL_SECONDS)
        self._wait_seconds = wait_seconds

    async def __aenter__(self) -> Self:
        await self._heads.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._heads.stop()
        await self._database.close()

    async def shards(self) -> int:
        """How many there are."""
        ((count,),) = await self._fetch(_SHARDS)
        shards: int = count
        return shards

    async def head(self, shard: int) -> Position:
        """The last position of a shard. Raises UnknownShardError."""
        proof, _ = await self._stretch(shard, 0, 0)
        while True:
            proof, _ = await self._stretch(shard, proof.head, 0)
            if proof.head == 0 or proof.after_id is not None:
                return Position(proof.epoch, proof.head, proof.after_id)

    async def begin(self, shard: int, last: Position) -> None:
        """Checks a stored position."""
        proof, _ = await self._stretch(shard, last.position, 0)
        proof.verify(shard, last)

    async def read(self, shard: int, last: Position, limit: int) -> Stretch:
        """What follows ``last``."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._heads.beyond(shard, last.position)
        except TimeoutError:
            pass  # it may have been rewritten
        proof, events = await self._stretch(shard, last.position, limit)
        proof.verify(shard, last)
        if not events:
            await asyncio.sleep(POLL_SECONDS)
        end = Position(proof.epoch, events[-1].position, events[-1].event_id) if events else last
        return Stretch(shard, proof.epoch, last.position, events, end.position, end.event_id)

    async def _stretch(self, shard: int, after: int, limit: int) -> tuple[Proof, Sequence[StoredEvent]]:
        rows = await self._fetch(_READ, shard, after, limit + (after > 0))
        if not rows:
            raise UnknownShardError(f"the log has no shard {shard}")
        events = [StoredEvent(*row[2:]) for row in rows if row["position"] is not None]
        at_after = events.pop(0).event_id if events and events[0].position == after else None
        if events and events[-1].position != after + len(events):
            raise HoleError(f"shard {shard} of the log has a hole after position {after}")
        return Proof(rows[0]["epoch"], rows[0]["head"], at_after), events

    async def _fetch(self, query: str, *arguments: int) -> Sequence[Any]:  # Any: asyncpg's records
        backoff = Backoff("log")
        while True:
            try:
                rows = await self._database.fetch(query, *arguments)
            except UnavailableError as error:
                await backoff.pause(error.message)
            else:
                backoff.succeeded()
                return rows
