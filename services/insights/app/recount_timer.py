"""The recount on a timer: closed windows only, one process at a time. What it finds it counts, tells and repairs.

It looks again at the windows of the last LOOK_BACK_SECONDS, and goes on where it was. Without Kafka it is the only one
that counts: figures come later, and come all the same.
"""

import uuid
from collections import Counter
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
        self._drift = metrics.counter(
            "insights_drift_windows", "Rows that a recount found to differ from the log, and repaired", ["drift"]
        )
        for drift in Drift:
            self._drift.labels(drift.value)
        self._through = metrics.gauge(
            "insights_recounted_through_seconds", "Up to when a shard was recounted, in Unix seconds", ["shard"]
        )

    async def turn(self) -> bool:
        """Recounts all shards, unless another process does; True if there is more to forget at once."""
        if await self._leases.take(LEASE, self._owner, self._lease_seconds) is None:
            return False
        now = await self._log.now_seconds()
        oldest, until = floor(now - KEEP_SECONDS), closed_before(now)
        epoch, progress = await self._log.epoch(), await self._store.progress()
        for shard in await self._log.shards():
            await self._shard(shard, epoch, _since(progress.get(shard), epoch, oldest, until), until)
            await self._leases.take(LEASE, self._owner, self._lease_seconds)
        return await self._store.prune(oldest, PRUNED_AT_ONCE_MAX) == PRUNED_AT_ONCE_MAX

    async def _shard(self, shard: int, epoch: int, since: int, until: int) -> None:
        async for span in self._recount.spans(shard, since, until):
            await self._recount.repair(span)
            self._tell(span)
            await self._reached(shard, Progress(epoch, span.until))
        await self._reached(shard, Progress(epoch, until))

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


def _since(progress: Progress | None, epoch: int, oldest: int, until: int) -> int:
    if progress is None or progress.epoch != epoch:
        return oldest
    return max(oldest, min(progress.through, until) - LOOK_BACK_SECONDS)
