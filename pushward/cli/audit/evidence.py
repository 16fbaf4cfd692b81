"""Reads what the log has of one entity, and checks it on the way: the state tables are never asked.

One pass over the entity's shard, from its first position to the moment, in one snapshot and with bounded memory: it
proves that no position is missing and that every row is what its envelope says, and finds the streams that name the
entity (its own, its challenges', its access tokens'). Only their events are then loaded.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from google.protobuf.message import DecodeError

from pushward import ids
from pushward.api.events.v1 import envelope_pb2
from pushward.cli.audit.moment import AtPosition, AtTime, Moment
from pushward.cli.errors import CommandError
from pushward.cli.targets import STORES
from pushward.database.connection import CONNECT_SECONDS, away_told
from pushward.eventlog.codec import Codec, UnknownEventError, datetime_of
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.postgres import EVENT_COLUMNS, event_of

PREFETCH_EVENTS: Final = 2_000
OTHERS_FLAWS_MAX: Final = 1_000
"""Flaws of other identities' events that are told one by one."""

_SHARDS: Final = "SELECT count(*)::int FROM log.shard"
_EPOCH: Final = "SELECT max(epoch) FROM log.epoch"
_HEAD: Final = "SELECT position, clock_timestamp() AS now FROM log.shard WHERE shard = $1"
_STREAM: Final = f"SELECT {EVENT_COLUMNS} FROM log.event WHERE shard = $1 AND stream_id = $2 ORDER BY version"  # noqa: S608
_EVENTS: Final = f"SELECT {EVENT_COLUMNS} FROM log.event WHERE shard = $1 AND position = ANY($2) ORDER BY position"  # noqa: S608
_SURVEY: Final = """
    SELECT position, stream_id, version, event_id, type, schema, recorded_at, envelope,
           sha256(payload) AS payload_sha256,
           CASE WHEN position($3::bytea in payload) > 0 THEN payload END AS naming_payload
      FROM log.event
     WHERE shard = $1 AND position <= $2
     ORDER BY position"""

NOT_READABLE: Final = (UnknownEventError, DecodeError, ValueError, KeyError, OverflowError, OSError)
"""What reading bytes that nobody wrote may raise; the last two are datetime's, for times out of reach."""

_CODECS: Final[dict[int, Codec]] = {
    binding.type: aggregate.codec
    for store in STORES
    for aggregate in store.aggregates
    for binding in aggregate.codec.bindings
}

