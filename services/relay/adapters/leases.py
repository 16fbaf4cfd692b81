"""Leases in PostgreSQL; see sql/ for what each function promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pushward.database.pool import Database
from services.relay.app.ports import Lease, Progress
from services.relay.domain.tail import Kept

_CLAIM: Final = "SELECT * FROM relay.claim($1, $2)"
_KEEP: Final = "SELECT relay.keep($1, $2::relay.kept[]) AS shard"
_TELL: Final = "SELECT relay.tell($1, $2, $3, $4, $5)"
_RELEASE: Final = "SELECT relay.release($1)"
_STATUS: Final = """
    SELECT s.shard, s.position AS head, l.epoch, l.position, l.term, l.owner, l.alarm, l.trouble,
           extract(epoch FROM l.leased_until - clock_timestamp())::float8 AS lease_seconds,
           (SELECT max(epoch) FROM log.epoch) AS current_epoch
      FROM log.shard AS s LEFT JOIN relay.lease AS l USING (shard)
     ORDER BY s.shard"""


class PostgresLeases:
    """Rows of ``relay.lease``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, owner: UUID, seconds: float) -> Sequence[Lease]:
        """Takes or renews this owner's share of the shards."""
        return [
            Lease(
                shard=row["shard"],
                term=row["term"],
                kept=Kept(row["epoch"], row["position"], row["event_id"]),
                epoch=row["current_epoch"],
                shards=row["shards"],
                is_as_sent=row["is_as_sent"],
            )
            for row in await self._database.fetch(_CLAIM, owner, seconds)
        ]

    async def keep(self, owner: UUID, progress: Sequence[Progress]) -> frozenset[int]:
        """Keeps positions; returns the shards that are still this owner's."""
        positions = [
            (each.shard, each.term, each.kept.epoch, each.kept.position, each.kept.event_id) for each in progress
        ]
        return frozenset(row["shard"] for row in await self._database.fetch(_KEEP, owner, positions))

    async def tell(self, owner: UUID, shard: int, term: int, alarm: str | None, trouble: str | None) -> None:
        """Notes how a shard's loop is."""
        await self._database.execute(_TELL, owner, shard, term, alarm, trouble)

    async def release(self, owner: UUID) -> None:
        """Gives up everything."""
        await self._database.execute(_RELEASE, owner)


@dataclass(frozen=True, slots=True)
class ShardStatus:
    """A shard as `pushward relay status` shows it. ``position`` is 0 unless it is of the current epoch."""

    shard: int
    epoch: int
    head: int
    position: int
    term: int
    holder: UUID | None
    lease_seconds: float | None  # until it lapses; negative if it has
    alarm: str | None
    trouble: str | None

    @property
    def lag(self) -> int:
        """Events of the log that are not known to be in the topic."""
        return self.head - self.position


async def status_of(database: Database) -> Sequence[ShardStatus]:
    """Every shard of the log. Raises UnavailableError."""
    return [
        ShardStatus(
            shard=row["shard"],
            epoch=row["current_epoch"],
            head=row["head"],
            position=row["position"] or 0 if row["epoch"] == row["current_epoch"] else 0,
            term=row["term"] or 0,
            holder=row["owner"],
            lease_seconds=row["lease_seconds"],
            alarm=row["alarm"],
            trouble=row["trouble"],
        )
        for row in await database.fetch(_STATUS)
    ]
