"""The log in memory: for tests, simulations and whoever wants to see the rules without SQL.

It is the specification in Python of what ``sql/append.sql`` does, and passes the same contract suite.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pushward.clock import Clock, WallClock
from pushward.eventlog.event import StoredEvent, stored_event
from pushward.eventlog.groupcommit import Outcome
from pushward.eventlog.port import (
    Append,
    Appended,
    GuardMovedError,
    StateRow,
    TooLateError,
    VersionConflictError,
)


class MemoryLog:
    """Events by shard, stream versions, and state rows by table and key. Commits a batch at a time, as a Committer."""

    def __init__(self, shard_count: int, clock: Clock | None = None) -> None:
        self.events: dict[int, list[StoredEvent]] = {shard: [] for shard in range(shard_count)}
        self.rows: dict[str, dict[tuple[object, ...], tuple[int, int, StateRow]]] = {}
        self._versions: dict[UUID, int] = {}
        self._clock = clock or WallClock()

    async def commit(self, batch: Sequence[Append]) -> Sequence[Outcome]:
        """Each append's outcome, in order."""
        return [self._append(append, self._clock.now()) for append in batch]

    async def close(self) -> None:
        """Nothing is held."""

    async def heads(self) -> dict[int, int]:
        """The last position of every shard."""
        return {shard: len(events) for shard, events in self.events.items()}

    async def read(self, shard: int, after: int, limit: int) -> Sequence[StoredEvent]:
        """At most ``limit`` events of a shard after a position."""
        return self.events[shard][after : after + limit]

    async def read_stream(self, stream_id: UUID, *, up_to_version: int | None = None) -> Sequence[StoredEvent]:
        """A stream's events in order."""
        return [
            event
            for event in self.events[stream_id.int >> 112]
            if event.stream_id == stream_id and (up_to_version is None or event.version <= up_to_version)
        ]

    async def event_at(self, shard: int, position: int) -> StoredEvent | None:
        """The event at a position, or None if there is none."""
        events = self.events[shard]
        return events[position - 1] if 1 <= position <= len(events) else None

    def _append(self, append: Append, now: datetime) -> Outcome:
        refusal = self._refusal(append, now)
        if refusal is not None:
            return self._stored_before(append) or refusal
        shard = self.events[append.shard]
        positions: dict[tuple[UUID, int], int] = {}
        for write in append.writes:
            for event in write.events:
                shard.append(stored_event(append.shard, len(shard) + 1, event))
                positions[event.stream_id, event.version] = len(shard)
                self._versions[event.stream_id] = event.version
        for row in append.rows:
            table = self.rows.setdefault(row.table, {})
            table[row.key] = (append.shard, positions[row.stream_id, row.version], row)
        return Appended(append.shard, len(shard))

    def _refusal(self, append: Append, now: datetime) -> VersionConflictError | GuardMovedError | TooLateError | None:
        for write in append.writes:
            if self._versions.get(write.stream_id, 0) != write.expected_version:
                return VersionConflictError(str(write.stream_id))
        for guard in append.guards:
            if self._versions.get(guard.stream_id, 0) != guard.version:
                return GuardMovedError(str(guard.stream_id))
        if append.not_after is not None and append.not_after < now:
            return TooLateError(append.not_after.isoformat())
        return None

    def _stored_before(self, append: Append) -> Appended | None:
        first = append.writes[0].events[0]
        last = append.writes[-1].events[-1]
        ids = {event.event_id: event.position for event in self.events[append.shard]}
        if first.event_id not in ids:
            return None
        return Appended(append.shard, ids[last.event_id], again=True)
