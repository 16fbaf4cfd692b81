"""The relay's topic as aiokafka shows it, each setting explicit: where partitions begin and end, and their records.

Connected when it is first asked, and then one client for all partitions, assigned by hand and at rest until somebody
reads them. A broker that is away is waited for; the client finds it again by itself.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
)

from pushward.kafka.cluster import KafkaCluster
from pushward.kafka.record import Published, RecordError, published
from pushward.kafka.stopping import stop_consumer
from pushward.subscribe.backoff import Backoff
from pushward.subscribe.errors import RefusedError, UnknownShardError

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


class Topic:
    """One topic; partition = shard."""

    def __init__(self, cluster: KafkaCluster, name: str, client_id: str) -> None:
        self._cluster = cluster
        self._topic = name
        self._client_id = client_id
        self._consumer: Any = None  # Any: aiokafka has no types
        self._count = 0
        self._connecting = asyncio.Lock()

    async def close(self) -> None:
        """Disconnects."""
        if self._consumer is not None:
            await stop_consumer(self._consumer)

    async def partitions(self) -> int:
        """How many there are; waits until there is a topic. Raises RefusedError."""
        async with self._connecting:
            backoff = Backoff(self._topic)
            while self._consumer is None:
                if (problem := await self._connect()) is not None:
                    await backoff.pause(problem)
            backoff.succeeded()
        return self._count

    def go(self, shard: int, offset: int) -> None:
        """Lets the next records of a partition be those from an offset on."""
        partition = TopicPartition(self._topic, shard)
        self._consumer.seek(partition, offset)
        self._consumer.resume(partition)

    async def ends(self, shard: int) -> tuple[int, int]:
        """The offsets of a partition's first record and of its next one; waits until the broker says."""
        if not 0 <= shard < await self.partitions():
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

    async def names(self) -> frozenset[str]:
        """All topics of the cluster that we may see; none if the broker doesn't say."""
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                return frozenset(await self._consumer.topics())  # all at once: asking for one by name may make it
        except (KafkaError, TimeoutError):
            return frozenset()

    async def records(self, shard: int, limit: int) -> Sequence[Published]:
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

    async def _connect(self) -> str | None:
        """Connects, with every partition assigned and at rest; returns why not."""
        consumer = AIOKafkaConsumer(**self._cluster.options(self._client_id), **_CONSUMER)
        try:
            async with asyncio.timeout(LOOK_SECONDS_MAX):
                count = await self._counted()
                if count:
                    await consumer.start()
        except BaseException as error:
            await stop_consumer(consumer)
            if isinstance(error, _REFUSED):
                raise RefusedError(f"{self._topic}: {error!r}") from error
            if isinstance(error, KafkaError | TimeoutError | OSError):
                return repr(error)
            raise
        if not count:
            await stop_consumer(consumer)
            return "there is no such topic"
        self._assign(consumer, count)
        return None

    async def _counted(self) -> int:
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
