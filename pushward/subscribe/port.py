"""What a subscriber is made of: a source that it reads, and a store in which it keeps what it did.

    Source.read  ──Stretch──►  Subscriber  ──Batch──►  Store.apply   one transaction: the effect, and ``batch.to``

Sources: the log (log.py), Kafka with its holes filled from the log (kafka.py), the edge (edge.py), memory (memory.py).
All pass one contract suite (tests/contract/subscribe).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pushward.eventlog.event import StoredEvent
from pushward.subscribe.rule import Position, verify


@dataclass(frozen=True, slots=True)
class Stretch:
    """All that a source shows of a shard between two positions: of ``after`` exclusive, to ``through`` inclusive.

    The log and Kafka show every event; the edge those of one account, and the positions between them are others'.
    """

    shard: int
    epoch: int
    after: int
    events: Sequence[StoredEvent]
    through: int
    through_id: UUID | None  # of the event at ``through``, whoever's it is; None at 0

    def to(self) -> Position:
        """The position once everything in it is applied."""
        return Position(self.epoch, self.through, self.through_id)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a source says beside a stretch, by which a stored position is known again."""

    epoch: int
    head: int
    after_id: UUID | None

    def verify(self, shard: int, last: Position) -> None:
        """Raises EpochChangedError, PositionFromFutureError, LogRewrittenError."""
        verify(shard, last, self.epoch, self.head, self.after_id)


@dataclass(frozen=True, slots=True)
class Batch:
    """What to do in one transaction: apply ``events``, in order, and move the shard's position from ``seen`` to ``to``.

    ``seen`` is None where the shard had no position yet. ``events`` may be empty: then only the position moves.
    """

    shard: int
    seen: Position | None
    to: Position
    events: Sequence[StoredEvent]


class Source(Protocol):
    """Where events come from. One that is away is waited for, however long; what it raises is a SubscribeError."""

    async def shards(self) -> int:
        """How many shards there are: 0 … n - 1."""
        ...

    async def head(self, shard: int) -> Position:
        """The last position of a shard. Raises UnknownShardError."""
        ...

    async def begin(self, shard: int, last: Position) -> None:
        """Checks a stored position, and goes there. Raises what ``rule.verify`` raises, and UnknownShardError."""
        ...

    async def read(self, shard: int, last: Position, limit: int) -> Stretch:
        """What follows ``last``, at most ``limit`` events; waits until there is something, or for some seconds.

        A stretch that doesn't move (``through == after``) says that there was nothing. Begins at ``last`` whatever
        was read before, so a read can be repeated. Raises SubscribeError.
        """
        ...


class Store(Protocol):
    """The subscriber's own database. What its methods raise ends the subscriber, and nothing of the batch was done."""

    async def load(self) -> Mapping[int, Position]:
        """The stored positions by shard."""
        ...

    async def apply(self, batch: Batch) -> None:
        """Does what the events ask for and stores ``batch.to``, in one transaction.

        Called for several shards at once, never twice at once for the same. It should refuse to move a position that
        isn't ``batch.seen`` (``positions.PositionTable`` does): then two processes that follow the same shard by
        mistake do no harm.
        """
        ...
