"""An event outside any domain: what is about to be appended, and what the log holds."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

EVENT_SCHEMA_FIRST: Final = 1


class ActorKind(StrEnum):
    """Who did it. Names as in the envelope's enum."""

    ACCOUNT = "account"
    DEVICE = "device"
    ACCESS_TOKEN = "access_token"  # noqa: S105 - a kind of actor
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a credential's or a factor's SID, or a component's name."""

    kind: ActorKind
    sid: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an append comes from; goes into the envelope of each of its events."""

    account_sid: str
    actor: Actor
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event's place and time, as ``evolve`` sees it."""

    stream_id: UUID
    version: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event ready to be appended: encoded, with an id that its command decides."""

    stream_id: UUID
    version: int
    event_id: UUID
    type: int
    schema: int
    recorded_at: datetime
    envelope: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the log holds it."""

    shard: int
    position: int
    stream_id: UUID
    version: int
    event_id: UUID
    type: int
    schema: int
    recorded_at: datetime
    envelope: bytes
    payload: bytes


def stored_event(shard: int, position: int, event: NewEvent) -> StoredEvent:
    """``event`` at the place that the log gave it."""
    return StoredEvent(
        shard=shard,
        position=position,
        stream_id=event.stream_id,
        version=event.version,
        event_id=event.event_id,
        type=event.type,
        schema=event.schema,
        recorded_at=event.recorded_at,
        envelope=event.envelope,
        payload=event.payload,
    )
