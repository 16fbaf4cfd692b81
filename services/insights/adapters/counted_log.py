"""The log in PostgreSQL, as the recount reads it: a span of time of one shard, the counted types only."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from pushward.database.pool import Database
from services.insights.adapters.decoding import COUNTED_TYPES, happening_of
from services.insights.adapters.rows import moment_of
from services.insights.domain.happening import Happening
from services.insights.domain.windows import LATE_SECONDS_MAX

POSITIONS_A_PAGE: Final = 500  # decoded in some milliseconds: others use the loop, too

_EPOCH: Final = "SELECT max(epoch) AS epoch FROM log.epoch"
_NOW: Final = "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint AS now"
_SHARDS: Final = "SELECT shard, position FROM log.shard ORDER BY shard"
_POSITION: Final = "SELECT insights.position_before($1, $2) AS position"
_PAGE: Final = """
    SELECT position, type, recorded_at, payload FROM log.event
     WHERE shard = $1 AND position > $2 AND position <= $3 AND type = ANY($4::smallint[])
     ORDER BY position"""
_NEXT: Final = """
    SELECT floor(extract(epoch FROM recorded_at))::bigint AS second FROM log.event
     WHERE shard = $1 AND position > $2 ORDER BY position LIMIT 1"""


class PostgresCountedLog:
    """Reads through a pool, page by page, so that no statement takes long."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def epoch(self) -> int:
        """The epoch of its positions."""
        return await self._number(_EPOCH)

    async def now_seconds(self) -> int:
        """The database's clock."""
        return await self._number(_NOW)

    async def shards(self) -> Sequence[int]:
        """Their numbers."""
        return [record["shard"] for record in await self._database.fetch(_SHARDS)]

    async def happenings(self, shard: int, since: int, until: int) -> AsyncIterator[Happening]:
        """All that was recorded from ``since`` to ``until``, in order; and what lies between."""
        after = await self._number(_POSITION, shard, moment_of(since - LATE_SECONDS_MAX))
        # One past the last that was recorded before `until`: later ones lie before it, earlier ones never after it.
        last = await self._number(_POSITION, shard, moment_of(until + LATE_SECONDS_MAX))
        while after < last:
            through = min(after + POSITIONS_A_PAGE, last)
            for record in await self._database.fetch(_PAGE, shard, after, through, COUNTED_TYPES):
                event = happening_of(
                    shard, record["position"], record["type"], record["recorded_at"], record["payload"]
                )
                if event is not None:
                    yield event
            after = through

    async def next_second(self, shard: int, since: int) -> int | None:
        """About when the first event from ``since`` on was recorded; never later than it was."""
        position = await self._number(_POSITION, shard, moment_of(since - LATE_SECONDS_MAX))
        record = await self._database.fetchrow(_NEXT, shard, position)
        return None if record is None else max(since, record["second"] - LATE_SECONDS_MAX)

    async def _number(self, query: str, *arguments: object) -> int:
        record = await self._database.fetchrow(query, *arguments)
        assert record is not None
        number: int = record[0]
        return number
