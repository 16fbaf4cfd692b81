"""Where a shard's loop goes on: the partition's tail is the checkpoint (DESIGN section 4, Relay).

    nothing was ever there (end 0)            → from position 1
    emptied by retention (start = end > 0)    → after the kept position
    a last record                             → after it, if the log has the same event there

Every sender begins at a tail and sends what follows it, so whatever arrives, and however late, a partition is complete
up to the highest position in it: a position has no fewer records before it than its number says. Offsets are never
handed out anew, except where a topic was deleted and made again. There a batch that was on its way may come to lie
with nothing before it; an offset too small for its position gives it away, and the partition is filled anew. The kept
position must pass the same test.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

FIRST: Final = 0
"""After this position everything comes."""
REMEDY: Final = "After a restore, `pushward log new-epoch` comes first."


class TailError(Exception):
    """The tail contradicts the log: nothing may be sent until somebody has looked. The message says what was found."""


@dataclass(frozen=True, slots=True)
class LastRecord:
    """A partition's last record, as its headers tell."""

    epoch: int
    position: int
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition's ends. Records lie at ``start`` … ``end - 1``; ``last`` is None if there are none."""

    start: int
    end: int
    last: LastRecord | None


@dataclass(frozen=True, slots=True)
class Kept:
    """The position kept in the lease, of the epoch that it was sent in. ``event_id`` is None at position 0."""

    epoch: int
    position: int
    event_id: UUID | None


@dataclass(frozen=True, slots=True)
class Shard:
    """What the log says: its epoch, the shard's last position, and the event at the position that is asked about."""

    epoch: int
    head: int
    event_id: UUID | None  # at the last record's position, else at the kept one; None if there is no such event


@dataclass(frozen=True, slots=True)
class GoOn:
    """Send what follows ``position``; the next record's offset is the partition's ``end``.

    With ``forget`` the kept position is set to 0 before: it belongs to records that are no more.
    """

    position: int
    forget: bool = False


@dataclass(frozen=True, slots=True)
class Refill:
    """Forget the kept position, delete what is in the partition, and look again."""


def asked_position(partition: Partition, kept: Kept, epoch: int) -> int:
    """The position whose event of the log decides; 0 if none does."""
    if partition.last is not None:
        return partition.last.position
    return kept.position if _counts(partition, kept, epoch) else FIRST


def decide(partition: Partition, kept: Kept, shard: Shard, *, remade: bool = False) -> GoOn | Refill:
    """Where to go on. ``remade`` if the partition was seen to end before where it had ended. Raises TailError."""
    last = partition.last
    if last is None:
        return GoOn(FIRST, forget=kept.position != FIRST) if remade else _after_nothing(partition, kept, shard)
    if last.epoch != shard.epoch:
        raise TailError(f"the topic's last record is of epoch {last.epoch}, the log is in epoch {shard.epoch}")
    _compare(last.position, last.event_id, shard)
    if remade or partition.end < last.position:
        return Refill()
    return GoOn(last.position)


def rewritten(position: int) -> TailError:
    """The error for another event in the log, or none, at a position that was sent."""
    return TailError(f"the log holds another event at position {position} than was sent: it was rewritten. {REMEDY}")


def _after_nothing(partition: Partition, kept: Kept, shard: Shard) -> GoOn:
    if not _counts(partition, kept, shard.epoch):
        return GoOn(FIRST, forget=kept.position != FIRST)
    assert kept.event_id is not None, "a kept position has an event"
    _compare(kept.position, kept.event_id, shard)
    return GoOn(kept.position)


def _counts(partition: Partition, kept: Kept, epoch: int) -> bool:
    return FIRST < kept.position <= partition.end and kept.epoch == epoch


def _compare(position: int, event_id: UUID, shard: Shard) -> None:
    if position > shard.head:
        raise TailError(
            f"the topic is at position {position}, the log ends at {shard.head}: it was restored from a backup, or the "
            f"topic is another installation's. {REMEDY}"
        )
    if event_id != shard.event_id:
        raise rewritten(position)
