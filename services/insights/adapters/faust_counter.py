"""The live counter: records of the topic into faust's tables, and their rows into the store.

    source      pushward.events, never declared by us: the relay makes it; it must be there, a partition for each shard
    tables      factor, service: read back from their changelogs at the start
    guarantee   at least once, one task, one instance; each value's own position makes it once (domain/counting.py)
    rows        stored by a task of ours every FLUSH_SECONDS, fenced by the term

A rebalance rolls tables back under events that were read before it, and a guard by position takes what comes first: so
a counter ends with its first rebalance, and another begins from the tables as they were read back.

faust may lose or double changes nevertheless: it commits what its producer hasn't sent yet. That is what the recount
is for.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog

from pushward.errors import UnavailableError
from pushward.kafka.aiokafka_broker import AiokafkaBroker
from pushward.kafka.broker import BrokerError
from pushward.kafka.cluster import KafkaCluster
from pushward.kafka.record import RecordError, published, topic_of
from pushward.kafka.topic import refusal
from pushward.telemetry.metrics import Metrics
from services.insights.adapters.changelogs import make_changelogs
from services.insights.adapters.decoding import happening_of
from services.insights.adapters.faust_app import (
    APPLICATION,
    CUT_OFF_SECONDS_MAX,
    App,
    CountTable,
    app_of,
    silence,
)
from services.insights.adapters.group_offsets import next_offsets
from services.insights.adapters.topic_watch import LOOK_SECONDS, TopicWatch
from services.insights.app.ports import CounterError, FiguresStore, Term
from services.insights.app.tally import Tally

START_SECONDS_MAX: Final = 30.0
STOP_SECONDS_MAX: Final = 2.5
TASKS_SECONDS_MAX: Final = 0.2
FLUSH_SECONDS: Final = 0.5
ROWS_A_FLUSH_MAX: Final = 1_000
UNSAVED_ROWS_MAX: Final = 20_000
CRASH_LOOK_SECONDS: Final = 0.2
FIRST_REBALANCE: Final = 1

_log = structlog.get_logger(__name__)


class FaustCounter:
    """Makes counters."""

    def __init__(self, cluster: KafkaCluster, store: FiguresStore, metrics: Metrics) -> None:
        self._cluster = cluster
        self._broker = AiokafkaBroker(cluster, APPLICATION)
        self._store = store
        self._metrics = metrics
        silence()

    @asynccontextmanager
    async def running(self, epoch: int, shards: int, term: Term) -> AsyncIterator["FaustStream"]:
        """A counter for a term. Raises CounterError."""
        topic = topic_of(epoch)
        await self._require_topic(topic, shards)
        app = app_of(self._cluster, epoch, shards)
        tables = CountTable(app, "factor", shards), CountTable(app, "service", shards)
        watch = await self._prepared(topic, shards, app, [table.changelog for table in tables])
        stream = FaustStream(app, topic, epoch, term, tables, self._store, watch, self._metrics)
        try:
            await stream.start()
            yield stream
        finally:
            await stream.stop()

    async def _require_topic(self, topic: str, shards: int) -> None:
        """It must be there, and right: a partition that isn't its shard's would be counted for another."""
        try:
            found = await self._broker.describe(topic)
        except BrokerError as error:
            raise CounterError(str(error)) from error
        if found is None:
            raise CounterError(f"There is no topic {topic} yet: the relay makes it.")
        if (problem := refusal(topic, found, shards)) is not None:
            raise CounterError(problem)

    async def _prepared(self, topic: str, shards: int, app: App, changelogs: Sequence[str]) -> TopicWatch:
        """Whatever must be there before faust joins its group; and from where on it must be given records."""
        try:
            await make_changelogs(self._cluster, APPLICATION, self._broker, changelogs, shards)
            begins = await next_offsets(self._cluster, app.conf.id, topic, shards)
        except BrokerError as error:
            raise CounterError(str(error)) from error
        return TopicWatch(self._broker, topic, begins)


class FaustStream:
    """One counter, from its start to its end."""

    def __init__(
        self,
        app: App,
        topic: str,
        epoch: int,
        term: Term,
        tables: tuple[CountTable, CountTable],
        store: FiguresStore,
        watch: TopicWatch,
        metrics: Metrics,
    ) -> None:
        self._app = app
        self._epoch = epoch
        self._term = term
        self._store = store
        self._events = metrics.counter("insights_events", "Events that the live counter has taken from Kafka")
        self._position = metrics.gauge("insights_position", "The last position counted of a shard", ["shard"])
        self._skipped = metrics.counter("insights_records_skipped", "Records of the topic that couldn't be read")
        self._tally = Tally(*tables)
        self._watch = watch
        self._starting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[str]] = set()
        self._saved = asyncio.Event()  # set when rows were stored, so that more may be counted
        self._left_behind = False
        source = app.topic(topic, key_serializer="raw", value_serializer="raw")
        app.agent(source, concurrency=1, name=APPLICATION)(self._count)

    async def start(self) -> None:
        """Reads the tables back, and begins. Raises CounterError."""
        self._app.get_ready()
        self._starting = asyncio.create_task(self._app.start(), name="faust-start")
        self._starting.add_done_callback(_seen)
        await asyncio.wait({self._starting}, timeout=START_SECONDS_MAX)
        if not self._starting.done():
            raise CounterError(f"faust didn't start within {START_SECONDS_MAX:g} s")
        if (failure := self._starting.exception()) is not None:
            raise CounterError(f"faust didn't start: {failure!r}") from failure
        self._tally.recovered()
        self._tasks = {
            asyncio.create_task(self._flush(), name="insights-flush"),
            asyncio.create_task(self._look(), name="insights-watch"),
        }

    async def ended(self) -> str:
        """Waits until it must be started again; returns why."""
        assert self._tasks, "start() comes first"
        while not self._app.should_stop:
            done, _ = await asyncio.wait(self._tasks, timeout=CRASH_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                return task.result()
            if self._watch.problem is not None:
                return self._watch.problem
            if self._rebalanced:
                return "its group was rebalanced"
        return f"faust ended: {self._app.crash_reason!r}"

    async def stop(self) -> None:
        """Ends it, within STOP_SECONDS_MAX. What hangs is cut off, and left behind: it takes nothing any more."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:  # a look at the broker comes to its own end
            await asyncio.wait(self._tasks, timeout=TASKS_SECONDS_MAX)
        if self._starting is not None:
            self._starting.cancel()
        # Not wait_for: faust swallows cancellations.
        stopping = asyncio.create_task(self._app.stop(), name="faust-stop")
        stopping.add_done_callback(_seen)
        await asyncio.wait({stopping}, timeout=STOP_SECONDS_MAX / 2)
        if not stopping.done():
            self._left_behind = True
            await self._app.cut_off()
            await asyncio.wait({stopping}, timeout=STOP_SECONDS_MAX / 2 - CUT_OFF_SECONDS_MAX - TASKS_SECONDS_MAX)
        if not stopping.done():
            stopping.cancel()
            _log.warning("counter_hangs", term=self._term.number)
        elif (failure := stopping.exception()) is not None:
            _log.warning("counter_stop_failed", term=self._term.number, reason=repr(failure))

    async def _count(self, stream: Any) -> None:  # Any: faust's stream
        async for event in stream.noack().events():
            await self._may_take(event.message)
            try:
                self._take(event.message)
            except Exception:
                # Raised, it would restart the agent, and skip the event as well.
                self._skipped.inc()
                _log.exception("record_failed", partition=event.message.partition, offset=event.message.offset)
            await stream.ack(event)  # by us: faust acknowledges what is in hand when it stops, taken or not

    @property
    def _rebalanced(self) -> bool:
        """Whether there was another assignment of partitions than the one that this began with."""
        return self._app.rebalancing_count > FIRST_REBALANCE

    async def _may_take(self, message: Any) -> None:  # Any: faust's message
        """Waits for room; for ever, once this counter must end."""
        while self._tally.unsaved >= UNSAVED_ROWS_MAX:
            self._saved.clear()
            await self._saved.wait()
        if self._left_behind or self._rebalanced or not self._watch.takes(message.partition, message.offset):
            await asyncio.get_running_loop().create_future()

    def _take(self, message: Any) -> None:  # Any: faust's message
        try:
            record = published(message.partition, message.key, message.value, message.headers or ())
        except RecordError as error:
            self._skipped.inc()
            _log.warning("record_unreadable", partition=message.partition, offset=message.offset, reason=str(error))
            return
        found = record.event
        event = happening_of(found.shard, found.position, found.type, found.recorded_at, found.payload)
        if event is not None and record.epoch == self._epoch:
            self._tally.take(event)
            self._events.inc()
            self._position.labels(str(found.shard)).set(found.position)

    async def _look(self) -> str:
        while True:
            await self._watch.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def _flush(self) -> str:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            while self._tally.unsaved:
                rows = self._tally.take_unsaved(ROWS_A_FLUSH_MAX)
                try:
                    if not await self._store.store(self._term, self._epoch, rows):
                        return "the term is over"
                except UnavailableError as error:
                    self._tally.give_back(rows)
                    _log.warning("figures_not_stored", reason=error.message)
                    break
                self._saved.set()


def _seen(task: asyncio.Task[None]) -> None:
    """So that nobody warns of the error of a task that was left behind."""
    if not task.cancelled():
        task.exception()
