"""The log in PostgreSQL: one call of the service's append function a batch, and reads.

The function (``registry.append``, ``challenge.append``, …) takes the log's three arrays, two for each state table, and
the revision of the state tables that this code was written for. A batch is one statement and one round trip, so no
lock ever waits for a client.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final
from uuid import UUID

import asyncpg

from pushward.database.connection import away_told, connect
from pushward.database.pool import Database
from pushward.errors import RevisionRefusedError, UnavailableError
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.groupcommit import CommitHook, GroupCommitLog, Outcome
from pushward.eventlog.port import Append, Appended, GuardMovedError, TooLateError, VersionConflictError

REVISION_REFUSED_SQLSTATES: Final = ("PW001", "42883")
"""Refused by the append function, or there is none that takes such rows: the tables were added to since."""


class _Fate(IntEnum):
    """As sql/append.sql numbers them."""

    APPENDED = 0
    STORED_BEFORE = 1
    VERSION_CONFLICT = 2
    GUARD_MOVED = 3
    TOO_LATE = 4


EVENT_COLUMNS: Final = "shard, position, stream_id, version, event_id, type, schema, recorded_at, envelope, payload"
_READ: Final = f"SELECT {EVENT_COLUMNS} FROM log.event WHERE shard = $1 AND position > $2 ORDER BY position LIMIT $3"  # noqa: S608
_READ_STREAM: Final = (
    f"SELECT {EVENT_COLUMNS} FROM log.event "  # noqa: S608
    "WHERE shard = $1 AND stream_id = $2 AND version <= $3 ORDER BY version"
)
_EVENT_AT: Final = f"SELECT {EVENT_COLUMNS} FROM log.event WHERE shard = $1 AND position = $2"  # noqa: S608
_POSITION_OF: Final = "SELECT position FROM log.event WHERE shard = $1 AND stream_id = $2 AND version = $3"
_HEADS: Final = "SELECT shard, position FROM log.shard"
_VERSION_MAX: Final = 2**31 - 1


class HoleError(Exception):
    """A shard's positions are not contiguous: the log was damaged. Nothing may be concluded from what follows."""


