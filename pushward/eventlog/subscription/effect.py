"""What a subscriber does with events, together with the move of its position."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pushward.eventlog.event import StoredEvent


@dataclass(frozen=True, slots=True)
class Position:
    """How far a shard was applied. ``event_id`` is None at position 0."""

    position: int
    event_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Move:
    """A step of a shard's position, taken together with the effect of the events in between.

    It counts only if ``owner`` still has the shard and its position is still ``seen``. ``to`` is ``seen`` where the
    events of a parked stream are made up for.
    """

    name: str
    shard: int
    owner: uuid.UUID
    seen: int
    to: int
    event_id: uuid.UUID | None


class Through(Protocol):
    """Where a statement is sent: the pool, or a transaction's connection."""

    def fetch(self, query: str, *arguments: Any) -> Awaitable[list[Any]]:  # Any: query arguments; rows
        """All rows."""
        ...


AfterCommit = Callable[[], None]
Apply = Callable[[Any, Sequence[StoredEvent]], Awaitable[AfterCommit | None]]
"""Takes the transaction's connection and the wanted events of a batch. Any: asyncpg's connection.

May return what to do once that transaction is committed, such as waking whoever does the work that it stored.
"""


@dataclass(frozen=True, slots=True)
class AtOnce:
    """An `Apply` for hot paths: ``apply`` makes the move itself, in the one statement that has the effect.

    That saves three of four round trips. It raises LeaseLostError where the move doesn't count.
    """

    apply: Callable[[Through, Move, Sequence[StoredEvent]], Awaitable[AfterCommit | None]]


Wants = Callable[[StoredEvent], bool]
