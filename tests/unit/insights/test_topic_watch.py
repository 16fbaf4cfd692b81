"""When a counter is told to start again: the topic was made anew, or it stands still."""

from pushward.kafka.broker import Record
from pushward.kafka.memory import MemoryBroker
from services.insights.adapters.topic_watch import STILL_LOOKS, TopicWatch

TOPIC = "pushward.events"
RECORD = Record(b"key", b"value")


async def grow(broker: MemoryBroker, records: int, partition: int = 0) -> None:
    """So many records more."""
    producer = await broker.producer(TOPIC, partition)
    await producer.send([RECORD] * records)
    await producer.end()


async def watched(broker: MemoryBroker) -> TopicWatch:
    """A watch on two partitions that were empty."""
    await broker.create(TOPIC, 2)
    watch = TopicWatch(broker, TOPIC, range(2))
    assert await watch.look() is None
    return watch


async def looks(watch: TopicWatch, times: int) -> list[bool]:
    """Whether each of some looks ended it."""
    return [await watch.look() is not None for _ in range(times)]


async def test_who_takes_what_comes_is_left_alone() -> None:
    """Also when nothing comes, and when it isn't all taken yet."""
    broker = MemoryBroker()
    watch = await watched(broker)
    for taken in range(6):
        await grow(broker, 2)
        watch.took(0, taken)
        assert await watch.look() is None
    for offset in range(6, 12):
        watch.took(0, offset)
    assert await looks(watch, 5) == [False] * 5


async def test_who_takes_nothing_though_records_lie_there_stands_still() -> None:
    """After some looks in a row; a partition of which nothing was ever taken counts from the first look."""
    broker = MemoryBroker()
    watch = await watched(broker)
    await grow(broker, 1, partition=1)
    assert await looks(watch, STILL_LOOKS + 1) == [False] * STILL_LOOKS + [True]


async def test_one_step_is_enough() -> None:
    """Slow isn't still."""
    broker = MemoryBroker()
    watch = await watched(broker)
    await grow(broker, 9)
    for offset in range(4):
        assert await looks(watch, STILL_LOOKS) == [False] * STILL_LOOKS
        watch.took(0, offset)


async def test_a_topic_that_ends_before_what_was_taken_was_made_anew() -> None:
    """At the first look."""
    broker = MemoryBroker()
    watch = await watched(broker)
    await grow(broker, 3)
    watch.took(0, 3)
    assert await watch.look() == f"topic {TOPIC} was made anew"


async def test_a_topic_that_isnt_there_says_nothing() -> None:
    """Away is no standstill."""
    broker = MemoryBroker()
    watch = TopicWatch(broker, TOPIC, range(2))
    watch.took(0, 5)
    assert await looks(watch, 5) == [False] * 5
