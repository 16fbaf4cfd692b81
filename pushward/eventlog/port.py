"""The log as its users see it: append all or nothing, read in order.

An *append* touches one shard: events for one or more streams, each with the version it was decided on; *guards*,
streams that were only read, with the version seen; and ``not_after``, where time decides, compared with the
database's clock under the shard's lock. It also carries the state rows that ``evolve`` made of its events, so that
log and state tables change together.

Both adapters, memory and PostgreSQL, pass one contract suite (tests/contract/eventlog).
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pushward.eventlog.event import NewEvent, StoredEvent


class AppendError(Exception):
    """An append was not taken, and nothing of it is in the log.

    AppendError
    ├── VersionConflictError   a written stream has moved: load again, decide again
    ├── GuardMovedError        a stream that was only read has moved: the same
    ├── TooLateError           the database's clock has passed ``not_after``: the same
    └── AppendRejectedError    the database refused this append itself: a defect of its caller
    """


class VersionConflictError(AppendError):
    """A written stream is not at the expected version, and it isn't this very append that moved it."""


class GuardMovedError(AppendError):
    """A stream that was only read is not at the version that was seen."""


class TooLateError(AppendError):
    """The database's clock has passed the append's ``not_after``."""


class AppendRejectedError(AppendError):
    """The database refused this append, tried alone: a row that breaks a constraint, a value that has no encoding."""


@dataclass(frozen=True, slots=True)
class StreamWrite:
    """Events for one stream, decided on ``expected_version`` (0: the stream must not exist yet)."""

    stream_id: UUID
    expected_version: int
    events: tuple[NewEvent, ...]


@dataclass(frozen=True, slots=True)
class Guard:
    """A stream that was only read, and the version it was read at."""

    stream_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class StateRow:
    """A row of a state table as it is after the event (``stream_id``, ``version``), the last that changed it.

    ``columns`` are those of the record, in order; the log adds shard and position.
    """

    table: str
    key: tuple[Any, ...]  # Any: column values, typed by the table
    stream_id: UUID
    version: int
    columns: tuple[Any, ...]  # Any: column values, typed by the table


@dataclass(frozen=True, slots=True)
class Append:
    """All or nothing: writes, guards and a deadline on one shard, with the state rows that follow from the writes."""

    shard: int
    writes: tuple[StreamWrite, ...]
    guards: tuple[Guard, ...] = ()
    not_after: datetime | None = None
    rows: tuple[StateRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the append's last event lies. ``again`` if an earlier try had stored it already."""

    shard: int
    position: int
    again: bool = False


class EventLog(Protocol):
    """Appends."""

    async def append(self, append: Append) -> Appended:
        """Appends, or raises AppendError. Cancelling the caller does not cancel the append.

        Also raises TooManyRequestsError when the queue is full, UnavailableError when the database is away.
        """
        ...


class LogReader(Protocol):
    """Reads."""

    async def heads(self) -> dict[int, int]:
        """The last position of every shard."""
        ...

    async def read(self, shard: int, after: int, limit: int) -> Sequence[StoredEvent]:
        """At most ``limit`` events of a shard with a position greater than ``after``, in order, without a hole."""
        ...

    async def read_stream(self, stream_id: UUID, *, up_to_version: int | None = None) -> Sequence[StoredEvent]:
        """A stream's events in order."""
        ...

    async def event_at(self, shard: int, position: int) -> StoredEvent | None:
        """The event at a position, or None if there is none."""
        ...


async def read_shard(reader: LogReader, shard: int, *, after: int = 0, page: int = 1000) -> AsyncIterator[StoredEvent]:
    """All events of a shard after a position, page by page."""
    while events := await reader.read(shard, after, page):
        for event in events:
            yield event
        after = events[-1].position
