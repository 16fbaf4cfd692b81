"""Takes due deliveries, has them sent, records what came of it. Crash-only: what it had taken is due again later.

    enqueued    the subscription stored deliveries and took some for us: they begin when its transaction is committed
    due         others (retries, what a dead process had taken, what there was no room for) are taken by query:
                when a place becomes free that something waits for, and every POLL_SECONDS
    finished    results gather while the last ones are being written, then go into one statement

A result that can't be recorded keeps its place, so a database that is away stops new attempts rather than losing
results; if this process dies instead, the attempt is made again with the same uuid.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from pushward.errors import UnavailableError
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.subscription import AfterCommit, Move, Through
from services.webhook.app.candidates import candidates
from services.webhook.app.ports import Deliveries, Enqueued
from services.webhook.app.sender import Sender
from services.webhook.domain.delivery import Delivery, Finished
from services.webhook.domain.places import NO_ROOM, Places
from services.webhook.domain.retry import Result, Status, judge

POLL_SECONDS: Final = 1.0
AWAY_SECONDS: Final = 0.5
RECORD_RESULTS_MAX: Final = 500
DRAIN_SECONDS: Final = 15.0
"""Of stopping: longer than a receiver may take to answer."""

_RECEIVER_FAILED: Final = frozenset({Result.REFUSED, Result.TIMED_OUT, Result.UNREACHABLE, Result.TARGET_REFUSED})

_log = structlog.get_logger(__name__)


class Courier:
    """Deliveries of this process."""

    def __init__(
        self,
        deliveries: Deliveries,
        sender: Sender,
        places: Places,
        *,
        poll_seconds: float = POLL_SECONDS,
        jitter: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311 - spreads load, hides nothing
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deliveries = deliveries
        self._sender = sender
        self._places = places
        self._poll_seconds = poll_seconds
        self._jitter = jitter
        self._monotonic = monotonic
        self._finished: list[Finished] = []
        self._waiting: set[str] = set()  # webhooks that had more due than there was room for
        self._more = False  # the last look took all that there was room for
        self._look_at = monotonic()
        self._news = asyncio.Event()
        self._attempts: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._stopping = False
        self._drained = False

    async def start(self) -> None:
        """Begins to take what is due."""
        self._loop = asyncio.create_task(self._run(), name="webhook-courier")

    async def stop(self) -> None:
        """Takes nothing more, lets attempts finish for DRAIN_SECONDS, records their results."""
        self._stopping = True
        if self._attempts:
            _, late = await asyncio.wait(self._attempts, timeout=DRAIN_SECONDS)
            for attempt in late:
                attempt.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._drained = True
        self._news.set()
        if self._loop is not None:
            await self._loop

    async def apply(self, through: Through, move: Move, events: Sequence[StoredEvent]) -> AfterCommit:
        """The subscription's effect: deliveries for what matches, together with its move."""
        room = NO_ROOM if self._stopping else self._places.room()
        enqueued = await self._deliveries.enqueue(through, move, candidates(events), room)
        return lambda: self._begin_enqueued(enqueued)

    def _begin_enqueued(self, enqueued: Enqueued) -> None:
        self._waiting |= enqueued.waiting
        self._begin(enqueued.taken)
        self._news.set()

    def _begin(self, taken: Sequence[Delivery]) -> None:
        for delivery in taken:
            if self._stopping or not self._places.take(delivery.webhook_sid):
                self._waiting.add(delivery.webhook_sid)
                self._finish(delivery, Result.NOT_STARTED)
                continue
            attempt = asyncio.create_task(self._attempt(delivery))
            self._attempts.add(attempt)
            attempt.add_done_callback(self._attempts.discard)

    async def _attempt(self, delivery: Delivery) -> None:
        self._finish(delivery, await self._sender.attempt(delivery))

    def _finish(self, delivery: Delivery, result: Result) -> None:
        verdict = judge(result, delivery.attempts, delivery.age_seconds, self._jitter())
        self._finished.append(Finished(delivery, result, verdict))
        self._news.set()
        if verdict.status is Status.FAILED:
            _log.warning(
                "webhook_delivery_failed",
                webhook=delivery.webhook_sid,
                delivery=str(delivery.uuid),
                attempts=delivery.attempts,
                result=result.value,
            )

    async def _run(self) -> None:
        while not (self._drained and not self._finished):
            try:
                await self._record()
                if self._should_look():
                    await self._take()
            except UnavailableError as error:
                _log.warning("webhook_deliveries_unavailable", reason=error.message)
                if self._drained:
                    return
                await asyncio.sleep(AWAY_SECONDS)
            except Exception:
                _log.exception("webhook_courier_failed")
                await asyncio.sleep(AWAY_SECONDS)
            else:
                await self._await_news()

    async def _record(self) -> None:
        while batch := self._finished[:RECORD_RESULTS_MAX]:
            await self._deliveries.record(batch)
            del self._finished[: len(batch)]
            for finished in batch:
                if finished.result is not Result.NOT_STARTED:
                    self._places.give_back(finished.delivery.webhook_sid, failed=finished.result in _RECEIVER_FAILED)

    def _should_look(self) -> bool:
        if self._stopping or not self._places.free:
            return False
        if self._more or self._monotonic() >= self._look_at:
            return True
        return any(self._places.has_room(sid) for sid in self._waiting)

    async def _take(self) -> None:
        room = self._places.room()
        self._waiting.clear()
        taken = await self._deliveries.take(room)
        self._look_at = self._monotonic() + self._poll_seconds
        self._more = len(taken) >= room.total
        counts = Counter(delivery.webhook_sid for delivery in taken)
        self._waiting |= {sid for sid, count in counts.items() if count >= room.exceptions.get(sid, room.per_webhook)}
        self._begin(taken)

    async def _await_news(self) -> None:
        if not self._news.is_set():
            seconds = self._look_at - self._monotonic()
            try:
                async with asyncio.timeout(seconds if seconds > 0 else self._poll_seconds):
                    await self._news.wait()
            except TimeoutError:
                return
        self._news.clear()
