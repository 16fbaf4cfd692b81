"""Time as a value.

Whatever is decided is decided by the database's clock, which arrives with the rows that were loaded. ``WallClock`` is
for what never reaches the log: token lifetimes at the edge, leases in memory, log lines.
"""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        ...


class WallClock:
    """This machine's clock."""

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved: for tests and simulations."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The time it was set to."""
        return self.at


def milliseconds(moment: datetime) -> int:
    """Unix milliseconds of ``moment``."""
    return int(moment.timestamp() * 1000)
