"""One shard's loop, crash-only: from the partition's tail until something breaks, then again from the tail.

    pass the gate (the topic is right) → read the tail → decide where to go on → a producer of its own
        → read what follows in the log → send one batch → its base offset must be the end we know → and so on

Whatever breaks ends the producer. What it had under way may still arrive, and is then a duplicate: nobody sends
anything but what follows a tail. An alarm stops the loop until a look, every few seconds, finds its cause gone.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from pushward.errors import UnavailableError
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.port import LogReader
from pushward.eventlog.postgres import HoleError, contiguous
from pushward.kafka import record
from pushward.kafka.broker import (
    Acknowledged,
    Broker,
    BrokerAwayError,
    BrokerError,
    Producer,
    Record,
    RecordTooLargeError,
    Tail,
)
from pushward.kafka.record import RecordError
from services.relay.app.keeping import Keeping
from services.relay.app.measures import Measures
from services.relay.app.ports import Lease, Progress
from services.relay.app.topic import TopicGate, TopicRefusedError
from services.relay.app.trust import LeaseLostError, Trust
from services.relay.domain.tail import (
    FIRST,
    GoOn,
    Kept,
    LastRecord,
    Partition,
    Refill,
    Shard,
    TailError,
    asked_position,
    decide,
    rewritten,
)

BATCH_EVENTS_MAX: Final = 500
SEND_SECONDS_MAX: Final = 4.0
"""An idempotent send never times out by itself. Less than the lease, so that a holder gives up before it must."""
PRODUCER_RECORDS_MAX: Final = 1 << 30
"""A producer is replaced long before its sequence numbers end at 2^31."""
RETRY_SECONDS_MIN: Final = 0.1
RETRY_SECONDS_MAX: Final = 5.0
ALARM_SECONDS: Final = 5.0
"""Between two looks whether an alarm's cause is gone."""

_ALARMING: Final = (TailError, RecordError, HoleError, TopicRefusedError, RecordTooLargeError)

_log = structlog.get_logger(__name__)


class BeginAgainError(Exception):
    """The loop must begin again from the tail, at once."""


class TopicRemadeError(BeginAgainError):
    """The partition ends before where it ended: its topic was made anew, and what is in it has a hole before it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the loops of a process share."""

    broker: Broker
    log: LogReader
    """Asks the log itself: for what must be compared with it as it is."""
    heads: HeadWatch
    gate: TopicGate
    keeping: Keeping
    measures: Measures
    monotonic: Callable[[], float] = time.monotonic


