"""What the relay relies on in a broker, in memory and in a real Kafka alike."""

import asyncio
from collections.abc import Sequence

import pytest

from pushward.kafka.aiokafka_broker import AiokafkaBroker
from pushward.kafka.broker import (
    BATCH_BYTES_MAX,
    Acknowledged,
    Broker,
    BrokerAwayError,
    Record,
    RecordTooLargeError,
    Tail,
)
from pushward.kafka.cluster import KafkaCluster
from pushward.kafka.memory import MemoryBroker
from pushward.kafka.topic import CREATED_WITH, REQUIRED
from tests.support.waiting import until

TOPIC = "contract"
PARTITIONS = 3


@pytest.fixture(params=["memory", "kafka"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each implementation, without any topic."""
    if request.param == "memory":
        return MemoryBroker()
    kafka = request.getfixturevalue("clean_kafka")
    return AiokafkaBroker(KafkaCluster(kafka.bootstrap), "contract")


def _records(*texts: str) -> Sequence[Record]:
    return [Record(b"key", text.encode(), (("pos", text.encode()), ("empty", b""))) for text in texts]


async def _create(broker: Broker) -> None:
    await broker.create(TOPIC, PARTITIONS)

    async def there() -> bool:
        try:
            await broker.ends(TOPIC, range(PARTITIONS))
        except BrokerAwayError:
            return False
        return True

    await until(there)


async def _send(broker: Broker, *batches: Sequence[Record], partition: int = 1) -> list[Acknowledged]:
    producer = await broker.producer(TOPIC, partition)
    try:
        return [await producer.send(batch) for batch in batches]
    finally:
        await producer.end()


async def test_a_missing_topic_is_told_as_such(broker: Broker) -> None:
    """Nothing is made by asking; asking for its partitions fails at once."""
    assert await broker.describe(TOPIC) is None
    async with asyncio.timeout(2.0):
        with pytest.raises(BrokerAwayError):
            await broker.tail(TOPIC, 0)
    assert await broker.describe(TOPIC) is None


async def test_a_topic_is_made_with_our_settings(broker: Broker) -> None:
    """One partition a shard, never compacted, stamped by the broker."""
    await _create(broker)
    found = await broker.describe(TOPIC)
    assert found is not None
    assert found.partitions == PARTITIONS
    assert REQUIRED.items() <= found.settings.items()
    assert REQUIRED.items() <= CREATED_WITH.items()


async def test_making_a_topic_again_changes_nothing(broker: Broker) -> None:
    """Two processes may make it at once; nobody's records are lost, and its partitions stay."""
    await _create(broker)
    await _send(broker, _records("1"))
    await broker.create(TOPIC, PARTITIONS + 1)
    found = await broker.describe(TOPIC)
    assert found is not None
    assert found.partitions == PARTITIONS
    assert await broker.ends(TOPIC, [0, 1]) == {0: 0, 1: 1}


async def test_an_empty_partition_begins_and_ends_at_0(broker: Broker) -> None:
    """There is no last record."""
    await _create(broker)
    assert await broker.tail(TOPIC, 2) == Tail(0, 0, None)


async def test_batches_lie_one_after_the_other(broker: Broker) -> None:
    """Each acknowledgement tells where a batch begins; the last record is as it was sent."""
    await _create(broker)
    assert await _send(broker, _records("1", "2"), _records("3")) == [Acknowledged(0, 2), Acknowledged(2, 1)]
    assert await broker.tail(TOPIC, 1) == Tail(0, 3, _records("3")[0])
    assert await broker.ends(TOPIC, range(PARTITIONS)) == {0: 0, 1: 3, 2: 0}


async def test_a_second_producer_goes_on_behind_the_first(broker: Broker) -> None:
    """Each has an id of its own; the partition is one."""
    await _create(broker)
    assert await _send(broker, _records("1", "2")) == [Acknowledged(0, 2)]
    assert await _send(broker, _records("2", "3")) == [Acknowledged(2, 2)]


async def test_a_batch_takes_as_many_records_as_fit(broker: Broker) -> None:
    """The rest is for the next batch."""
    await _create(broker)
    third = Record(b"key", bytes(BATCH_BYTES_MAX // 3))
    assert await _send(broker, [third] * 5) == [Acknowledged(0, 2)]
    assert await broker.ends(TOPIC, [1]) == {1: 2}


async def test_a_record_that_no_batch_holds_is_refused(broker: Broker) -> None:
    """Nothing of it is sent, and a shorter one still is."""
    await _create(broker)
    with pytest.raises(RecordTooLargeError):
        await _send(broker, [Record(b"key", bytes(BATCH_BYTES_MAX))])
    assert await broker.ends(TOPIC, [1]) == {1: 0}
    assert await _send(broker, [Record(b"key", bytes(BATCH_BYTES_MAX - 200))]) == [Acknowledged(0, 1)]


async def test_records_below_an_offset_can_be_deleted(broker: Broker) -> None:
    """Offsets go on from where they were."""
    await _create(broker)
    await _send(broker, _records("1", "2", "3"))
    await broker.truncate(TOPIC, 1, 2)
    assert await broker.tail(TOPIC, 1) == Tail(2, 3, _records("3")[0])
    await broker.truncate(TOPIC, 1, 3)
    assert await broker.tail(TOPIC, 1) == Tail(3, 3, None)
    assert await _send(broker, _records("4")) == [Acknowledged(3, 1)]


async def test_no_more_can_be_deleted_than_there_is(broker: Broker) -> None:
    """An offset past the end is refused."""
    await _create(broker)
    with pytest.raises(BrokerAwayError):
        await broker.truncate(TOPIC, 1, 1)


async def test_a_producer_ends_though_a_batch_is_under_way(broker: Broker) -> None:
    """A batch for a partition that isn't there is tried for ever: its producer ends all the same, and nothing stays."""
    await _create(broker)
    tasks = asyncio.all_tasks()
    producer = await broker.producer("missing", 0)
    sending = asyncio.ensure_future(producer.send(_records("1")))
    await asyncio.wait({sending}, timeout=0.1)
    assert not sending.done()
    async with asyncio.timeout(2.0):
        sending.cancel()
        await producer.end()
    await asyncio.gather(sending, return_exceptions=True)
    assert asyncio.all_tasks() == tasks


async def test_an_ended_producer_takes_nothing(broker: Broker) -> None:
    """Its end is for good, and may be asked for twice."""
    await _create(broker)
    producer = await broker.producer(TOPIC, 1)
    await producer.end()
    await producer.end()
    with pytest.raises(BrokerAwayError):
        await producer.send(_records("1"))
    assert await broker.ends(TOPIC, [1]) == {1: 0}
