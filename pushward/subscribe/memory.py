"""A source in memory: for tests of a subscriber, its users' too."""

import asyncio
from collections.abc import Sequence
from typing import Final

from pushward.eventlog.event import StoredEvent
from pushward.subscribe.errors import UnknownShardError
from pushward.subscribe.port import Proof, Stretch
from pushward.subscribe.rule import Position

WAIT_SECONDS: Final = 5.0


class MemorySource:
    """Shards as lists. ``publish`` adds events; ``epoch`` and ``events`` may be changed, as a restore would."""

    def __init__(self, shard_count: int, *, epoch: int = 1, wait_seconds: float = WAIT_SECONDS) -> None:
        self.epoch = epoch
        self.events: dict[int, list[StoredEvent]] = {shard: [] for shard in range(shard_count)}
        self._wait_seconds = wait_seconds
        self._news = asyncio.Condition()

    async def publish(self, events: Sequence[StoredEvent]) -> None:
        """Adds events to their shards, each at the next position."""
        async with self._news:
            for event in events:
                shard = self.events[event.shard]
                assert event.position == len(shard) + 1, f"{event.position} after {len(shard)}"
                shard.append(event)
            self._news.notify_all()

    async def shards(self) -> int:
        """How many there are."""
        return len(self.events)

    async def head(self, shard: int) -> Position:
        """The last position. Raises UnknownShardError."""
        events = self._shard(shard)
        return Position(self.epoch, len(events), events[-1].event_id if events else None)

    async def begin(self, shard: int, last: Position) -> None:
        """Checks a stored position."""
        events = self._shard(shard)
        at = events[last.position - 1].event_id if 1 <= last.position <= len(events) else None
        Proof(self.epoch, len(events), at).verify(shard, last)

    async def read(self, shard: int, last: Position, limit: int) -> Stretch:
        """What follows ``last``."""
        async with self._news:
            try:
                async with asyncio.timeout(self._wait_seconds):
                    await self._news.wait_for(lambda: len(self._shard(shard)) > last.position)
            except TimeoutError:
                pass
        await self.begin(shard, last)
        events = self.events[shard][last.position : last.position + limit]
        end = Position(self.epoch, events[-1].position, events[-1].event_id) if events else last
        return Stretch(shard, self.epoch, last.position, events, end.position, end.event_id)

    def _shard(self, shard: int) -> list[StoredEvent]:
        if shard not in self.events:
            raise UnknownShardError(f"there is no shard {shard}")
        return self.events[shard]
