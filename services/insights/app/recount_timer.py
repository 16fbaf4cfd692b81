"""The recount on a timer: closed windows only, one process at a time. What it finds it counts, tells and repairs.

It looks again at the windows of the last LOOK_BACK_SECONDS, and goes on where it was. Without Kafka it is the only one
that counts: figures come later, and come all the same.
"""

import uuid
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Final

import structlog

from pushward.telemetry.metrics import Metrics
from services.insights.app.ports import CountedLog, FiguresStore, Leases, Progress
from services.insights.app.recount import Recount, Span
from services.insights.domain.recounting import Drift
from services.insights.domain.windows import closed_before, floor

LEASE: Final = "recount"
LOOK_BACK_SECONDS: Final = 3_600
KEEP_SECONDS: Final = 90 * 86_400
PRUNED_AT_ONCE_MAX: Final = 10_000
SPANS_A_TURN_MAX: Final = 4
"""A long history takes many turns, so that a process may leave between two."""

_log = structlog.get_logger(__name__)


class RecountTimer:
    """A turn of it, for `pushward.periodic`."""

    def __init__(
        self,
        log: CountedLog,
        store: FiguresStore,
        leases: Leases,
        metrics: Metrics,
        *,
        lease_seconds: float,
        owner: uuid.UUID | None = None,
    ) -> None:
        self._log = log
        self._store = store
        self._leases = leases
        self._recount = Recount(log, store)
        self._lease_seconds = lease_seconds
        self._owner = owner or uuid.uuid4()
        self._work: AsyncGenerator[Span, None] | None = None
        self._drift = metrics.counter(
            "insights_drift_windows", "Rows that a recount found to differ from the log, and repaired", ["drift"]
        )
        for drift in Drift:
            self._drift.labels(drift.value)
        self._through = metrics.gauge(
            "insights_recounted_through_seconds", "Up to when a shard was recounted, in Unix seconds", ["shard"]
        )

    async def turn(self) -> bool:
        """Recounts a few spans, unless another process does; True if there is more to do at once."""
        if await self._leases.take(LEASE, self._owner, self._lease_seconds) is None:
            self._work = None
            return False
        work, self._work = self._work or self._recounting(), None  # gone, should anything go wrong
        for _ in range(SPANS_A_TURN_MAX):
            if (span := await anext(work, None)) is None:
                return await self._prune()
            await self._recount.repair(span)
            self._tell(span)
            await self._reached(span.shard, Progress(span.epoch, span.until))
        self._work = work
        return True

    async def _recounting(self) -> AsyncGenerator[Span, None]:
        """Every span that is to be looked at now."""
        until = closed_before(await self._log.now_seconds())
        epoch, progress = await self._log.epoch(), await self._store.progress()
        for shard in await self._log.shards():
            async for span in self._recount.spans(shard, _since(progress.get(shard), epoch, until), until):
                yield span
            await self._reached(shard, Progress(epoch, until))

    async def _prune(self) -> bool:
        oldest = floor(await self._log.now_seconds() - KEEP_SECONDS)
        return await self._store.prune(oldest, PRUNED_AT_ONCE_MAX) == PRUNED_AT_ONCE_MAX

    async def _reached(self, shard: int, progress: Progress) -> None:
        await self._store.reached(shard, progress)
        self._through.labels(str(shard)).set(progress.through)

    def _tell(self, span: Span) -> None:
        found = Counter(difference.drift for difference in span.differences)
        for drift, count in found.items():
            self._drift.labels(drift.value).inc(count)
        if not found:
            return
        wrong = found[Drift.MISCOUNTED] + found[Drift.UNFOUNDED]
        tell = _log.warning if wrong else _log.info
        tell(
            "figures_repaired",
            shard=span.shard,
            rows=span.rows,
            **{drift.value: count for drift, count in sorted(found.items())},
        )


def _since(progress: Progress | None, epoch: int, until: int) -> int:
    oldest = floor(until - KEEP_SECONDS)
    if progress is None or progress.epoch != epoch:
        return oldest
    return max(oldest, min(progress.through, until) - LOOK_BACK_SECONDS)
