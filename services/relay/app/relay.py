"""The relay of one process: takes leases, runs a loop for each shard that it holds, and looks after the topic.

    every RENEW_SECONDS  claims this process's share; a new term, or a new epoch, gets a new loop; nothing is claimed,
                         and all loops end, while the log's history has a problem
    every LOOK_SECONDS   looks at the topic and at the ends of its partitions: a topic that was deleted or wiped while
                         nothing was to be sent is noticed, too

Kafka being away, or the database, is no reason to end: everything is tried again, and ``problem`` says what.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

import structlog

from pushward.errors import UnavailableError
from pushward.eventlog.epoch import History
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.port import LogReader
from pushward.kafka.broker import Broker, BrokerError
from pushward.telemetry.metrics import Metrics
from services.relay.app.keeping import Keeping
from services.relay.app.loop import SEND_SECONDS_MAX, ShardLoop, Surroundings
from services.relay.app.measures import Measures
from services.relay.app.ports import Lease, Leases, Progress
from services.relay.app.topic import TopicGate, TopicRefusedError
from services.relay.app.trust import LEASE_SECONDS, RENEW_SECONDS, Trust

LOOK_SECONDS: Final = 3.0
STOP_SECONDS_MAX: Final = SEND_SECONDS_MAX + 1.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Running:
    loop: ShardLoop
    task: asyncio.Task[None]
    told: tuple[str | None, str | None] | None = None


class Relay:
    """Copies the log to the epoch's topic. ``log`` asks the log itself; ``heads`` wakes, and has the newest events."""

    def __init__(
        self,
        broker: Broker,
        leases: Leases,
        log: LogReader,
        heads: HeadWatch,
        history: History,
        metrics: Metrics,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.owner = uuid.uuid4()
        self._broker = broker
        self._leases = leases
        self._monotonic = monotonic
        self._measures = Measures(metrics)
        self._keeping = Keeping(leases, self.owner, self._lost)
        self._gate = TopicGate(broker, self._quieten, monotonic)
        self._around = Surroundings(broker, log, heads, self._gate, self._keeping, self._measures, monotonic)
        self._heads = heads
        self._history = history
        self._running: dict[int, _Running] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._unavailable: str | None = None

    async def start(self) -> None:
        """Begins to take leases and to copy. Waits for nobody."""
        self._tasks = [
            asyncio.create_task(self._again(self._claim, RENEW_SECONDS), name="relay-leases"),
            asyncio.create_task(self._again(self._look, LOOK_SECONDS), name="relay-look"),
            asyncio.create_task(self._keeping.run(), name="relay-keeping"),
        ]

    async def stop(self) -> None:
        """Ends the loops after the batches under way, keeps their positions, gives up the leases."""
        await _cancelled(self._tasks)
        for running in self._running.values():
            running.loop.stop()
        if self._running:
            await asyncio.wait([running.task for running in self._running.values()], timeout=STOP_SECONDS_MAX)
        await self._drop(list(self._running))
        try:
            await self._keeping.flush()
            await self._leases.release(self.owner)
        except UnavailableError as error:
            _log.warning("relay_leases_not_released", reason=error.message)

    def problem(self) -> str | None:
        """What keeps this process from copying, in one line; None if nothing does."""
        if self._unavailable is not None:
            return self._unavailable
        loops = [running.loop for _, running in sorted(self._running.items())]
        for loop in sorted(loops, key=lambda each: each.alarm is None):
            reason = loop.alarm or loop.trouble
            if reason is not None:
                return f"shard {loop.lease.shard}: {reason}"
        return None

    async def _again(self, work: Callable[[], Coroutine[Any, Any, None]], seconds: float) -> None:
        """Does it again and again; whatever fails, the next time may do."""
        while True:
            try:
                await work()
            except Exception:
                _log.exception("relay_round_failed")
            await asyncio.sleep(seconds * random.uniform(0.8, 1.0))  # noqa: S311 - jitter

    async def _claim(self) -> None:
        if (problem := await self._history.problem()) is not None:
            if problem != self._unavailable:
                _log.critical("relay_stands_still", reason=problem)
            self._unavailable = problem
            await self._drop(list(self._running))
            return
        asked_at = self._monotonic()
        try:
            leases = {lease.shard: lease for lease in await self._leases.claim(self.owner, LEASE_SECONDS)}
        except UnavailableError as error:
            self._unavailable = f"the leases can't be renewed: {error.message}"
            _log.warning("relay_leases_unavailable", reason=error.message)
            return
        self._unavailable = None
        await self._drop([shard for shard, running in self._running.items() if _is_over(running, leases.get(shard))])
        for shard, lease in leases.items():
            running = self._running.get(shard)
            if running is None:
                self._begin(lease, asked_at)
            else:
                self._renew(running.loop, lease, asked_at)
        await self._tell()

    def _begin(self, lease: Lease, asked_at: float) -> None:
        loop = ShardLoop(lease, Trust(asked_at, self._monotonic), self._around)
        task = asyncio.create_task(loop.run(), name=f"relay-shard-{lease.shard}")
        self._running[lease.shard] = _Running(loop, task)
        self._measures.began(lease.shard, lease.term)
        _log.info("relay_lease_taken", shard=lease.shard, term=lease.term, epoch=lease.epoch)

    def _renew(self, loop: ShardLoop, lease: Lease, asked_at: float) -> None:
        loop.lease = lease
        loop.trust.renew(asked_at)
        if not lease.is_as_sent and loop.alarm is None:
            loop.begin_again("the log is not as it was sent")

    async def _tell(self) -> None:
        """Writes what is new of each loop to its lease, and to the metrics."""
        for shard, running in list(self._running.items()):
            loop = running.loop
            lag = max(0, self._heads.head(shard) - loop.position)
            self._measures.stands(shard, lag=lag, alarm=loop.alarm is not None, trouble=loop.trouble is not None)
            found = (loop.alarm, loop.trouble)
            if loop.looked and running.told != found:
                try:
                    await self._leases.tell(self.owner, shard, loop.lease.term, *found)
                except UnavailableError:
                    return  # told again with the next claim
                running.told = found

    async def _look(self) -> None:
        """Sees what nobody would notice who has nothing to send."""
        if not self._running:
            return
        some = next(iter(self._running.values())).loop
        idle = {shard: running.loop.end for shard, running in self._running.items() if running.loop.end is not None}
        try:
            await self._gate.look_again(some.topic, some.lease.shards)
            ends = await self._broker.ends(some.topic, sorted(idle)) if idle else {}
        except TopicRefusedError as error:
            for running in self._running.values():
                running.loop.begin_again(str(error))
            return
        except BrokerError as error:
            # Whoever has something under way finds out by itself; the others would look well.
            for running in self._running.values():
                if running.loop.end is not None:
                    running.loop.begin_again(str(error))
            return
        for shard, end in idle.items():
            now = self._running.get(shard)
            if now is not None:
                now.loop.compare_end(end, ends[shard])

    async def _quieten(self) -> None:
        """Ends everything that is under way in this process."""
        loops = [running.loop for running in self._running.values() if running.loop.has_producer]
        for loop in loops:
            loop.begin_again("the topic is gone")
        await asyncio.gather(*(loop.quiet() for loop in loops))

    async def _drop(self, shards: list[int]) -> None:
        dropped = [self._running.pop(shard) for shard in shards]
        await _cancelled([running.task for running in dropped])
        for running in dropped:
            self._measures.left(running.loop.lease.shard)

    def _lost(self, progress: Progress) -> None:
        running = self._running.get(progress.shard)
        if running is not None and running.loop.lease.term == progress.term:
            running.loop.trust.lose()
            running.loop.begin_again("the lease is another's")


def _is_over(running: _Running, lease: Lease | None) -> bool:
    """Whether the loop isn't this lease's, or has ended."""
    if lease is None or running.task.done():
        return True
    of = running.loop.lease
    return (of.term, of.epoch, of.shards) != (lease.term, lease.epoch, lease.shards)


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
