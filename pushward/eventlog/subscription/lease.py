"""Until when this process may act on its shards, by its own clock.

The database grants a lease from the moment at which it gets the claim; we count from the moment before we sent it, and
a little less. So a process that was stopped, or that has lost the database, knows by itself that it has nothing any
more, before anybody else can have it.
"""

import time
from collections.abc import Callable
from typing import Final

from pushward.eventlog.subscription.errors import LeaseLostError

_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def seconds_awake_or_not() -> float:
    """A monotonic clock that also counts the time for which the machine was asleep, where the system has one."""
    return time.clock_gettime(_CLOCK)


class Lease:
    """One trust window for all shards of a subscription: they are claimed together."""

    def __init__(self, trust_seconds: float, clock: Callable[[], float] = seconds_awake_or_not) -> None:
        self._trust_seconds = trust_seconds
        self._clock = clock
        self._until = clock()

    def now(self) -> float:
        """To be read before a claim is sent."""
        return self._clock()

    def granted(self, asked_at: float) -> None:
        """A claim that was sent after ``asked_at`` was granted."""
        self._until = asked_at + self._trust_seconds

    @property
    def left_seconds(self) -> float:
        """How long it may still be trusted; not above 0 once it has lapsed."""
        return self._until - self._clock()

    def check(self) -> None:
        """Raises LeaseLostError once it has lapsed."""
        if self.left_seconds <= 0:
            raise LeaseLostError("not renewed in time")
