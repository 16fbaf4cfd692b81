"""Shares out a subscription's shards among the processes that have it, and keeps a follower on each of ours.

A round every ``renew_seconds``: look at the epoch and at what operators asked for; claim (the leases that we have, and
our share of what is free); then begin and end followers accordingly. A round that fails changes nothing, and once the
lease can't be trusted any more all followers are ended, whether the database answers or not.
"""

import asyncio
import random
import uuid
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from pushward.database.pool import Database
from pushward.errors import UnavailableError
from pushward.eventlog.epoch import Epoch, current_epoch
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.port import LogReader
from pushward.eventlog.subscription.effect import Apply, AtOnce, Wants
from pushward.eventlog.subscription.follower import Followed, Follower
from pushward.eventlog.subscription.gauges import Gauges
from pushward.eventlog.subscription.lease import Lease, seconds_awake_or_not
from pushward.eventlog.subscription.positions import Claim, Positions
from pushward.eventlog.subscription.timing import Timing
from pushward.telemetry.metrics import Metrics

ROUND_SECONDS_MAX: Final = 2.0
"""Of stopping: what a round under way gets to finish."""

MISSING: Final = "no position: run `pushward init`"

_log = structlog.get_logger(__name__)


class Subscription:
    """Follows the shards that this process has a lease on, and applies what ``wants`` selects."""

    def __init__(
        self,
        name: str,
        schema: str,
        database: Database,
        reader: LogReader,
        heads: HeadWatch,
        effect: Apply | AtOnce,
        *,
        wants: Wants = lambda event: True,
        metrics: Metrics | None = None,
        timing: Timing | None = None,
        monotonic: Callable[[], float] = seconds_awake_or_not,
    ) -> None:
        self.name = name
        self._timing = timing or Timing()
        self._database = database
        self._heads = heads
        self._positions = Positions(database, schema, name, uuid.uuid4())
        self._lease = Lease(self._timing.trust_seconds, monotonic)
        self._gauges = Gauges(metrics or Metrics(), name)
        self._followed = Followed(
            name=name,
            positions=self._positions,
            reader=reader,
            heads=heads,
            effect=effect,
            wants=wants,
            lease=self._lease,
            gauges=self._gauges,
            timing=self._timing,
        )
        self._stopped: dict[int, str] = {}  # by shard, as of the last round
        self._followers: dict[int, Follower] = {}
        self._leasing: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._lapsing: asyncio.TimerHandle | None = None

    @property
    def alarms(self) -> dict[int, str]:
        """Of our shards, and of those that are nobody's: why they stand still until an operator has looked."""
        found = {shard: follower.alarm for shard, follower in self._followers.items() if follower.alarm is not None}
        return self._stopped | found

    async def start(self) -> None:
        """Begins to take leases and to follow."""
        self._leasing = asyncio.create_task(self._keep_leases(), name=f"{self.name}-leases")

    async def stop(self) -> None:
        """Finishes the batches under way, stores positions, gives up the leases."""
        self._stopping.set()
        if self._leasing is not None:
            # A claim that is cut short may reach the database after our farewell, and keep the shards from others.
            await asyncio.wait({self._leasing}, timeout=ROUND_SECONDS_MAX)
            self._leasing.cancel()
            await asyncio.gather(self._leasing, return_exceptions=True)
        for follower in self._followers.values():
            follower.stop()
        await asyncio.gather(*(follower.task for follower in self._followers.values()), return_exceptions=True)
        self._followers.clear()
        self._gauges.keep_only(())
        if self._lapsing is not None:
            self._lapsing.cancel()
        try:
            await self._positions.leave()
        except UnavailableError as error:
            _log.warning("leases_not_released", subscription=self.name, reason=error.message)

    async def _keep_leases(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._take_round()
            except UnavailableError as error:
                _log.warning("leases_unavailable", subscription=self.name, reason=error.message)
            except Exception:
                # Whatever it is, the next round may do: without leases nobody would follow, and nobody would know.
                _log.exception("leases_failed", subscription=self.name)
            self._show()
            await self._pause(self._timing.renew_seconds * random.uniform(0.8, 1.2))  # noqa: S311 - jitter

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _take_round(self) -> None:
        epoch = await current_epoch(self._database)  # a follower looks again before it begins
        missing = await self._positions.missing()
        asked = await self._positions.asked_to_resume()
        await self._positions.join(self._timing.lease_seconds)
        asked_at = self._lease.now()
        claims = await self._positions.claim(self._timing.lease_seconds)
        self._granted(asked_at)
        stopped = dict.fromkeys(missing, MISSING)
        stopped |= {
            claim.shard: why for claim in claims if (why := epoch_alarm(claim.shard, claim.epoch, epoch) or claim.alarm)
        }
        self._tell_changes(stopped)
        self._follow([claim for claim in claims if claim.shard not in stopped])
        for shard in asked & self._followers.keys():
            self._followers[shard].make_up()

    def _follow(self, claims: Sequence[Claim]) -> None:
        """A follower for each of these, and for no other shard. One that was ended must be gone before the next."""
        ours = {claim.shard for claim in claims}
        for shard, follower in list(self._followers.items()):
            if follower.task.done():
                del self._followers[shard]
            elif shard not in ours:
                follower.task.cancel()
        for claim in claims:
            if claim.shard not in self._followers:
                self._followers[claim.shard] = Follower(self._followed, claim)

    def _granted(self, asked_at: float) -> None:
        self._lease.granted(asked_at)
        if self._lapsing is not None:
            self._lapsing.cancel()
        loop = asyncio.get_running_loop()
        self._lapsing = loop.call_later(max(self._lease.left_seconds, 0), self._lapsed)

    def _lapsed(self) -> None:
        _log.warning("leases_lapsed", subscription=self.name, shards=sorted(self._followers))
        for follower in self._followers.values():
            follower.task.cancel()

    def _tell_changes(self, stopped: dict[int, str]) -> None:
        for shard, reason in stopped.items():
            if self.alarms.get(shard) != reason:
                _log.critical("shard_stands_still", subscription=self.name, shard=shard, reason=reason)
        for shard in self._stopped.keys() - stopped.keys():
            _log.info("shard_goes_on", subscription=self.name, shard=shard)
        self._stopped = stopped

    def _show(self) -> None:
        following = {shard: follower for shard, follower in self._followers.items() if not follower.task.done()}
        for shard, follower in following.items():
            self._gauges.progress(shard, follower.position, self._heads.head(shard), len(follower.parked))
        self._gauges.alarmed(self.alarms)
        self._gauges.keep_only(following.keys() | self.alarms.keys())


def epoch_alarm(shard: int, found: int, epoch: Epoch | None) -> str | None:
    """Why a shard whose position is of epoch ``found`` must not be followed now; None when it may."""
    if epoch is None:
        return MISSING
    if epoch.problem is None and found != epoch.number:
        return (
            f"the log is at epoch {epoch.number}, the position in shard {shard} of epoch {found}: "
            "restore both from the same backup, then run `pushward log new-epoch`"
        )
    return epoch.problem
