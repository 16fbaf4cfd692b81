"""One shard of a subscription, followed from its stored position for as long as the lease lasts.

    verify     the log must be of our epoch, and hold the event that was applied last, where it was; after each outage
    advance    read, apply what is wanted, move; nothing wanted: move in memory
    make up    for parked streams that an operator asked for, in between

What fails is told apart by poison.py; a follower that finds the log wrong raises the shard's alarm and ends.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from pushward.errors import PushwardError, UnavailableError
from pushward.eventlog.epoch import current_epoch
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.port import LogReader
from pushward.eventlog.postgres import HoleError
from pushward.eventlog.subscription.applying import Applying
from pushward.eventlog.subscription.effect import Apply, AtOnce, Position, Wants
from pushward.eventlog.subscription.errors import LeaseLostError, LogRewrittenError, TooManyParkedError
from pushward.eventlog.subscription.gauges import Gauges
from pushward.eventlog.subscription.lease import Lease
from pushward.eventlog.subscription.parked import ParkedStreams
from pushward.eventlog.subscription.poison import TRIES_ALONE, is_outage, told
from pushward.eventlog.subscription.positions import Claim, Positions
from pushward.eventlog.subscription.timing import Timing

BATCH_EVENTS_MAX: Final = 500

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What the followers of a subscription have in common."""

    name: str
    positions: Positions
    reader: LogReader
    heads: HeadWatch
    effect: Apply | AtOnce
    wants: Wants
    lease: Lease
    gauges: Gauges
    timing: Timing