class PostgresCommitter:
    """Commits batches through one connection of its own, opened again when it is lost."""

    def __init__(self, url: str, role: str, *, function: str, tables: Sequence[str], revision: int) -> None:
        self._url = url
        self._role = role
        self._tables = tuple(tables)
        self._revision = revision
        parameters = ", ".join(f"${number}" for number in range(1, 3 + 2 * len(self._tables) + 2))
        self._query = f"SELECT fates, positions FROM {function}({parameters})"  # noqa: S608 - names from our own code
        self._connection: asyncpg.Connection | None = None

    async def commit(self, batch: Sequence[Append]) -> Sequence[Outcome]:
        """Each append's outcome, in order. Raises UnavailableError, RevisionRefusedError."""
        arguments, last_events = self._arguments(batch)
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url, self._role, f"{self._role}-append")
        try:
            with away_told():
                row = await self._connection.fetchrow(self._query, *arguments)
                assert row is not None
                return [
                    await self._outcome(append, fate, row["positions"], last)
                    for append, fate, last in zip(batch, row["fates"], last_events, strict=True)
                ]
        except UnavailableError:
            await self.close()
            raise
        except asyncpg.PostgresError as error:
            if error.sqlstate in REVISION_REFUSED_SQLSTATES:
                raise RevisionRefusedError("This release is being replaced. Try again later.") from error
            raise

    async def close(self) -> None:
        """Drops the connection."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.terminate()

    def _arguments(self, batch: Sequence[Append]) -> tuple[list[Any], list[int]]:  # Any: query arguments
        headers: list[tuple[Any, ...]] = []  # Any: columns, here and below
        expected: list[tuple[Any, ...]] = []
        events: list[tuple[Any, ...]] = []
        rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in self._tables}
        row_events: dict[str, list[int]] = {table: [] for table in self._tables}
        lasts: list[int] = []
        for number, append in enumerate(batch, start=1):
            headers.append((append.shard, append.not_after))
            expected.extend((number, guard.stream_id, guard.version, False) for guard in append.guards)
            index_of: dict[tuple[UUID, int], int] = {}
            for write in append.writes:
                expected.append((number, write.stream_id, write.expected_version, True))
                for event in write.events:
                    events.append(
                        (
                            number,
                            event.stream_id,
                            event.version,
                            event.event_id,
                            event.type,
                            event.schema,
                            event.recorded_at,
                            event.envelope,
                            event.payload,
                        )
                    )
                    index_of[event.stream_id, event.version] = len(events)
            lasts.append(len(events) - 1)
            for row in append.rows:
                rows[row.table].append((append.shard, None, *row.columns))
                row_events[row.table].append(index_of[row.stream_id, row.version])
        arguments: list[Any] = [headers, expected, events]
        for table in self._tables:
            arguments += [rows[table], row_events[table]]
        return [*arguments, self._revision], lasts

    async def _outcome(self, append: Append, fate: int, positions: Sequence[int | None], last: int) -> Outcome:
        match _Fate(fate):
            case _Fate.APPENDED:
                position = positions[last]
                assert position is not None
                return Appended(append.shard, position)
            case _Fate.STORED_BEFORE:
                assert self._connection is not None
                final = append.writes[-1].events[-1]
                stored = await self._connection.fetchval(_POSITION_OF, append.shard, final.stream_id, final.version)
                return Appended(append.shard, stored, again=True)
            case _Fate.VERSION_CONFLICT:
                return VersionConflictError(", ".join(str(write.stream_id) for write in append.writes))
            case _Fate.GUARD_MOVED:
                return GuardMovedError(", ".join(str(guard.stream_id) for guard in append.guards))
            case _Fate.TOO_LATE:
                return TooLateError(str(append.not_after))


class PostgresLogReader:
    """Reads the log through a pool."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def heads(self) -> dict[int, int]:
        """The last position of every shard. Raises UnavailableError, as all reads do."""
        return {row["shard"]: row["position"] for row in await self._database.fetch(_HEADS)}

    async def read(self, shard: int, after: int, limit: int) -> Sequence[StoredEvent]:
        """At most ``limit`` events of a shard after a position. Raises HoleError if one is missing."""
        events = [event_of(row) for row in await self._database.fetch(_READ, shard, after, limit)]
        return contiguous(events, after)

    async def read_stream(self, stream_id: UUID, *, up_to_version: int | None = None) -> Sequence[StoredEvent]:
        """A stream's events in order."""
        rows = await self._database.fetch(
            _READ_STREAM, stream_id.int >> 112, stream_id, _VERSION_MAX if up_to_version is None else up_to_version
        )
        return [event_of(row) for row in rows]

    async def event_at(self, shard: int, position: int) -> StoredEvent | None:
        """The event at a position, or None if there is none."""
        row = await self._database.fetchrow(_EVENT_AT, shard, position)
        return None if row is None else event_of(row)


def open_log(
    url: str,
    role: str,
    *,
    function: str,
    tables: Sequence[str],
    revision: int,
    lanes: int,
    on_commit: CommitHook,
) -> GroupCommitLog:
    """A log that appends through ``function``, with ``lanes`` connections. Connects when it is first used."""
    committers = [
        PostgresCommitter(url, role, function=function, tables=tables, revision=revision) for _ in range(lanes)
    ]
    return GroupCommitLog(committers, on_commit=on_commit)


def event_of(row: asyncpg.Record) -> StoredEvent:
    """An event of a row with all of its columns in order."""
    return StoredEvent(*row)


def contiguous(events: Sequence[StoredEvent], after: int) -> Sequence[StoredEvent]:
    """``events`` as they are, if they follow ``after`` without a hole. Raises HoleError."""
    if events and (events[0].position != after + 1 or events[-1].position != after + len(events)):
        raise HoleError(f"shard {events[0].shard} has a hole after position {after}")
    return events
