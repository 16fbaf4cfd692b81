"""What tests do with a broker: look at all of a topic, make topics, and begin without any.

The fixtures are in tests/conftest.py: `kafka` is the session's broker, which no test may harm; `clean_kafka` is the
same without any topic. Whoever kills a broker takes one of his own: `with EmbeddedKafka.ephemeral() as kafka`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from pushward.kafka.cluster import KafkaCluster
from pushward.kafka.record import Published, published
from tests.support.waiting import eventually, until

CLIENT: Final = "pushward-tests"
FETCH_TIMEOUT_MS: Final = 200
RECORDS_MAX: Final = 5000


@dataclass(frozen=True, slots=True)
class Record:
    """One record, as it lies in its partition."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @property
    def published(self) -> Published:
        """The event in it. Raises RecordError if it isn't the relay's."""
        return published(self.partition, self.key, self.value, self.headers)


@asynccontextmanager
async def admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client."""
    client = AIOKafkaAdminClient(**KafkaCluster(bootstrap).options(CLIENT))
    await client.start()
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def producing(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """A plain producer, for records that no relay would send."""
    producer = AIOKafkaProducer(**KafkaCluster(bootstrap).options(CLIENT), acks="all")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def create_topic(bootstrap: str, topic: str, partitions: int, **settings: str) -> None:
    """Makes a topic; ``settings`` with _ for the dots."""
    configs = {name.replace("_", "."): value for name, value in settings.items()}
    async with admin(bootstrap) as client:
        answer = await client.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs)])
        assert all(error[1] == 0 for error in answer.topic_errors), answer

        async def there() -> bool:
            return topic in await client.list_topics()

        await until(there)


async def delete_topics(bootstrap: str, *topics: str) -> None:
    """Deletes these topics, or all if none is named, and waits until they are gone."""
    async with admin(bootstrap) as client:
        doomed = topics or tuple(topic for topic in await client.list_topics() if not topic.startswith("__"))
        if doomed:
            await client.delete_topics(list(doomed))

        async def left() -> set[str]:
            return set(doomed) & set(await client.list_topics())

        none: set[str] = set()
        await eventually(left, none)


async def partitions_of(bootstrap: str, topic: str) -> int:
    """How many partitions the topic has; 0 if there is none."""
    async with admin(bootstrap) as client:
        if topic not in await client.list_topics():
            return 0
        (described,) = await client.describe_topics([topic])
        return len(described["partitions"])


async def ends_of(bootstrap: str, topic: str, partitions: int) -> dict[int, int]:
    """The end offset of each partition."""
    async with _consuming(bootstrap, topic, partitions) as (consumer, assigned):
        ends = await consumer.end_offsets(assigned)
        return {place.partition: end for place, end in ends.items()}


async def records_of(bootstrap: str, topic: str, partitions: int) -> dict[int, list[Record]]:
    """All records that the topic has now, by partition, in order."""
    async with _consuming(bootstrap, topic, partitions) as (consumer, assigned):
        await consumer.seek_to_beginning(*assigned)
        ends = await consumer.end_offsets(assigned)
        found: dict[int, list[Record]] = {number: [] for number in range(partitions)}
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            fetched = await consumer.getmany(timeout_ms=FETCH_TIMEOUT_MS, max_records=RECORDS_MAX)
            for place, messages in fetched.items():
                found[place.partition] += [_record(message) for message in messages]
        return found


async def tails_of(bootstrap: str, topic: str, partitions: int) -> dict[int, Record | None]:
    """The last record of each partition; None where there is none."""
    async with _consuming(bootstrap, topic, partitions) as (consumer, assigned):
        tails: dict[int, Record | None] = dict.fromkeys(range(partitions))
        ends = await consumer.end_offsets(assigned)
        for place, end in ends.items():
            if end > 0:
                consumer.seek(place, end - 1)
        waited = {place for place, end in ends.items() if end > 0}
        while waited:
            fetched = await consumer.getmany(*waited, timeout_ms=FETCH_TIMEOUT_MS, max_records=RECORDS_MAX)
            for place, messages in fetched.items():
                tails[place.partition] = _record(messages[-1])
                waited.discard(place)
        return tails


def _record(message: Any) -> Record:  # Any: aiokafka's record
    return Record(message.partition, message.offset, message.key, message.value, tuple(message.headers))


@asynccontextmanager
async def _consuming(
    bootstrap: str, topic: str, partitions: int
) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    consumer = AIOKafkaConsumer(
        **KafkaCluster(bootstrap).options(CLIENT), group_id=None, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        assigned = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(assigned)
        yield consumer, assigned
    finally:
        await consumer.stop()