class ShardLoop:
    """Copies the shard of one lease, of one term, to its partition."""

    def __init__(self, lease: Lease, trust: Trust, surroundings: Surroundings) -> None:
        self.lease = lease
        self.trust = trust
        self.topic = record.topic_of(lease.epoch)
        self.position = lease.kept.position if lease.kept.epoch == lease.epoch else FIRST
        self.alarm: str | None = None
        self.trouble: str | None = None
        self.looked = False  # whether alarm and trouble are this loop's own finding
        self.end: int | None = None  # the partition's, while nothing is under way
        self._remade = False
        self._around = surroundings
        self._kept = lease.kept
        self._stopping = asyncio.Event()
        self._interrupted: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._delay_seconds = RETRY_SECONDS_MIN

    async def run(self) -> None:
        """Copies until it is stopped or the lease is lost."""
        try:
            while not self._stopping.is_set():
                await self._pause(await self._once())
        except LeaseLostError:
            _log.info("relay_lease_lost", shard=self.lease.shard, term=self.lease.term)

    def stop(self) -> None:
        """Ends the loop after the batch under way."""
        self._stopping.set()

    def begin_again(self, why: str) -> None:
        """Ends the producer, whatever is under way, and begins again from the tail."""
        if not self._interrupted.done():
            self._interrupted.set_result(BeginAgainError(why))

    def compare_end(self, known: int, found: int) -> None:
        """Begins again if the partition, which ended at ``known``, ends elsewhere with nothing of ours under way."""
        if self.end == known != found and not self._interrupted.done():
            self._interrupted.set_result(_moved(known, found))

    @property
    def has_producer(self) -> bool:
        """Whether something of this loop may be under way."""
        return not self._quiet.is_set()

    async def quiet(self) -> None:
        """Waits until no producer of this loop is left."""
        await self._quiet.wait()

    async def _once(self) -> float:
        """From the tail until something breaks; returns for how long to wait then, in seconds."""
        try:
            await self._relay()
        except LeaseLostError:
            raise
        except BeginAgainError as reason:
            self._remade |= isinstance(reason, TopicRemadeError)
            return self._broken(reason)
        except _ALARMING as reason:
            if str(reason) != self.alarm:
                _log.critical("relay_stands_still", shard=self.lease.shard, topic=self.topic, reason=str(reason))
            self.alarm, self.trouble, self.looked = str(reason), None, True
            self._around.measures.began_again(type(reason).__name__)
            return ALARM_SECONDS
        except (BrokerError, UnavailableError) as reason:
            self._around.gate.doubt()
            if self.trouble is None:
                _log.warning("relay_tries_again", shard=self.lease.shard, topic=self.topic, reason=str(reason))
            return self._broken(reason, str(reason))
        except Exception as reason:
            _log.exception("relay_failed", shard=self.lease.shard, topic=self.topic)
            return self._broken(reason, f"a defect: {reason!r}")
        return 0.0

    def _broken(self, reason: Exception, trouble: str | None = None) -> float:
        self._around.measures.began_again(type(reason).__name__)
        if trouble is not None:
            self.alarm, self.trouble, self.looked = None, trouble, True
        delay_seconds = self._delay_seconds
        self._delay_seconds = min(delay_seconds * 2, RETRY_SECONDS_MAX)
        return delay_seconds

    async def _relay(self) -> None:
        self._interrupted = asyncio.get_running_loop().create_future()
        await self._around.gate.passed(self.topic, self.lease.shards)
        tail = await self._around.broker.tail(self.topic, self.lease.shard)
        position = await self._begin(tail)
        self._quiet.clear()
        try:
            producer = await self._around.broker.producer(self.topic, self.lease.shard)
            try:
                await self._copy(producer, position, tail.end)
            finally:
                self.end = None
                await producer.end()
        finally:
            self._quiet.set()

    async def _begin(self, tail: Tail) -> int:
        """The position to go on after. Raises TailError, RecordError; BeginAgainError once a partition was emptied."""
        if not self.lease.is_as_sent:
            raise rewritten(self.lease.kept.position)
        shard = self.lease.shard
        partition = Partition(tail.start, tail.end, _last_record(shard, tail))
        asked = asked_position(partition, self._kept, self.lease.epoch)
        event = await self._around.log.event_at(shard, asked) if asked != FIRST else None
        head = (await self._around.log.heads())[shard]
        log = Shard(self.lease.epoch, head, None if event is None else event.event_id)
        match decide(partition, self._kept, log, remade=self._remade):
            case Refill():
                await self._forget()
                await self._around.broker.truncate(self.topic, shard, tail.end)
                _log.warning("relay_refills", shard=shard, topic=self.topic, deleted_below=tail.end)
                raise BeginAgainError("the topic was made anew, and is filled from the start")
            case GoOn(position, forget):
                if forget:
                    await self._forget()
                self._remade = False
                _log.info("relay_goes_on", shard=shard, topic=self.topic, after=position, end=tail.end)
                return position

    async def _forget(self) -> None:
        self.trust.seconds_left()
        self._kept = Kept(self.lease.epoch, FIRST, None)
        await self._around.keeping.at_once(self._progress())

    async def _copy(self, producer: Producer, position: int, end: int) -> None:
        self.position = position
        sent = 0
        while sent < PRODUCER_RECORDS_MAX:
            self.end = end
            if not await self._has_news(position):
                return
            events = await self._read(position)
            self.end = None
            acknowledged = await self._send(producer, events)
            if acknowledged.base_offset != end:
                raise _moved(end, acknowledged.base_offset)
            end += acknowledged.records
            sent += acknowledged.records
            last = events[acknowledged.records - 1]
            self.position = position = last.position
            self._kept = Kept(self.lease.epoch, position, last.event_id)
            self._around.keeping.add(self._progress())
            self._around.measures.sent(self.lease.shard, acknowledged.records, position)
            self._is_well()

    def _is_well(self) -> None:
        self.alarm, self.trouble, self.looked = None, None, True
        self._delay_seconds = RETRY_SECONDS_MIN

    async def _has_news(self, position: int) -> bool:
        """Waits until the shard grows; False once the loop is to stop."""
        if self._stopping.is_set():
            return False
        shard = self.lease.shard
        if self._around.heads.head(shard) > position:
            return True
        self._is_well()  # the tail is right, and there is nothing to send
        grown = asyncio.ensure_future(self._around.heads.beyond(shard, position))
        stopped = asyncio.ensure_future(self._stopping.wait())
        try:
            await _first(grown, stopped, self._interrupted)
            self._raise_if_interrupted()
            return not self._stopping.is_set()
        finally:
            grown.cancel()
            stopped.cancel()

    async def _read(self, position: int) -> Sequence[StoredEvent]:
        shard = self.lease.shard
        events = contiguous(await self._around.heads.tail.read(shard, position, BATCH_EVENTS_MAX), position)
        if not events:
            raise HoleError(f"shard {shard} ends at {position}, though it was at {self._around.heads.head(shard)}")
        return events

    async def _send(self, producer: Producer, events: Sequence[StoredEvent]) -> Acknowledged:
        """Sends while the lease is trusted. Raises LeaseLostError, BrokerAwayError, RecordTooLargeError."""
        records = [_record_of(event, self.lease.epoch) for event in events]
        give_up_at = self._around.monotonic() + SEND_SECONDS_MAX
        self.trust.seconds_left()
        sending = asyncio.ensure_future(producer.send(records))
        try:
            while not sending.done():
                left = min(give_up_at - self._around.monotonic(), self.trust.seconds_left())
                if left <= 0:
                    raise BrokerAwayError(f"The broker took no batch within {SEND_SECONDS_MAX:g} s.")
                await _first(sending, self._interrupted, seconds=left)
                if not sending.done():
                    self._raise_if_interrupted()
            return sending.result()
        finally:
            sending.cancel()

    def _raise_if_interrupted(self) -> None:
        if self._interrupted.done():
            raise self._interrupted.result()

    def _progress(self) -> Progress:
        return Progress(self.lease.shard, self.lease.term, self._kept)

    async def _pause(self, seconds: float) -> None:
        if seconds == 0.0:
            return
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _moved(known: int, found: int) -> BeginAgainError:
    """For a partition that ends elsewhere than it did: more was sent to it, or it was made anew."""
    kind = TopicRemadeError if found < known else BeginAgainError
    return kind(f"the partition ended at {found} instead of {known}")


async def _first(*futures: asyncio.Future[Any], seconds: float | None = None) -> None:  # Any: of whatever
    await asyncio.wait(futures, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)


def _record_of(event: StoredEvent, epoch: int) -> Record:
    return Record(event.stream_id.bytes, event.payload, record.headers_of(event, epoch))


def _last_record(shard: int, tail: Tail) -> LastRecord | None:
    if tail.last is None:
        return None
    last = record.published(shard, tail.last.key, tail.last.value, tail.last.headers)
    return LastRecord(last.epoch, last.event.position, last.event.event_id)
