"""Epochs: which history of the log its positions belong to, and whether that is still the one that is being written.

A restore or a lossy failover hands out positions anew, so each epoch remembers the PostgreSQL that it began on: the
system identifier, and the timeline, which changes with every promotion and every recovery to a point in time. Where
they differ, nothing is served and nothing is followed until an operator has said `pushward log new-epoch`.

What this can't see: an older copy of the data directory that was started as it is, without recovery. It keeps both.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final, Protocol

_STATUS: Final = """
SELECT e.epoch, e.system_identifier, e.timeline, i.system_identifier AS found_identifier, i.timeline AS found_timeline
  FROM log.epoch AS e
 CROSS JOIN log.identity() AS i
 ORDER BY e.epoch DESC
 LIMIT 1"""


class History(Protocol):
    """Whether the log's history may be gone on with, for those who write or copy it without being asked."""

    async def problem(self) -> str | None:
        """Why it may not, as of now; None when it may. While the database is away: what was found last."""
        ...


class Undoubted:
    """A history without a problem: of a process without a log, and of tests."""

    async def problem(self) -> str | None:
        """None."""
        return None


class Queries(Protocol):
    """A pool or a connection."""

    def fetchrow(self, query: str, *arguments: Any) -> Awaitable[Any]:  # Any: query arguments; a row or None
        """The first row, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """A PostgreSQL, and the timeline that it writes on (None: it is recovering, or a standby)."""

    system_identifier: str
    timeline: int | None


@dataclass(frozen=True, slots=True)
class Epoch:
    """The log's current epoch, the identity it began on, and the one that was found now."""

    number: int
    began_on: Identity
    found: Identity

    @property
    def problem(self) -> str | None:
        """Why positions of this epoch can't be trusted now, in one line with what to do; None when they can."""
        if self.found.timeline is None:
            return "the database is recovering, or a standby: it takes no writes"
        if self.found.system_identifier != self.began_on.system_identifier:
            return (
                f"epoch {self.number} of the log was written by another PostgreSQL "
                f"({self.began_on.system_identifier}, this is {self.found.system_identifier}): "
                "it was restored, run `pushward log new-epoch`"
            )
        if self.found.timeline != self.began_on.timeline:
            return (
                f"epoch {self.number} of the log was written on PostgreSQL's timeline {self.began_on.timeline}, "
                f"this is {self.found.timeline}: it was restored or failed over, run `pushward log new-epoch`"
            )
        return None


async def current_epoch(database: Queries) -> Epoch | None:
    """The newest epoch; None before the log has shards. Raises what the pool or the connection raises."""
    row = await database.fetchrow(_STATUS)
    if row is None:
        return None
    return Epoch(
        row["epoch"],
        Identity(row["system_identifier"], row["timeline"]),
        Identity(row["found_identifier"], row["found_timeline"]),
    )
