"""What every source must do: the log, Kafka with and without a source that fills, the edge, memory."""

import asyncio
from functools import partial
from uuid import uuid4

import pytest

from pushward.eventlog.event import StoredEvent
from pushward.subscribe.errors import EpochChangedError, LogRewrittenError, PositionFromFutureError, UnknownShardError
from pushward.subscribe.rule import Position
from pushward.subscribe.subscriber import Subscriber
from tests.contract.subscribe.conftest import Subject
from tests.support.databases import SHARDS
from tests.support.subscribing import EPOCH, MemoryStore
from tests.support.waiting import until

SHARD = 2
START = Position(EPOCH, 0, None)
SOON_SECONDS = 20.0


async def test_it_knows_how_many_shards_there_are(subject: Subject) -> None:
    """So that nobody has to be told."""
    assert await subject.source.shards() == SHARDS


async def test_events_come_as_they_are_in_order(subject: Subject) -> None:
    """Every column of every event, and the position to store with them."""
    events = await subject.happen(SHARD, 5)
    await subject.happen(SHARD + 1, 2)
    await subject.source.begin(SHARD, START)
    seen: list[StoredEvent] = []
    last = START
    while last.position < 5:
        stretch = await subject.source.read(SHARD, last, 2)
        assert stretch.after == last.position
        assert len(stretch.events) <= 2
        seen += stretch.events
        last = stretch.to()
    assert seen == events
    assert last == Position(EPOCH, 5, events[-1].event_id)


async def test_a_read_can_be_repeated(subject: Subject) -> None:
    """Whoever couldn't store what he did reads the same again."""
    await subject.happen(SHARD, 4)
    await subject.source.begin(SHARD, START)
    first = await _moved(subject, START, 2)
    await _moved(subject, first, 2)
    again = await subject.source.read(SHARD, START, 2)
    while not again.events:
        again = await subject.source.read(SHARD, START, 2)
    assert again.to() == first


async def test_a_read_waits_for_what_happens_next(subject: Subject) -> None:
    """At the end of the shard."""
    await subject.happen(SHARD, 1)
    last = await subject.source.head(SHARD)
    await subject.source.begin(SHARD, last)
    reading = asyncio.create_task(_moved(subject, last, 10))
    (event,) = await subject.happen(SHARD, 1)
    async with asyncio.timeout(SOON_SECONDS):
        assert await reading == Position(EPOCH, 2, event.event_id)


async def test_the_head_is_the_last_event(subject: Subject) -> None:
    """Position and id; of an empty shard there is neither."""
    events = await subject.happen(SHARD, 3)
    assert await subject.source.head(SHARD) == Position(EPOCH, 3, events[-1].event_id)
    assert await subject.source.head(SHARD + 1) == START


async def test_a_position_in_the_middle_is_gone_on_from(subject: Subject) -> None:
    """With the next event."""
    events = await subject.happen(SHARD, 4)
    last = Position(EPOCH, 2, events[1].event_id)
    await subject.source.begin(SHARD, last)
    reached = await _moved(subject, last, 10)
    while reached.position < 4:
        reached = await _moved(subject, reached, 10)
    assert reached == Position(EPOCH, 4, events[3].event_id)


async def test_a_position_from_the_future_stops(subject: Subject) -> None:
    """Before anything is read."""
    await subject.happen(SHARD, 3)
    with pytest.raises(PositionFromFutureError):
        await subject.source.begin(SHARD, Position(EPOCH, 4, uuid4()))


async def test_a_rewritten_log_stops(subject: Subject) -> None:
    """At the latest with the first read, before anything is given."""
    await subject.happen(SHARD, 3)
    last = Position(EPOCH, 2, uuid4())
    with pytest.raises(LogRewrittenError):  # noqa: PT012 - at one or the other, and that is the contract
        await subject.source.begin(SHARD, last)
        await subject.source.read(SHARD, last, 10)


@pytest.mark.parametrize("position", [2, 9])
async def test_another_epoch_stops(subject: Subject, position: int) -> None:
    """Also where the position lies in the future: positions of two epochs can't be compared."""
    await subject.happen(SHARD, 3)
    with pytest.raises(EpochChangedError):
        await subject.source.begin(SHARD, Position(EPOCH + 1, position, uuid4()))


async def test_an_epoch_that_begins_while_it_is_followed_stops(subject: Subject) -> None:
    """Also where nothing of it ever comes: a subscriber must not look well while it misses everything."""
    store = MemoryStore()
    running = asyncio.create_task(Subscriber(subject.source, store, start="beginning").run())
    await subject.happen(SHARD, 3)
    await store.until_applied(SHARD, [1, 2, 3])
    await subject.restored()
    await subject.happen(SHARD, 1)
    with pytest.raises(EpochChangedError):
        async with asyncio.timeout(SOON_SECONDS):
            await running
    assert store.applied(SHARD) == [1, 2, 3]


async def test_an_unknown_shard_stops(subject: Subject) -> None:
    """A shard that exists is 0 … n - 1."""
    with pytest.raises(UnknownShardError):
        await subject.source.begin(SHARDS, START)
    with pytest.raises(UnknownShardError):
        await subject.source.head(SHARDS)


async def test_a_subscriber_applies_everything_once_over_restarts(subject: Subject) -> None:
    """On all shards at once, while events go on happening."""
    store = MemoryStore()
    for events in (7, 5, 3):
        running = asyncio.create_task(Subscriber(subject.source, store, start="beginning", batch_events_max=3).run())
        total = sum(len(store.applied(shard)) for shard in range(SHARDS))
        for shard in range(SHARDS):
            await subject.happen(shard, events)
        await until(partial(_applied_more_than, store, total))
        running.cancel()
        await asyncio.wait([running])
    running = asyncio.create_task(Subscriber(subject.source, store).run())
    for shard in range(SHARDS):
        await store.until_applied(shard, range(1, 16))
    running.cancel()
    await asyncio.wait([running])


async def _applied_more_than(store: MemoryStore, total: int) -> bool:
    return sum(len(store.applied(shard)) for shard in range(SHARDS)) > total


async def _moved(subject: Subject, last: Position, limit: int) -> Position:
    """The position after a read that moved."""
    async with asyncio.timeout(SOON_SECONDS):
        while True:
            stretch = await subject.source.read(SHARD, last, limit)
            if stretch.through > last.position:
                return stretch.to()
