"""The log's end, read once for all followers of a process.

Followers wake together and ask for the same few events. ``LogTail`` is a LogReader that keeps the latest events of each
shard, so the first to ask reads them and the others are served from memory. What is older comes from the log.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
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
        self._kept: dict[int, deque[StoredEvent]] = {}  # contiguous, by shard
        self._streams: dict[UUID, list[StoredEvent]] = {}  # the same events by stream
        self._reading: dict[int, asyncio.Lock] = {}

    def keep(self, events: Sequence[StoredEvent]) -> bool:
        """Keeps a shard's events that follow those which are kept; says whether they did.

        What this process commits is kept so and needn't be read. Others commit in between: then it is read after all.
        """
        shard = events[0].shard
        if events[0].position != self._end(shard) + 1:
            return False
        self._extend(shard, events)
        return True

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
            if events and not self.keep(events):
                self._begin(events)
            return events

    async def read_stream(self, stream_id: UUID, *, up_to_version: int | None = None) -> Sequence[StoredEvent]:
        """A stream's events in order; from memory if it began there, as young streams did."""
        kept = self._streams.get(stream_id, ())
        if up_to_version is not None and kept and kept[0].version == 1 and kept[-1].version >= up_to_version:
            return kept[:up_to_version]
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
        return list(islice(kept, start, start + limit))

    def _begin(self, events: Sequence[StoredEvent]) -> None:
        """Lets go of a shard's events for newer ones, between which there is a gap."""
        shard = events[0].shard
        if events[-1].position <= self._end(shard):
            return
        for event in self._kept.pop(shard, ()):
            self._forget(event)
        self._kept[shard] = deque()
        self._extend(shard, events)

    def _extend(self, shard: int, events: Sequence[StoredEvent]) -> None:
        kept = self._kept[shard]
        for event in events:
            kept.append(event)
            self._streams.setdefault(event.stream_id, []).append(event)
        while len(kept) > self._kept_events_max:
            self._forget(kept.popleft())

    def _forget(self, event: StoredEvent) -> None:
        stream = self._streams[event.stream_id]
        stream.remove(event)
        if not stream:
            del self._streams[event.stream_id]

    def _end(self, shard: int) -> int:
        kept = self._kept.get(shard)
        return kept[-1].position if kept else -1
