"""The log as one account may see it: what answering tenants needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pushward.eventlog.event import StoredEvent


@dataclass(frozen=True, slots=True)
class Scan:
    """A stretch of a shard, in one snapshot: rows ``after`` to ``through``, and of those the account's events.

    ``after_id`` and ``through_id`` are the ids of the events at either end; None where there is none.
    """

    epoch: int
    shards: int
    head: int
    after_id: UUID | None
    through: int
    through_id: UUID | None
    events: Sequence[StoredEvent]


class AccountEvents(Protocol):
    """The log as one account may see it."""

    async def scan(self, account_sid: str, shard: int, after: int, rows_max: int, events_max: int) -> Scan | None:
        """At most ``rows_max`` rows after a position, with at most ``events_max`` events of the account's.

        None if there is no such shard. Raises UnavailableError.
        """
        ...

    async def epoch(self) -> int:
        """The log's epoch now. Raises UnavailableError."""
        ...