class Follower:
    """Follows one shard."""

    def __init__(self, followed: Followed, claim: Claim) -> None:
        self.shard = claim.shard
        self.alarm: str | None = None  # why it ended, if an operator must look
        self._followed = followed
        self._positions = followed.positions
        self._timing = followed.timing
        self._lease = followed.lease
        self._applying = Applying(followed.positions, followed.effect, followed.lease)
        self._progress = _Progress(claim.position, self._lease.now())
        self.parked = ParkedStreams(followed.name, claim.shard, followed.positions, self._applying, followed.wants)
        self._epoch = claim.epoch
        self._verified = False
        self._limit = BATCH_EVENTS_MAX  # halved where a batch fails: the culprit is alone in the end, a slow one small
        self._tries_alone = 0
        self._delay_seconds = followed.timing.retry_seconds_min
        self._outage_told = False
        self._stopping = asyncio.Event()
        self._called = asyncio.Event()  # a bell: what is wanted, `_stopping` and `parked.asked` say
        self.task = asyncio.create_task(self._run(), name=f"{followed.name}-shard-{claim.shard}")

    @property
    def position(self) -> int:
        """How far it has come."""
        return self._progress.current.position

    def stop(self) -> None:
        """Lets it finish the batch under way; its task then ends."""
        self._stopping.set()
        self._called.set()

    def make_up(self) -> None:
        """An operator asked for parked streams of the shard."""
        self.parked.asked = True
        self._called.set()

    async def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                await self._turn()
            await self._store()
        except LeaseLostError as error:
            _log.info("shard_lost", subscription=self._followed.name, shard=self.shard, reason=str(error))
        except UnavailableError as error:
            _log.warning(
                "position_not_stored", subscription=self._followed.name, shard=self.shard, reason=error.message
            )
        except (HoleError, LogRewrittenError, TooManyParkedError) as error:
            await self._raise_alarm(str(error))

    async def _raise_alarm(self, reason: str) -> None:
        self.alarm = reason
        _log.critical("shard_stopped", subscription=self._followed.name, shard=self.shard, reason=reason)
        try:
            await self._positions.raise_alarm(self.shard, reason)
        except (UnavailableError, LeaseLostError) as error:
            # Whoever has the shard next will find the same.
            _log.warning("alarm_not_stored", subscription=self._followed.name, shard=self.shard, reason=str(error))

    async def _turn(self) -> None:
        """One step; what it fails with is told apart, and the next one comes after a pause."""
        try:
            self._lease.check()
            if not self._verified:
                await self._verify()
            elif self.parked.asked:
                await self._store()
                await self.parked.make_up(self._progress.stored)
                self._is_well()
            else:
                await self._advance()
        except (LeaseLostError, HoleError, LogRewrittenError, TooManyParkedError):
            raise
        except Exception as error:
            self._followed.gauges.retried(self.shard)
            self._verified = False  # it may be another database that answers next
            self._tell(error)
            await self._pause()

    def _tell(self, error: Exception) -> None:
        """Says what it waits for, an outage once. Without the error's text, which may quote an event."""
        if not isinstance(error, PushwardError):
            _log.error("subscription_failed", subscription=self._followed.name, shard=self.shard, reason=told(error))
        elif not self._outage_told:
            self._outage_told = True
            _log.warning("shard_waits", subscription=self._followed.name, shard=self.shard, reason=told(error))

    def _is_well(self) -> None:
        self._tries_alone = 0
        self._delay_seconds = self._timing.retry_seconds_min
        self._outage_told = False

    async def _verify(self) -> None:
        """The log must be of our epoch, and hold what was applied last. Raises LeaseLostError, LogRewrittenError."""
        epoch = await current_epoch(self._positions.database)
        if epoch is None or epoch.problem is not None or epoch.number != self._epoch:
            raise LeaseLostError("the log's epoch is another one")  # the next round says which, and what to do
        position = self._progress.current
        if position.position:
            found = await self._positions.event_id_at(self.shard, position.position)
            place = f"{self._followed.name}: shard {self.shard} holds"
            if found is None:
                raise LogRewrittenError(
                    f"{place} no event at {position.position}: the position is from the future, "
                    "or the log from an older backup"
                )
            if found != position.event_id:
                raise LogRewrittenError(f"{place} another event at {position.position}")
        await self.parked.load()
        self._verified = True

    async def _advance(self) -> None:
        """Waits for events, or for the time to store a lazy position; applies what there is."""
        if not await self._has_news():
            await self._store()
            return
        events = await self._followed.reader.read(self.shard, self.position, self._limit)
        if not events:
            return
        try:
            await self._apply(events)
        except LeaseLostError:
            raise
        except Exception as error:
            self._limit = max(1, len(events) // 2)
            if is_outage(error):
                raise
            await self._isolate(events, error)
            return
        self._is_well()
        self._limit = min(self._limit * 2, BATCH_EVENTS_MAX)
        if self._lease.now() - self._progress.stored_at > self._timing.lazy_seconds_max:
            await self._store()

    async def _apply(self, events: Sequence[StoredEvent]) -> None:
        reached = Position(events[-1].position, events[-1].event_id)
        wanted = [event for event in events if event.stream_id not in self.parked and self._followed.wants(event)]
        if wanted:
            await self._applying.apply(self._positions.step(self.shard, self._progress.stored, reached), wanted)
            self._progress.store(reached, self._lease.now())
        self._progress.current = reached

    async def _isolate(self, events: Sequence[StoredEvent], error: Exception) -> None:
        """A batch failed by itself: half of it is tried next; an event that fails alone again and again is parked."""
        self._followed.gauges.retried(self.shard)
        if len(events) > 1:
            return
        self._tries_alone += 1
        _log.error(
            "event_failed",
            subscription=self._followed.name,
            shard=self.shard,
            position=events[0].position,
            tries=self._tries_alone,
            reason=told(error),
        )
        if self._tries_alone < TRIES_ALONE:
            await self._pause()
            return
        await self.parked.park(self._progress.stored, events[0], error)
        self._progress.store(Position(events[0].position, events[0].event_id), self._lease.now())
        self._is_well()

    async def _has_news(self) -> bool:
        """Waits until the shard grows or somebody calls; False when a lazy position is due instead."""
        if self._followed.heads.head(self.shard) > self.position:
            return True
        if not self._progress.lazy:
            self._is_well()  # all that there is was applied and stored
        timeout = self._timing.lazy_seconds_max if self._progress.lazy else None
        grown = asyncio.create_task(self._followed.heads.beyond(self.shard, self.position))
        called = asyncio.create_task(self._called.wait())
        try:
            await asyncio.wait({grown, called}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            return grown.done()
        finally:
            self._called.clear()
            grown.cancel()
            called.cancel()

    async def _store(self) -> None:
        progress = self._progress
        if progress.lazy:
            move = self._positions.step(self.shard, progress.stored, progress.current)
            await self._positions.move(self._positions.database, move)
        progress.store(progress.current, self._lease.now())

    async def _pause(self) -> None:
        delay_seconds = self._delay_seconds
        self._delay_seconds = min(delay_seconds * 2, self._timing.retry_seconds_max)
        try:
            await asyncio.wait_for(self._stopping.wait(), delay_seconds)
        except TimeoutError:
            return


@dataclass(slots=True)
class _Progress:
    """``current`` is what was read and applied, ``stored`` what the table says; they differ by unwanted events only."""

    current: Position
    stored_at: float
    stored: Position = field(init=False)

    def __post_init__(self) -> None:
        self.stored = self.current

    @property
    def lazy(self) -> bool:
        return self.current != self.stored

    def store(self, position: Position, now: float) -> None:
        """The table has this position since ``now``."""
        self.current = self.stored = position
        self.stored_at = now
