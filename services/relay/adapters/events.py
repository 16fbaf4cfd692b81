"""An account's events in PostgreSQL: one query a scan, in one snapshot.

The database looks for the account's SID in the envelopes, so that other accounts' events don't travel; whether an event
is the account's is then decided by the decoded envelope.
"""

from dataclasses import fields
from typing import Any, Final

from pushward.database.pool import Database
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.postgres import HoleError
from services.relay.app.account_events import Scan
from services.relay.app.ownership import belongs_to

_COLUMNS: Final = [field.name for field in fields(StoredEvent) if field.name != "shard"]

_EPOCH: Final = "SELECT max(epoch) FROM log.epoch"
# The row at $2 itself comes first, for its event's id. It ends before the account's event that is one too many ($5).
_SCAN: Final = """
SELECT s.position AS head, (SELECT max(epoch) FROM log.epoch) AS epoch, (SELECT count(*) FROM log.shard) AS shards,
       r.position, r.event_id, r.mine, r.version, r.type, r.schema, r.recorded_at,
       CASE WHEN r.mine THEN r.stream_id END AS stream_id,
       CASE WHEN r.mine THEN r.envelope END AS envelope,
       CASE WHEN r.mine THEN r.payload END AS payload
  FROM log.shard AS s
  LEFT JOIN LATERAL (
       SELECT m.*, count(*) FILTER (WHERE m.mine) OVER (ORDER BY m.position) AS number
         FROM (SELECT e.*, e.position > $2 AND position($4::bytea IN e.envelope) > 0 AS mine
                 FROM log.event AS e
                WHERE e.shard = $1 AND e.position >= $2
                ORDER BY e.position LIMIT $3) AS m
  ) AS r ON r.number <= $5
 WHERE s.shard = $1
 ORDER BY r.position"""


class PostgresAccountEvents:
    """The log as one account may see it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def scan(self, account_sid: str, shard: int, after: int, rows_max: int, events_max: int) -> Scan | None:
        """A stretch of a shard; None if there is no such shard. Raises UnavailableError, HoleError."""
        found = await self._database.fetch(
            _SCAN, shard, after, rows_max + (after > 0), account_sid.encode(), events_max
        )
        if not found:
            return None
        rows = [row for row in found if row["position"] is not None]
        after_id = rows.pop(0)["event_id"] if rows and rows[0]["position"] == after else None
        if rows and rows[-1]["position"] != after + len(rows):
            raise HoleError(f"shard {shard} has a hole after position {after}")
        last = rows[-1] if rows else None
        return Scan(
            epoch=found[0]["epoch"],
            shards=found[0]["shards"],
            head=found[0]["head"],
            after_id=after_id,
            through=after if last is None else last["position"],
            through_id=after_id if last is None else last["event_id"],
            events=[event for row in rows if row["mine"] and belongs_to(event := _event(shard, row), account_sid)],
        )

    async def epoch(self) -> int:
        """The log's epoch now. Raises UnavailableError."""
        ((epoch,),) = await self._database.fetch(_EPOCH)
        number: int = epoch
        return number


def _event(shard: int, row: Any) -> StoredEvent:  # Any: a record of asyncpg, whose stubs know no columns
    return StoredEvent(shard, *(row[name] for name in _COLUMNS))
