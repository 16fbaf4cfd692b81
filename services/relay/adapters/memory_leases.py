"""Leases in memory: for tests and simulations. Several relays of a process may share one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from uuid import UUID

from pushward.eventlog.event import StoredEvent
from services.relay.app.ports import Lease, Progress
from services.relay.domain.tail import FIRST, Kept


@dataclass(slots=True)
class MemoryLease:
    """A row."""

    owner: UUID | None = None
    term: int = 0
    until: float = 0.0
    kept: Kept = field(default_factory=lambda: Kept(0, FIRST, None))
    alarm: str | None = None
    trouble: str | None = None


class MemoryLeases:
    """Leases on the shards of a log in memory; ``now`` is the store's clock."""

    def __init__(self, events: Mapping[int, Sequence[StoredEvent]], now: Callable[[], float]) -> None:
        self.rows = {shard: MemoryLease() for shard in events}
        self.epoch = 1
        self._events = events
        self._now = now
        self._members: dict[UUID, float] = {}

    async def claim(self, owner: UUID, seconds: float) -> Sequence[Lease]:
        """Takes or renews this owner's share of the shards."""
        until = self._now() + seconds
        self._members[owner] = until
        share = ceil(len(self.rows) / max(1, sum(seen > self._now() for seen in self._members.values())))
        mine = [shard for shard, row in self.rows.items() if row.owner == owner]
        for shard in mine[share:]:
            self.rows[shard].owner = None
        free = [shard for shard, row in self.rows.items() if row.owner != owner and self._lapsed(row)]
        claimed = sorted(mine[:share] + free[: max(0, share - len(mine))])
        for shard in claimed:
            row = self.rows[shard]
            if row.owner != owner or self._lapsed(row):
                row.term += 1
            row.owner, row.until = owner, until
        return [self._lease(shard) for shard in claimed]

    async def keep(self, owner: UUID, progress: Sequence[Progress]) -> frozenset[int]:
        """Keeps positions; returns the shards that are still this owner's."""
        held = [each for each in progress if self._holds(owner, each.shard, each.term)]
        for each in held:
            self.rows[each.shard].kept = each.kept
        return frozenset(each.shard for each in held)

    async def tell(self, owner: UUID, shard: int, term: int, alarm: str | None, trouble: str | None) -> None:
        """Notes how a shard's loop is."""
        if self._holds(owner, shard, term):
            self.rows[shard].alarm, self.rows[shard].trouble = alarm, trouble

    async def release(self, owner: UUID) -> None:
        """Gives up everything."""
        self._members.pop(owner, None)
        for row in self.rows.values():
            if row.owner == owner:
                row.owner = None

    def _holds(self, owner: UUID, shard: int, term: int) -> bool:
        return (self.rows[shard].owner, self.rows[shard].term) == (owner, term)

    def _lapsed(self, row: MemoryLease) -> bool:
        return row.owner is None or row.until < self._now()

    def _lease(self, shard: int) -> Lease:
        row = self.rows[shard]
        return Lease(shard, row.term, row.kept, self.epoch, len(self.rows), self._is_as_sent(shard, row.kept))

    def _is_as_sent(self, shard: int, kept: Kept) -> bool:
        if kept.position == FIRST or kept.epoch != self.epoch:
            return True
        events = self._events[shard]
        return kept.position <= len(events) and events[kept.position - 1].event_id == kept.event_id
