"""What the app needs of the outside, and its adapters provide. All methods raise UnavailableError."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from pushward.values import NotificationPlatform
from services.notifier.domain.push import Finished, Requested, Unsent, Work


class Pushes(Protocol):
    """The schedule of pushes."""

    async def enqueue(self, connection: Any, requested: Sequence[tuple[Requested, bool]]) -> None:
        """Stores pushes within the transaction of ``connection`` (Any: asyncpg's); False: no channel can carry it."""
        ...

    async def take(self, platform: NotificationPlatform, at_most: int) -> Sequence[Work]:
        """Takes what is due for a platform; its lease runs from now."""
        ...

    async def record(self, finished: Sequence[Finished]) -> None:
        """Writes down what attempts came to."""
        ...

    async def take_untold(self, at_most: int) -> Sequence[Unsent]:
        """Takes pushes that ended unsent and that challenge hasn't been told of; their lease runs from now."""
        ...

    async def record_told(self, told: Sequence[Unsent]) -> None:
        """Writes down that challenge knows of them."""
        ...

    async def prune(self, keep_seconds: float, per_shard: int) -> int:
        """Forgets older pushes, and expired stream places; returns how many pushes."""
        ...


class StreamPlaces(Protocol):
    """Who has how many device streams open, across all processes."""

    async def open(self, stream_id: UUID, factor_sid: str) -> bool:
        """Takes a place for LEASE_SECONDS; False if all of the factor's are taken."""
        ...

    async def keep(self, stream_ids: Sequence[UUID]) -> None:
        """Prolongs the leases; what isn't there (any more) is passed over."""
        ...

    async def close(self, stream_id: UUID) -> None:
        """Gives a place back."""
        ...
