"""The broker port on aiokafka, each setting explicit.

Looking (topic, tail, ends) opens a client and closes it again: it happens when a loop starts and every few seconds, and
nothing can go stale. Whatever the client raises becomes BrokerAwayError, unless the broker has refused for good.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, NoError, TopicAlreadyExistsError, for_code

from pushward.kafka.aiokafka_producer import AiokafkaProducer
from pushward.kafka.broker import BrokerAwayError, Record, Tail, TopicDescription
from pushward.kafka.cluster import KafkaCluster
from pushward.kafka.stopping import stop_consumer
from pushward.kafka.to_its_end import REQUEST_MS_MAX, to_its_end
from pushward.kafka.topic import CLUSTER_DEFAULT, CREATED_WITH, REQUIRED

LOOK_SECONDS_MAX: Final = 5.0
"""For a whole look, connecting included; a broker that needs longer is away."""


class AiokafkaBroker:
    """A cluster."""

    def __init__(self, cluster: KafkaCluster, client_id: str, *, replication_factor: int = CLUSTER_DEFAULT) -> None:
        self._cluster = cluster
        self._client_id = client_id
        self._replication_factor = replication_factor

    @to_its_end
    async def describe(self, topic: str) -> TopicDescription | None:
        """What the topic is like; None if there is none. Raises BrokerAwayError."""
        async with self._admin() as admin:
            return await _described(admin, topic)

    @to_its_end
    async def create(self, topic: str, partitions: int) -> None:
        """Makes the topic; does nothing if there is one. Raises BrokerAwayError."""
        wanted = NewTopic(
            topic,
            partitions,
            self._replication_factor,
            replica_assignments={},  # given, because aiokafka refuses the cluster's default factor (-1) without
            topic_configs=dict(CREATED_WITH),
        )
        async with self._admin() as admin:
            for _, code, message in (await admin.create_topics([wanted])).topic_errors:
                if code not in (NoError.errno, TopicAlreadyExistsError.errno):
                    raise BrokerAwayError(f"Topic {topic} can't be made: {message or for_code(code).__name__}")

    @to_its_end
    async def tail(self, topic: str, partition: int) -> Tail:
        """The ends of a partition. Raises BrokerAwayError, also while the topic is missing."""
        place = TopicPartition(topic, partition)
        async with self._consumer(topic) as consumer:
            consumer.assign([place])
            start: int = (await consumer.beginning_offsets([place]))[place]
            end: int = (await consumer.end_offsets([place]))[place]
            if start == end:
                return Tail(start, end, None)
            consumer.seek(place, end - 1)
            last = await consumer.getone(place)
            return Tail(start, end, Record(last.key, last.value, tuple(last.headers)))

    @to_its_end
    async def ends(self, topic: str, partitions: Sequence[int]) -> Mapping[int, int]:
        """The end offsets of some partitions. Raises BrokerAwayError, also while the topic is missing."""
        places = [TopicPartition(topic, partition) for partition in partitions]
        async with self._consumer(topic) as consumer:
            return {place.partition: end for place, end in (await consumer.end_offsets(places)).items()}

    async def producer(self, topic: str, partition: int) -> AiokafkaProducer:
        """A new producer with an id of its own. Raises BrokerAwayError."""
        return await AiokafkaProducer.started(self._options(), topic, partition)

    @to_its_end
    async def truncate(self, topic: str, partition: int, before: int) -> None:
        """Deletes the records below an offset. Raises BrokerAwayError."""
        async with self._admin() as admin:
            await admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(before)})

    def _options(self) -> Mapping[str, Any]:  # Any: aiokafka's options
        return {**self._cluster.options(self._client_id), "request_timeout_ms": REQUEST_MS_MAX}

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[Any]:  # Any: aiokafka has no types
        client = AIOKafkaAdminClient(**self._options())
        async with _told():
            try:
                await client.start()
                yield client
            finally:
                await client.close()

    @asynccontextmanager
    async def _consumer(self, topic: str) -> AsyncIterator[Any]:  # Any: aiokafka has no types
        consumer = AIOKafkaConsumer(
            **self._options(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_uncommitted",
        )
        async with _told():
            try:
                await consumer.start()
                # Of all topics, as in _described; and a missing one would be asked for without a pause.
                if topic not in await consumer.topics():
                    raise BrokerAwayError(f"There is no topic {topic}.")
                yield consumer
            finally:
                await stop_consumer(consumer)


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    """Within the time for a look; what aiokafka raises is told as BrokerAwayError."""
    try:
        async with asyncio.timeout(LOOK_SECONDS_MAX):
            yield
    except TimeoutError as error:
        raise BrokerAwayError(f"The broker gave no answer within {LOOK_SECONDS_MAX:g} s.") from error
    except (KafkaError, OSError) as error:
        raise BrokerAwayError(f"The broker can't be asked: {error!r}") from error


async def _described(admin: Any, topic: str) -> TopicDescription | None:  # Any: aiokafka has no types
    # All topics are listed: asking for one by name makes it, where the cluster makes topics by itself.
    listed = {each["topic"]: each for each in await admin.describe_topics() if not each["error_code"]}
    if topic not in listed:
        return None
    wanted = ConfigResource(ConfigResourceType.TOPIC, topic, dict.fromkeys(REQUIRED))
    (answer,) = await admin.describe_configs([wanted])
    ((code, message, _, _, entries),) = answer.resources
    if code:
        raise BrokerAwayError(f"Topic {topic} can't be looked at: {message or for_code(code).__name__}")
    return TopicDescription(len(listed[topic]["partitions"]), {name: value for name, value, *_ in entries})