Connection = Any
"""asyncpg's; its stubs lack what a cursor gives."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with the log at a position of the shard. Nothing may be concluded from there on."""

    shard: int
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where the log was read: ``position`` of ``shard``, of ``head`` that it has.

    ``is_final``: whatever is appended from now on, the same moment will give the same events.
    """

    epoch: int
    shard: int
    position: int
    head: int
    recorded_at: datetime | None
    is_final: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """All events of an entity up to a place, in order, and every flaw of the shard up to there."""

    place: Place
    events: Sequence[StoredEvent]
    flaws: Sequence[Flaw]

    @property
    def flawed_positions(self) -> frozenset[int]:
        """Where something is wrong."""
        return frozenset(flaw.position for flaw in self.flaws)

    def streams(self) -> dict[UUID, list[StoredEvent]]:
        """The events by stream, the streams in the order of their first event."""
        streams: dict[UUID, list[StoredEvent]] = {}
        for event in self.events:
            streams.setdefault(event.stream_id, []).append(event)
        return streams


@dataclass(slots=True)
class _Survey:
    """What one pass has seen so far."""

    service_sid: str
    identity: str
    streams: set[UUID]
    positions: list[int] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    untold: int = 0
    last: int = 0
    last_recorded_at: datetime | None = None

    def take(self, shard: int, row: Any) -> None:  # Any: asyncpg's row
        """One row of the survey."""
        position: int = row["position"]
        if position != self.last + 1:
            self._add(Flaw(shard, self.last + 1, f"positions up to {position - 1} are missing"), is_own=False)
        self.last, self.last_recorded_at = position, row["recorded_at"]
        if row["naming_payload"] is not None and self._names(shard, row):
            self.streams.add(row["stream_id"])
        if row["stream_id"] in self.streams:
            self.positions.append(position)
        self.check(shard, row)

    def check(self, shard: int, row: Any) -> None:  # Any: asyncpg's row
        """Compares a row with its envelope."""
        for text in _mismatches(row, row["payload_sha256"]):
            self._add(Flaw(shard, row["position"], text), is_own=row["stream_id"] in self.streams)

    def ended(self, shard: int, until: int | None) -> None:
        """The last row was seen; there should have been one at ``until``."""
        if until is not None and self.last != until:
            self.flaws.append(Flaw(shard, self.last + 1, f"positions up to {until} are missing"))
        if self.untold:
            self.flaws.append(Flaw(shard, self.last + 1, f"before it, {self.untold} more flaws of others' events"))

    def _add(self, flaw: Flaw, *, is_own: bool) -> None:
        if is_own or len(self.flaws) < OTHERS_FLAWS_MAX:
            self.flaws.append(flaw)
        else:
            self.untold += 1

    def _names(self, shard: int, row: Any) -> bool:  # Any: asyncpg's row
        try:
            event = _CODECS[row["type"]].decode(row["type"], row["schema"], row["naming_payload"])
        except NOT_READABLE:
            # Changed, or a later release's: whose it is can't be said, so it can't be passed over either.
            self._add(Flaw(shard, row["position"], "it has the identity in it, and can't be read"), is_own=True)
            return False
        return (getattr(event, "service_sid", None), getattr(event, "identity", None)) == (
            self.service_sid,
            self.identity,
        )


class AuditedLog:
    """The log in one snapshot."""

    def __init__(self, connection: Connection, shard_count: int, epoch: int) -> None:
        self._connection = connection
        self.shard_count = shard_count
        self.epoch = epoch

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, role: str) -> AsyncIterator["AuditedLog"]:
        """A read-only snapshot as ``role``, without the time limits of requests. Raises UnavailableError."""
        with away_told():
            connection = await asyncpg.connect(
                url,
                timeout=CONNECT_SECONDS,
                server_settings={"role": role, "application_name": "audit", "timezone": "UTC"},
            )
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                shards = await connection.fetchval(_SHARDS)
                if not shards:
                    raise CommandError("The log has no shards: run `pushward init`.")
                yield cls(connection, shards, await connection.fetchval(_EPOCH))
        finally:
            await connection.close()

    async def stream(self, stream_id: UUID) -> tuple[list[StoredEvent], list[Flaw]]:
        """A whole stream, and what is wrong with it."""
        shard = ids.shard_of_stream(stream_id)
        rows = await self._connection.fetch(_STREAM, shard, stream_id)
        flaws = [
            Flaw(shard, row["position"], text)
            for row in rows
            for text in _mismatches(row, hashlib.sha256(row["payload"]).digest())
        ]
        return [event_of(row) for row in rows], flaws

    async def evidence(self, service_sid: str, identity: str, moment: Moment) -> Evidence:
        """What there is of an entity at ``moment``. Raises CommandError for a moment that is still to come."""
        stream_id = ids.entity_stream(service_sid, identity, self.shard_count)
        shard = ids.shard_of_stream(stream_id)
        head = await self._head(shard, moment)
        until = moment.position if isinstance(moment, AtPosition) else head
        survey = _Survey(service_sid, identity, {stream_id})
        met_later = False
        rows = self._connection.cursor(_SURVEY, shard, until, identity.encode(), prefetch=PREFETCH_EVENTS)
        async for row in rows:
            if isinstance(moment, AtTime) and row["recorded_at"] > moment.time:
                met_later = True
                survey.check(shard, row)  # a time that was changed would hide all that follows
                break
            survey.take(shard, row)
        survey.ended(shard, None if met_later else until)
        is_final = isinstance(moment, AtPosition) or met_later
        place = Place(self.epoch, shard, survey.last, head, survey.last_recorded_at, is_final)
        found = await self._connection.fetch(_EVENTS, shard, survey.positions)
        return Evidence(place, [event_of(row) for row in found], survey.flaws)

    async def _head(self, shard: int, moment: Moment) -> int:
        row = await self._connection.fetchrow(_HEAD, shard)
        head: int = row["position"]
        if isinstance(moment, AtPosition) and moment.position > head:
            raise CommandError(f"Position {moment.position} is still to come: shard {shard} ends at {head}.")
        if isinstance(moment, AtTime) and moment.time > row["now"]:
            raise CommandError(f"That time is still to come: the database's clock says {row['now'].isoformat()}.")
        return head


def _mismatches(row: Any, payload_sha256: bytes) -> list[str]:  # Any: asyncpg's row
    """What a row says otherwise than its envelope."""
    try:
        envelope = envelope_pb2.Envelope.FromString(row["envelope"])
        recorded_at = datetime_of(envelope.recorded_at)
    except NOT_READABLE:
        return ["the envelope can't be read"]
    same = {
        "stream": envelope.stream_id == row["stream_id"].bytes,
        "version": envelope.version == row["version"],
        "event id": envelope.event_id == row["event_id"].bytes,
        "type": envelope.type == row["type"],
        "schema": envelope.schema == row["schema"],
        "time": recorded_at == row["recorded_at"],
        "payload": envelope.payload_sha256 == payload_sha256,
    }
    return [f"the {name} is not what the envelope says" for name, is_same in same.items() if not is_same]
