"""The topic as a source, its holes filled from another one: the log, for the platform team.

Positions are the log's, not Kafka's offsets: the topic may be emptied by retention, deleted and made again, and may
hold duplicates. Where to begin follows from how the relay writes: a record with position p has an offset of at least
p - 1 (docs/adr/0021), so whoever reads from offset ``last.position - 1`` meets all that follows. What was applied is
dropped, what is missing is filled; without ``fill`` it is a HoleError.

    broker away           the client comes back by itself; the first connection is tried until it stands
    offset out of range   the topic was emptied or made anew: sought again, at the same position
    a hole                filled; without ``fill`` sought again once, for the topic may have been rebuilt under us
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
)

from pushward.eventlog.event import StoredEvent
from pushward.kafka.cluster import KafkaCluster
from pushward.kafka.record import Published, RecordError, published, topic_of
from pushward.subscribe.backoff import Backoff
from pushward.subscribe.errors import (
    EpochChangedError,
    HoleError,
    PositionFromFutureError,
    RefusedError,
    SubscribeError,
    UnknownShardError,
)
from pushward.subscribe.port import Source, Stretch
from pushward.subscribe.rule import Fate, Position, after, fate

CLIENT_ID: Final = "pushward-subscriber"
WAIT_MS: Final = 5_000
FETCH_WAIT_MS_MAX: Final = 100
FETCH_BYTES_MAX: Final = 8 * 1024 * 1024
PARTITION_FETCH_BYTES_MAX: Final = 2 * 1024 * 1024
LOOK_SECONDS_MAX: Final = 10.0

_CONSUMER: Final[Mapping[str, Any]] = {  # Any: keyword arguments of aiokafka's
    "group_id": None,
    "enable_auto_commit": False,
    "auto_offset_reset": "none",
    "isolation_level": "read_uncommitted",  # the relay has no transactions
    "check_crcs": True,
    "fetch_max_wait_ms": FETCH_WAIT_MS_MAX,
    "fetch_max_bytes": FETCH_BYTES_MAX,
    "fetch_min_bytes": 1,
    "max_partition_fetch_bytes": PARTITION_FETCH_BYTES_MAX,
}
_REFUSED: Final = (AuthenticationFailedError, TopicAuthorizationFailedError)


@dataclass(slots=True)
class _Place:
    """Where a shard is read: what was handed out last, and what was fetched beyond it."""

    shard: int
    last: Position
    fetched: deque[Published] = field(default_factory=deque)
    proven: bool = False  # the topic, or the source that fills, has shown the event at ``last``
    sought_again: bool = False


class KafkaSource:
    """The topic of ``epoch``. Use it as an async context manager."""

    def __init__(
        self, cluster: KafkaCluster, *, epoch: int = 1, fill: Source | None = None, client_id: str = CLIENT_ID
    ) -> None:
        self._cluster = cluster
        self._epoch = epoch
        self._topic = topic_of(epoch)
        self._fill = fill
        self._client_id = client_id
        self._consumer: Any = None  # Any: aiokafka has no types
        self._count = 0
        self._connecting = asyncio.Lock()
        self._places: dict[int, _Place] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._consumer is not None:
            await self._consumer.stop()

    async def shards(self) -> int:
        """How many partitions the topic has; waits until there is one. Raises RefusedError."""
        async with self._connecting:
            backoff = Backoff(self._topic)
            while self._consumer is None:
                if (problem := await self._connect()) is not None:
                    await backoff.pause(problem)
            backoff.succeeded()
        return self._count

    async def head(self, shard: int) -> Position:
        """The last position of a shard: as the source that fills says, else of the partition's last record."""
        if self._fill is not None:
            return await self._fill.head(shard)
        start, end = await self._ends(shard)
        while start < end:
            self._go(shard, end - 1)
            if records := await self._records(shard, 1):
                return Position(records[0].epoch, records[0].event.position, records[0].event.event_id)
            start, end = await self._ends(shard)
        return Position(self._epoch, 0, None)

    async def begin(self, shard: int, last: Position) -> None:
        """Checks a stored position where that can be done now, and goes there.

        Without a source that fills, the topic itself must still hold the event: the first read finds out.
        """
        if last.epoch != self._epoch:
            raise EpochChangedError(shard, last.epoch, self._epoch)
        if self._fill is not None:
            await self._fill.begin(shard, last)
        self._places[shard] = _Place(shard, last, proven=self._fill is not None or last.position == 0)
        await self._seek(self._places[shard])

    async def read(self, shard: int, last: Position, limit: int) -> Stretch:
        """What follows ``last``."""
        place = self._places.get(shard)
        if place is None or place.last != last:
            await self.begin(shard, last)
            place = self._places[shard]
        if not place.fetched:
            place.fetched.extend(await self._fetched(place, limit))
        stretch = self._sifted(place, limit)
        if not stretch.events and place.fetched:
            stretch = await self._filled(place, limit)
        place.last = stretch.to()
        return stretch

    def _sifted(self, place: _Place, limit: int) -> Stretch:
        """The rule, until a hole or the limit; what lies beyond stays fetched."""
        last, events = place.last, list[StoredEvent]()
        while place.fetched and len(events) < limit:
            record = place.fetched[0]
            try:
                judged = fate(last, record.epoch, record.event)
            except SubscribeError:
                if events:
                    break  # what came before is given first
                raise
            match judged:
                case Fate.HOLE:
                    break
                case Fate.DROP:
                    place.proven = place.proven or record.event.position == last.position
                case Fate.APPLY:
                    _prove(place)
                    last = after(last, record.event)
                    events.append(record.event)
            place.fetched.popleft()
        place.sought_again = place.sought_again and not events
        return Stretch(place.shard, self._epoch, place.last.position, events, last.position, last.event_id)

    async def _filled(self, place: _Place, limit: int) -> Stretch:
        """What is missing before the next fetched record."""
        _prove(place)
        last, beyond = place.last, place.fetched[0].event.position
        if self._fill is not None:
            return await self._fill.read(place.shard, last, min(limit, beyond - 1 - last.position))
        if place.sought_again:
            raise HoleError(
                f"shard {place.shard}: the topic goes on at {beyond} after {last.position}. Fill from the log."
            )
        await self._seek(place)
        place.sought_again = True
        return Stretch(place.shard, self._epoch, last.position, (), last.position, last.event_id)

    async def _seek(self, place: _Place) -> None:
        """Goes where everything after the place's position is still to come."""
        place.fetched.clear()
        start, end = await self._ends(place.shard)
        if not place.proven and end < place.last.position:
            raise PositionFromFutureError(
                f"shard {place.shard}: the stored position is {place.last.position}, the topic ends at {end}"
            )
        if not place.proven and start == end:
            raise _unproven(place)
        self._go(place.shard, min(max(place.last.position - 1, start), end))

    async def _fetched(self, place: _Place, limit: int) -> Sequence[Published]:
        try:
            return await self._records(place.shard, limit)
        except OffsetOutOfRangeError:
            await self._seek(place)
            return ()

    async def _records(self, shard: int, limit: int) -> Sequence[Published]:
        """The next records; none if none come in time. Raises OffsetOutOfRangeError, RefusedError."""
        partition = TopicPartition(self._topic, shard)
        try:
            found = await self._consumer.getmany(partition, timeout_ms=WAIT_MS, max_records=limit)
            return [
                published(record.partition, record.key, record.value, record.headers)
                for record in found.get(partition, ())
            ]
        except OffsetOutOfRangeError:
            raise
        except RecordError as error:
            raise RefusedError(f"{self._topic} holds what isn't the relay's: {error}") from error
        except _REFUSED as error:
            raise RefusedError(f"{self._topic}: {error!r}") from error
        except KafkaError as error:
            await Backoff(self._topic).pause(repr(error))
            return ()

    def _go(self, shard: int, offset: int) -> None:
        partition = TopicPartition(self._topic, shard)
        self._consumer.seek(partition, offset)
        self._consumer.resume(partition)

    async def _ends(self, shard: int) -> tuple[int, int]:
        """The offsets of a partition's first record and of its next one; waits until the broker says."""
        if not 0 <= shard < await self.shards():
            raise UnknownShardError(f"{self._topic} has no partition {shard}")
        partition = TopicPartition(self._topic, shard)
        backoff = Backoff(self._topic)
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS_MAX):
                    start = await self._consumer.beginning_offsets([partition])
                    end = await self._consumer.end_offsets([partition])
                return start[partition], end[partition]
            except _REFUSED as error:
                raise RefusedError(f"{self._topic}: {error!r}") from error
            except (KafkaError, TimeoutError) as error:
                await backoff.pause(repr(error))

    async def _connect(self) -> str | None:
        """Connects, with every partition assigned and at rest; returns why not."""
        consumer = AIOKafkaConsumer(**self._cluster.options(self._client_id), **_CONSUMER)
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                count = await self._partitions()
                if count:
                    await consumer.start()
        except BaseException as error:
            await consumer.stop()
            if isinstance(error, _REFUSED):
                raise RefusedError(f"{self._topic}: {error!r}") from error
            if isinstance(error, KafkaError | TimeoutError | OSError):
                return repr(error)
            raise
        if not count:
            await consumer.stop()
            return "there is no such topic"
        self._assign(consumer, count)
        return None

    async def _partitions(self) -> int:
        """How many the topic has; 0 if there is none."""
        admin = AIOKafkaAdminClient(**self._cluster.options(self._client_id))
        try:
            await admin.start()
            # All topics are asked for: asking for one by name makes it, where the cluster makes topics by itself.
            described = await admin.describe_topics()
        finally:
            await admin.close()
        counts = {each["topic"]: len(each["partitions"]) for each in described if not each["error_code"]}
        return counts.get(self._topic, 0)

    def _assign(self, consumer: Any, count: int) -> None:  # Any: as above
        partitions = [TopicPartition(self._topic, number) for number in range(count)]
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, 0)  # so that nobody asks for a committed offset; `begin` knows better
        consumer.pause(*partitions)
        self._consumer, self._count = consumer, count


def _prove(place: _Place) -> None:
    if not place.proven:
        raise _unproven(place)


def _unproven(place: _Place) -> HoleError:
    return HoleError(
        f"shard {place.shard}: the topic no longer holds position {place.last.position}, so nobody can tell whether "
        "it is the same log. Fill from the log."
    )
