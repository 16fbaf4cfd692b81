"""What the relay needs of a store: leases, and what is kept with them.

Two adapters, PostgreSQL and memory (adapters/), pass one contract suite (tests/contract/relay).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.relay.domain.tail import Kept


@dataclass(frozen=True, slots=True)
class Lease:
    """A shard that this process holds, from the term's begin until the lease lapses."""

    shard: int
    term: int
    kept: Kept
    epoch: int  # the log's, now
    shards: int  # of the log
    is_as_sent: bool  # False: the log has another event at the kept position than was sent


@dataclass(frozen=True, slots=True)
class Progress:
    """A position that a holder has got acknowledged."""

    shard: int
    term: int
    kept: Kept


class Leases(Protocol):
    """Each call raises UnavailableError when the store is away."""

    async def claim(self, owner: UUID, seconds: float) -> Sequence[Lease]:
        """Takes or renews this owner's share of the shards. Who isn't in the answer holds nothing any more."""
        ...

    async def keep(self, owner: UUID, progress: Sequence[Progress]) -> frozenset[int]:
        """Keeps positions, each only under its term; returns the shards whose term is still this owner's."""
        ...

    async def tell(self, owner: UUID, shard: int, term: int, alarm: str | None, trouble: str | None) -> None:
        """Notes how a shard's loop is."""
        ...

    async def release(self, owner: UUID) -> None:
        """Gives up everything."""
        ...
