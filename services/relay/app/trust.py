"""How long a lease may be relied on: by our own clock, from before it was asked for.

The store counts from when it took the claim, which is later; so a holder steps down before anybody else can hold.
"""

from collections.abc import Callable
from typing import Final

LEASE_SECONDS: Final = 6.0
TRUST_SECONDS: Final = 5.0
"""Less than the lease: clocks run at different speeds, and a send needs a moment from the look to the wire."""
RENEW_SECONDS: Final = 1.5


class LeaseLostError(Exception):
    """The shard is another's now, or may be."""


class Trust:
    """The window in which a holder may send."""

    def __init__(self, asked_at: float, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._until = asked_at + TRUST_SECONDS

    def renew(self, asked_at: float) -> None:
        """The lease was renewed by a claim that was sent no earlier than ``asked_at``."""
        self._until = max(self._until, asked_at + TRUST_SECONDS)

    def lose(self) -> None:
        """Another holds the shard."""
        self._until = float("-inf")

    def seconds_left(self) -> float:
        """Until the holder must have stepped down. Raises LeaseLostError once it must."""
        left = self._until - self._monotonic()
        if left <= 0:
            raise LeaseLostError
        return left
