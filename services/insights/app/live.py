"""One live counter in the whole installation: who holds the lease counts, everybody else waits.

    standby   asks for the lease every RENEW_SECONDS
    live      prolongs it every RENEW_SECONDS; a counter that ends by itself is started again, after a pause
    leaving   when the lease could not be prolonged in time, the epoch has changed, or the process stops: the counter
              is stopped, and STOP_SECONDS_MAX for that are over before the lease lapses. One that doesn't stop in time
              keeps it from being given up: it lapses, and isn't asked for here before that counter has ended

The lease keeps two counters apart, and what a stale one would still store is refused with its term (insights.store).
"""

import asyncio
import random
import time
import uuid
from collections.abc import Callable
from typing import Final

import structlog

from pushward.errors import UnavailableError
from pushward.telemetry.metrics import Metrics
from services.insights.app.ports import CountedLog, Counter, CounterError, Leases, Stream, Term

LEASE: Final = "live"
LEASE_SECONDS: Final = 6.0
RENEW_SECONDS: Final = 1.0
STOP_SECONDS_MAX: Final = 3.0
RETRY_SECONDS_MIN: Final = 0.5
RETRY_SECONDS_MAX: Final = 10.0

_log = structlog.get_logger(__name__)


class Live:
    """Takes part in being the live one."""

    def __init__(
        self,
        log: CountedLog,
        leases: Leases,
        counter: Counter,
        metrics: Metrics,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._leases = leases
        self._counter = counter
        self._monotonic = monotonic
        self._owner = uuid.uuid4()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._term = metrics.gauge("insights_live_term", "The term of the live counter in this process; 0: standby")
        self._term.set(0)

    async def start(self) -> None:
        """Begins to ask for the lease."""
        self._task = asyncio.create_task(self._run(), name="insights-live")

    async def stop(self) -> None:
        """Ends the counter, and gives up the lease."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                asked = self._monotonic()
                term = await self._leases.take(LEASE, self._owner, LEASE_SECONDS)
                if term is not None:
                    await self._hold(term, asked)
            except UnavailableError as error:
                _log.warning("insights_lease_unavailable", reason=error.message)
            except Exception:
                _log.exception("insights_live_failed")
            await self._pause(RENEW_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 - jitter

    async def _hold(self, term: Term, asked: float) -> None:
        """Counts for as long as the lease holds. ``asked`` is when it was asked for: it is younger than that."""
        epoch = await self._log.epoch()
        self._term.set(term.number)
        _log.info("insights_live", term=term.number)
        counting = asyncio.create_task(self._count(term, epoch), name="insights-counting")
        try:
            await self._keep(term, asked, epoch)
        finally:
            counting.cancel()
            await asyncio.wait({counting}, timeout=STOP_SECONDS_MAX)
            self._term.set(0)
            if not counting.done():
                _log.warning("counter_not_stopped", term=term.number)
            await self._ended_or_leaving(counting)
        if counting.done():
            await self._leases.give_up(LEASE, term)
        _log.info("insights_standby", term=term.number)

    async def _ended_or_leaving(self, counting: asyncio.Task[None]) -> None:
        """Until then nobody here may ask for the lease: it lapses, or the next counter would meet this one."""
        while not counting.done() and not self._stopping.is_set():
            await self._pause(RENEW_SECONDS)

    async def _keep(self, term: Term, asked: float, epoch: int) -> None:
        """Prolongs the lease until it must be given up."""
        while not self._stopping.is_set():
            if self._monotonic() > asked + LEASE_SECONDS - STOP_SECONDS_MAX:
                _log.warning("insights_lease_lost", term=term.number, reason="not prolonged in time")
                return
            await self._pause(RENEW_SECONDS)
            asking = self._monotonic()
            try:
                async with asyncio.timeout(RENEW_SECONDS):
                    kept = await self._leases.take(LEASE, self._owner, LEASE_SECONDS)
                    epoch_now = await self._log.epoch()
            except (UnavailableError, TimeoutError):
                continue
            if kept != term:
                _log.warning("insights_lease_lost", term=term.number, reason="it had lapsed")
                return
            if epoch_now != epoch:
                _log.warning("insights_epoch_changed", epoch=epoch_now)
                return
            asked = asking

    async def _count(self, term: Term, epoch: int) -> None:
        """Runs counters, one after the other, until cancelled."""
        delay_seconds = RETRY_SECONDS_MIN
        while True:
            try:
                shards = len(await self._log.shards())
                async with self._counter.running(epoch, shards, term) as stream:
                    delay_seconds = RETRY_SECONDS_MIN
                    reason = await self._ended(stream)
            except (CounterError, UnavailableError) as error:
                reason = str(error)
            except Exception:
                _log.exception("counter_failed")
                reason = "a defect"
            _log.warning("counter_ended", reason=reason, again_in_seconds=delay_seconds)
            await asyncio.sleep(delay_seconds)
            delay_seconds = min(delay_seconds * 2, RETRY_SECONDS_MAX)

    async def _ended(self, stream: Stream) -> str:
        _log.info("counter_started")
        return await stream.ended()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
