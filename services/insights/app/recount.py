"""Counts from the log anew, span by span, and compares with what is stored. Memory: one span of one shard.

Spans without events and rows are leapt over, so a log of years costs what happened in it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from services.insights.app.ports import CountedLog, FiguresStore
from services.insights.domain.bombing import BURST_SECONDS
from services.insights.domain.recounting import Difference, Drift, Recounting
from services.insights.domain.windows import WINDOW_SECONDS, floor, is_closed

SPAN_SECONDS_MAX: Final = 4 * WINDOW_SECONDS
REPAIRED_AT_ONCE_MAX: Final = 1_000

_NEVER_RIGHT: Final = (Drift.MISCOUNTED, Drift.UNFOUNDED)


@dataclass(frozen=True, slots=True)
class Span:
    """A span of windows of one shard, recounted."""

    shard: int
    epoch: int
    since: int
    until: int
    rows: int
    events: int
    differences: tuple[Difference, ...]


class Recount:
    """The log against the table."""

    def __init__(self, log: CountedLog, store: FiguresStore) -> None:
        self._log = log
        self._store = store

    async def spans(self, shard: int, since: int, until: int) -> AsyncIterator[Span]:
        """Every span of a shard in which anything happened or is stored, from window ``since`` to before ``until``."""
        epoch = await self._log.epoch()
        window = await self._next(shard, since)
        while window is not None and window < until:
            end = min(window + SPAN_SECONDS_MAX, until)
            # Rows first: the log, read later, has at least what they were counted from.
            recounting = Recounting(window, end, await self._store.rows(epoch, shard, window, end))
            async for event in self._log.happenings(shard, window - BURST_SECONDS, end):
                recounting.take(event)
            yield Span(shard, epoch, window, end, recounting.rows, recounting.events, recounting.differences())
            window = await self._next(shard, end)

    async def repair(self, span: Span) -> None:
        """Makes the span's rows what the log says they are."""
        for first in range(0, len(span.differences), REPAIRED_AT_ONCE_MAX):
            await self._store.repair(span.epoch, span.differences[first : first + REPAIRED_AT_ONCE_MAX])

    async def _next(self, shard: int, since: int) -> int | None:
        happened = await self._log.next_second(shard, since)
        stored = await self._store.first_window(shard, since)
        return min((floor(second) for second in (happened, stored) if second is not None), default=None)


def is_drift(found: Difference, now_seconds: int) -> bool:
    """Whether a difference is more than a counter that hasn't come as far yet."""
    return found.drift in _NEVER_RIGHT or is_closed(found.key.window, now_seconds)
