"""What the app needs of the outside, and its adapters provide. All methods raise UnavailableError."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.insights.domain.figures import Figures
from services.insights.domain.happening import Happening
from services.insights.domain.recounting import Difference
from services.insights.domain.rows import Row


@dataclass(frozen=True, slots=True)
class Term:
    """A lease that is held: whose, and its number."""

    owner: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What is stored of a key: figures by window, the newest first, and when the newest was stored (Unix ms)."""

    windows: Sequence[tuple[int, Figures]]
    stored_ms: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a shard was recounted, and in which epoch."""

    epoch: int
    through: int  # a window: all before it were


class FiguresReader(Protocol):
    """Reads what is served."""

    async def read(self, sid: str, service_sid: str, since: int, until: int) -> Counted:
        """A factor's or a service's figures of the windows from ``since`` to before ``until``."""
        ...


class FiguresStore(Protocol):
    """Rows, as counter and recount know them."""

    async def store(self, term: Term, epoch: int, rows: Collection[Row]) -> bool:
        """Stores rows that go further than what is there; False, and nothing stored, if the term is over."""
        ...

    async def rows(self, epoch: int, shard: int, since: int, until: int) -> Sequence[Row]:
        """A shard's rows of a span of windows. One of an earlier epoch has position OF_AN_EARLIER_EPOCH."""
        ...

    async def repair(self, epoch: int, differences: Collection[Difference]) -> None:
        """Makes rows what the log says they are; what has gone further meanwhile stays."""
        ...

    async def first_window(self, shard: int, since: int) -> int | None:
        """The first window from ``since`` on that a shard has rows of."""
        ...

    async def progress(self) -> dict[int, Progress]:
        """How far each shard was recounted; a shard that never was is missing."""
        ...

    async def reached(self, shard: int, progress: Progress) -> None:
        """Remembers it."""
        ...

    async def prune(self, before: int, at_most: int) -> int:
        """Forgets rows of windows before ``before``; returns how many, at most ``at_most``."""
        ...


class CountedLog(Protocol):
    """The log, as far as figures need it."""

    async def epoch(self) -> int:
        """The epoch of its positions."""
        ...

    async def now_seconds(self) -> int:
        """The database's clock, Unix seconds."""
        ...

    async def shards(self) -> Sequence[int]:
        """Their numbers."""
        ...

    def happenings(self, shard: int, since: int, until: int) -> AsyncIterator[Happening]:
        """All that was recorded in a shard from ``since`` to ``until`` (Unix seconds), in order; and a little more."""
        ...

    async def next_second(self, shard: int, since: int) -> int | None:
        """About when the first event from ``since`` on was recorded (Unix seconds); None if there is none."""
        ...


class Leases(Protocol):
    """Who does what only one may."""

    async def take(self, name: str, owner: UUID, seconds: float) -> Term | None:
        """Takes or prolongs a lease; None while somebody else has it."""
        ...

    async def give_up(self, name: str, term: Term) -> None:
        """Lets the next one take it at once."""
        ...


class Stream(Protocol):
    """A counter that runs: keyed tables over the topic, flushed into the store."""

    async def ended(self) -> str:
        """Waits until it has ended by itself; returns why."""
        ...


class Counter(Protocol):
    """Makes counters. One at a time, in the whole installation: that is what the lease is for."""

    def running(self, epoch: int, shards: int, term: Term) -> AbstractAsyncContextManager[Stream]:
        """A counter for a term, stopped with the block. Raises CounterError if it can't start."""
        ...


class CounterError(Exception):
    """The counter can't start or was ended: Kafka is away, or the topic isn't there yet. It is tried again."""
