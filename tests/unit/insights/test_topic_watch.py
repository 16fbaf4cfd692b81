"""When a counter is told to start again: a record is missing, the topic was made anew, or it stands still."""

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


async def watched(broker: MemoryBroker, begins: dict[int, int] | None = None) -> TopicWatch:
    """A watch on two partitions."""
    await broker.create(TOPIC, 2)
    return TopicWatch(broker, TOPIC, begins or {0: 0, 1: 0})


async def problem(watch: TopicWatch, looks: int = 1) -> str | None:
    """What it says after some looks."""
    for _ in range(looks):
        await watch.look()
    return watch.problem


async def test_who_takes_what_comes_is_left_alone() -> None:
    """Also when nothing comes, when it isn't all taken yet, and when a part comes again."""
    broker = MemoryBroker()
    watch = await watched(broker)
    for offset in range(6):
        await grow(broker, 2)
        assert watch.takes(0, offset)
        assert await problem(watch) is None
    assert all(watch.takes(0, offset) for offset in range(4, 12))
    assert await problem(watch, 5) is None


async def test_a_missing_record_ends_it_and_nothing_is_taken_after() -> None:
    """What comes later would hide it: a value takes no earlier event than its last."""
    watch = await watched(MemoryBroker())
    assert watch.takes(0, 0)
    assert not watch.takes(0, 2)
    assert watch.problem == f"record 1 of {TOPIC}/0 is missing before 2"
    assert not watch.takes(0, 1)
    assert not watch.takes(1, 0)


async def test_the_first_record_is_where_the_group_goes_on() -> None:
    """Not whichever comes first."""
    watch = await watched(MemoryBroker(), {0: 7, 1: 3})
    assert watch.takes(0, 6)
    assert watch.takes(0, 7)
    assert not watch.takes(1, 4)


async def test_who_takes_nothing_though_records_lie_there_stands_still() -> None:
    """After some looks in a row, also if they lay there from the beginning."""
    broker = MemoryBroker()
    watch = await watched(broker)
    await grow(broker, 1, partition=1)
    assert await problem(watch, STILL_LOOKS) is None
    assert await problem(watch) == f"no record of {TOPIC} is taken"


async def test_one_step_is_enough() -> None:
    """Slow isn't still."""
    broker = MemoryBroker()
    watch = await watched(broker)
    await grow(broker, 9)
    for offset in range(4):
        assert await problem(watch, STILL_LOOKS) is None
        assert watch.takes(0, offset)


async def test_a_topic_that_ends_before_what_was_taken_was_made_anew() -> None:
    """At the first look."""
    broker = MemoryBroker()
    watch = await watched(broker, {0: 4, 1: 0})
    await grow(broker, 3)
    assert await problem(watch) == f"topic {TOPIC} was made anew"


async def test_a_topic_that_isnt_there_says_nothing() -> None:
    """Away is no standstill."""
    watch = TopicWatch(MemoryBroker(), TOPIC, {0: 5, 1: 0})
    assert await problem(watch, 5) is None
