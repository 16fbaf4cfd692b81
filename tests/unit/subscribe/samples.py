"""Events of one shard, as far as a subscriber looks at them."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from pushward.eventlog.event import StoredEvent
from pushward.subscribe.rule import Position

SHARD: Final = 3
EPOCH: Final = 1
START: Final = Position(EPOCH, 0, None)
_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)


def event_id(position: int, history: int = 0) -> UUID:
    """The id of the event at a position; another history has others."""
    return UUID(int=history << 64 | position)


def event(position: int, history: int = 0, shard: int = SHARD) -> StoredEvent:
    """The event at a position."""
    return StoredEvent(shard, position, UUID(int=position), 1, event_id(position, history), 12, 1, _AT, b"", b"")


def position(number: int, epoch: int = EPOCH) -> Position:
    """The position after that many events."""
    return Position(epoch, number, event_id(number) if number else None)
