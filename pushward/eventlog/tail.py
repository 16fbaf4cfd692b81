"""The log's end, read once for all followers of a process.

Followers wake together and ask for the same few events. ``LogTail`` is a LogReader that keeps the latest events of each
shard, so the first to ask reads them and the others are served from memory. What is older comes from the log.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from pushward.eventlog.event import StoredEvent
from pushward.eventlog.port import LogReader

KEPT_EVENTS_MAX: Final = 2_000


class LogTail:
    """A LogReader in front of another, with the newest events of each shard in memory."""

    def __init__(self, reader: LogReader, *, kept_events_max: int = KEPT_EVENTS_MAX) -> None:
        self._reader = reader
        self._kept_events_max = kept_events_max
        self._kept: dict[int, list[StoredEvent]] = {}  # contiguous, by shard
        self._reading: dict[int, asyncio.Lock] = {}

    async def heads(self) -> dict[int, int]:
        """The last position of every shard."""
        return await self._reader.heads()

    async def read(self, shard: int, after: int, limit: int) -> Sequence[StoredEvent]:
        """At most ``limit`` events of a shard after a position; from memory where it can."""
        if events := self._from_memory(shard, after, limit):
            return events
        async with self._reading.setdefault(shard, asyncio.Lock()):
            if events := self._from_memory(shard, after, limit):
                return events
            events = list(await self._reader.read(shard, after, limit))
            self._keep(shard, events)
            return events

    async def read_stream(self, stream_id: UUID, *, up_to_version: int | None = None) -> Sequence[StoredEvent]:
        """A stream's events in order."""
        return await self._reader.read_stream(stream_id, up_to_version=up_to_version)

    async def event_at(self, shard: int, position: int) -> StoredEvent | None:
        """The event at a position, or None if there is none."""
        if events := self._from_memory(shard, position - 1, 1):
            return events[0]
        return await self._reader.event_at(shard, position)

    def _from_memory(self, shard: int, after: int, limit: int) -> Sequence[StoredEvent]:
        kept = self._kept.get(shard)
        if not kept or after + 1 < kept[0].position or after >= kept[-1].position:
            return ()
        start = after + 1 - kept[0].position
        return kept[start : start + limit]

    def _keep(self, shard: int, events: list[StoredEvent]) -> None:
        if not events:
            return
        kept = self._kept.setdefault(shard, [])
        if kept and events[0].position == kept[-1].position + 1:
            kept.extend(events)
        elif not kept or events[-1].position > kept[-1].position:
            kept[:] = events
        del kept[: -self._kept_events_max]
