"""Figures in PostgreSQL: the rows that are served, and the progress of the recount."""

from collections.abc import Collection, Sequence
from typing import Final

from pushward.clock import milliseconds
from pushward.database.pool import Database
from services.insights.adapters.rows import COLUMNS, FIGURES, columns, figures_of, moment_of, row_of, second_of
from services.insights.app.ports import Counted, Progress, Term
from services.insights.domain.recounting import OF_AN_EARLIER_EPOCH, Difference
from services.insights.domain.rows import Row

_MERGED: Final = ", ".join(
    f"{'max' if name == 'time_to_answer_ms_max' else 'sum'}({name})::bigint AS {name}" for name in FIGURES
)
_READ: Final = f"""
    SELECT window_start, max(stored_at) AS stored_at, {_MERGED}
      FROM insights.figures
     WHERE sid = $1 AND service_sid = $2 AND window_start >= $3 AND window_start < $4
     GROUP BY window_start ORDER BY window_start DESC"""  # noqa: S608 - our own names
_STORE: Final = "SELECT insights.store($1, $2, $3, $4)"
_REPAIR: Final = "SELECT insights.repair($1, $2, $3)"
_ROWS: Final = f"""
    SELECT epoch, {COLUMNS} FROM insights.figures
     WHERE shard = $1 AND window_start >= $2 AND window_start < $3"""  # noqa: S608 - our own names
_FIRST: Final = "SELECT min(window_start) AS first FROM insights.figures WHERE shard = $1 AND window_start >= $2"
_PROGRESS: Final = "SELECT shard, epoch, through FROM insights.recounted"
_REACHED: Final = """
    INSERT INTO insights.recounted (shard, epoch, through) VALUES ($1, $2, $3)
    ON CONFLICT (shard) DO UPDATE SET epoch = EXCLUDED.epoch, through = EXCLUDED.through"""
_PRUNE: Final = """
    WITH old AS (
        SELECT sid, window_start, shard FROM insights.figures
         WHERE shard IN (SELECT shard FROM log.shard) AND window_start < $1 LIMIT $2
    ),
    gone AS (
        DELETE FROM insights.figures AS f USING old AS o
         WHERE f.sid = o.sid AND f.window_start = o.window_start AND f.shard = o.shard
        RETURNING 1
    )
    SELECT count(*)::int AS gone FROM gone"""


class PostgresFigures:
    """``insights.figures`` and ``insights.recounted``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, sid: str, service_sid: str, since: int, until: int) -> Counted:
        """A factor's or a service's figures; a service's merged over the shards."""
        records = await self._database.fetch(_READ, sid, service_sid, moment_of(since), moment_of(until))
        windows = [(second_of(record["window_start"]), figures_of(record)) for record in records]
        stored = max((record["stored_at"] for record in records), default=None)
        return Counted(windows, None if stored is None else milliseconds(stored))

    async def store(self, term: Term, epoch: int, rows: Collection[Row]) -> bool:
        """Stores rows that go further; False if the term is over."""
        record = await self._database.fetchrow(_STORE, epoch, columns(rows), term.owner, term.number)
        assert record is not None
        stored: bool = record[0]
        return stored

    async def rows(self, epoch: int, shard: int, since: int, until: int) -> Sequence[Row]:
        """A shard's rows of a span of windows."""
        records = await self._database.fetch(_ROWS, shard, moment_of(since), moment_of(until))
        return [
            row_of(record, record["position"] if record["epoch"] == epoch else OF_AN_EARLIER_EPOCH)
            for record in records
        ]

    async def repair(self, epoch: int, differences: Collection[Difference]) -> None:
        """Makes rows what the log says they are."""
        right = [found.counted for found in differences if found.counted is not None]
        wrong = [found.stored for found in differences if found.stored is not None and _claims_too_much(found)]
        await self._database.execute(_REPAIR, epoch, columns(right), columns(wrong))

    async def first_window(self, shard: int, since: int) -> int | None:
        """The first window from ``since`` on that a shard has rows of."""
        record = await self._database.fetchrow(_FIRST, shard, moment_of(since))
        return None if record is None or record["first"] is None else second_of(record["first"])

    async def progress(self) -> dict[int, Progress]:
        """How far each shard was recounted."""
        records = await self._database.fetch(_PROGRESS)
        return {record["shard"]: Progress(record["epoch"], second_of(record["through"])) for record in records}

    async def reached(self, shard: int, progress: Progress) -> None:
        """Remembers it."""
        await self._database.execute(_REACHED, shard, progress.epoch, moment_of(progress.through))

    async def prune(self, before: int, at_most: int) -> int:
        """Forgets rows of older windows."""
        record = await self._database.fetchrow(_PRUNE, moment_of(before), at_most)
        assert record is not None
        gone: int = record["gone"]
        return gone


def _claims_too_much(found: Difference) -> bool:
    """Whether a row was counted up to a position at which the log has no event for it: it must go, to be made anew."""
    assert found.stored is not None
    return found.counted is None or found.stored.position > found.counted.position
