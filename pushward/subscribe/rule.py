"""The subscriber's rule (DESIGN section 4, Subscriptions): values in, values out, no I/O.

    pos == last + 1   APPLY   and store the position in the same transaction
    pos <= last       DROP    a duplicate: dead producers may have sent it
    pos >  last + 1   HOLE    read what is missing from the log, then go on

So whatever a source delays, doubles or leaves out, each event is applied once and in order. A position carries its
epoch, outside which it means nothing, and the id of its event, by which a rewritten log is found out.
"""

from dataclasses import dataclass
from enum import Enum, auto
from uuid import UUID

from pushward.eventlog.event import StoredEvent
from pushward.subscribe.errors import EpochChangedError, LogRewrittenError, PositionFromFutureError


@dataclass(frozen=True, slots=True)
class Position:
    """How far a shard was applied: ``event_id`` is that of the event there, None at position 0."""

    epoch: int
    position: int
    event_id: UUID | None

    def __post_init__(self) -> None:
        if self.position < 0 or (self.event_id is None) != (self.position == 0):
            raise ValueError(f"position {self.position} with event id {self.event_id}")


class Fate(Enum):
    """What becomes of an event that came."""

    APPLY = auto()
    DROP = auto()
    HOLE = auto()


def fate(last: Position, epoch: int, event: StoredEvent) -> Fate:
    """What to do with an event of ``epoch`` that comes after ``last``. Raises EpochChangedError, LogRewrittenError."""
    if epoch != last.epoch:
        raise EpochChangedError(event.shard, last.epoch, epoch)
    if event.position > last.position + 1:
        return Fate.HOLE
    if event.position == last.position + 1:
        return Fate.APPLY
    if event.position == last.position and event.event_id != last.event_id:
        raise rewritten(event.shard, last)
    return Fate.DROP


def after(last: Position, event: StoredEvent) -> Position:
    """The position once ``event`` is applied; it must be the next."""
    assert event.position == last.position + 1, f"{event.position} after {last.position}"
    return Position(last.epoch, event.position, event.event_id)


def verify(shard: int, last: Position, epoch: int, head: int, event_id: UUID | None) -> None:
    """Checks a stored position before anything is applied after it.

    ``head`` is the shard's last position, ``event_id`` that of the event at ``last``, as the log has them. Raises
    EpochChangedError, PositionFromFutureError, LogRewrittenError.
    """
    if epoch != last.epoch:
        raise EpochChangedError(shard, last.epoch, epoch)
    if last.position > head:
        raise PositionFromFutureError(
            f"shard {shard}: the stored position is {last.position}, the shard ends at {head}"
        )
    if event_id != last.event_id:
        raise rewritten(shard, last)


def rewritten(shard: int, last: Position) -> LogRewrittenError:
    """The error for another event at ``last``."""
    return LogRewrittenError(f"shard {shard} holds another event at {last.position} than {last.event_id}")
