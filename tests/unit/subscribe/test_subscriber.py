"""The subscriber over a source in memory: positions, starting, stopping, and taking a new epoch over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pushward.subscribe.epochs import take_over
from pushward.subscribe.errors import (
    HoleError,
    LogRewrittenError,
    PositionFromFutureError,
    PositionMissingError,
    UnknownShardError,
)
from pushward.subscribe.memory import MemorySource
from pushward.subscribe.port import Batch, Stretch
from pushward.subscribe.rule import Position
from pushward.subscribe.subscriber import Subscriber
from tests.support.subscribing import MemoryStore
from tests.support.waiting import eventually
from tests.unit.subscribe.samples import EPOCH, START, event, event_id, position

SHARDS = 3


@pytest.fixture
def source() -> MemorySource:
    """Three empty shards."""
    return MemorySource(SHARDS)


@pytest.fixture
def store() -> MemoryStore:
    """A store without positions."""
    return MemoryStore()


@asynccontextmanager
async def _running(subscriber: Subscriber) -> AsyncIterator[asyncio.Task[None]]:
    running = asyncio.create_task(subscriber.run())
    try:
        yield running
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_a_missing_position_is_an_error(source: MemorySource, store: MemoryStore) -> None:
    """Never "from the start", also where other shards have theirs; nothing is applied."""
    await source.publish([event(1, shard=0)])
    store.positions = {0: START, 2: START}
    with pytest.raises(PositionMissingError, match="shard 1 has no stored position"):
        await Subscriber(source, store).run()
    assert store.batches == []


async def test_a_start_at_the_beginning_sees_what_was_there(source: MemorySource, store: MemoryStore) -> None:
    """And is stored before anything is applied."""
    await source.publish([event(1, shard=1), event(2, shard=1)])
    async with _running(Subscriber(source, store, start="beginning")):
        await store.until_applied(1, [1, 2])
    assert store.batches[:SHARDS] == [Batch(shard, None, START, ()) for shard in range(SHARDS)]


async def test_a_start_at_the_head_sees_what_comes(source: MemorySource, store: MemoryStore) -> None:
    """Only that; and the place is kept, so that a crash before the first event loses nothing."""
    await source.publish([event(1, shard=1), event(2, shard=1)])
    async with _running(Subscriber(source, store, start="head")):
        await store.until_applied(1, [])
        await _until_positions(store)
    assert store.positions == {0: START, 1: position(2), 2: START}
    await source.publish([event(3, shard=1)])
    async with _running(Subscriber(source, store, start="head")):
        await store.until_applied(1, [3])


async def test_a_stored_position_is_gone_on_from_whatever_start_says(source: MemorySource, store: MemoryStore) -> None:
    """`start` is for shards without one."""
    await source.publish([event(number, shard=0) for number in (1, 2, 3)])
    store.positions = dict.fromkeys(range(SHARDS), START) | {0: position(1)}
    async with _running(Subscriber(source, store, start="head")):
        await store.until_applied(0, [2, 3])


async def test_shards_can_be_shared_out(source: MemorySource, store: MemoryStore) -> None:
    """A process follows its own and needs positions for no other."""
    await source.publish([event(1, shard=shard) for shard in range(SHARDS)])
    async with _running(Subscriber(source, store, shards=[0, 2], start="beginning")):
        await store.until_applied(0, [1])
        await store.until_applied(2, [1])
    assert set(store.positions) == {0, 2}
    with pytest.raises(UnknownShardError):
        await Subscriber(source, store, shards=[SHARDS]).run()


async def test_what_the_store_raises_ends_the_subscriber(source: MemorySource, store: MemoryStore) -> None:
    """Nothing was done; started again it does it."""
    await source.publish([event(1, shard=0)])
    store.positions = dict.fromkeys(range(SHARDS), START)
    store.failing = ConnectionError("the database is away")
    with pytest.raises(ConnectionError, match="the database is away"):
        await Subscriber(source, store).run()
    assert store.positions[0] == START
    store.failing = None
    async with _running(Subscriber(source, store)):
        await store.until_applied(0, [1])


async def test_one_shards_error_ends_the_subscriber(source: MemorySource, store: MemoryStore) -> None:
    """Its message names the shard."""
    store.positions = {0: START, 1: position(7), 2: START}
    with pytest.raises(PositionFromFutureError, match="shard 1"):
        await Subscriber(source, store).run()


async def test_a_log_that_is_restored_under_a_running_subscriber_is_found_out(
    source: MemorySource, store: MemoryStore
) -> None:
    """By the next read."""
    await source.publish([event(number, shard=0) for number in (1, 2)])
    running = asyncio.create_task(Subscriber(source, store, start="beginning").run())
    await store.until_applied(0, [1, 2])
    source.events[0] = [event(1, shard=0), event(2, history=1, shard=0)]
    await source.publish([event(3, history=1, shard=0)])
    async with asyncio.timeout(5):
        await asyncio.wait([running])
    assert isinstance(running.exception(), LogRewrittenError | HoleError)
    assert store.applied(0) == [1, 2]


@pytest.mark.parametrize(
    "stretch",
    [
        Stretch(0, EPOCH, 1, [event(2)], 2, event_id(2)),
        Stretch(0, EPOCH, 0, [event(2), event(1)], 2, event_id(2)),
        Stretch(0, EPOCH, 0, [event(1), event(1)], 2, event_id(2)),
        Stretch(0, EPOCH, 0, [event(3)], 2, event_id(2)),
    ],
)
async def test_a_source_that_breaks_its_promise_is_stopped(store: MemoryStore, stretch: Stretch) -> None:
    """Another beginning, disorder, a double, an event beyond the end: nothing of it is applied."""

    class Broken(MemorySource):
        async def read(self, shard: int, last: Position, limit: int) -> Stretch:
            return stretch

    store.positions = {0: START}
    with pytest.raises(HoleError):
        await Subscriber(Broken(1), store).run()
    assert store.batches == []


async def test_a_new_epoch_is_taken_over_by_command(source: MemorySource, store: MemoryStore) -> None:
    """Where the log still holds what was applied last, and only the epoch moves."""
    await source.publish([event(number, shard=0) for number in (1, 2, 3)])
    store.positions = {0: position(2), 1: START, 2: START}
    source.epoch = 2
    assert await take_over(source, store) == SHARDS
    assert store.positions == {0: position(2, epoch=2), 1: Position(2, 0, None), 2: Position(2, 0, None)}
    assert await take_over(source, store) == 0
    async with _running(Subscriber(source, store)):
        await store.until_applied(0, [3])


@pytest.mark.parametrize(
    ("applied", "error"), [(position(4), PositionFromFutureError), (position(3), LogRewrittenError)]
)
async def test_an_epoch_that_lost_what_was_applied_is_not_taken_over(
    source: MemorySource, store: MemoryStore, applied: Position, error: type[Exception]
) -> None:
    """Nothing moves, on no shard: its owner must decide."""
    await source.publish([event(1, shard=1), event(2, shard=1), event(3, history=1, shard=1)])
    store.positions = {0: START, 1: applied, 2: START}
    source.epoch = 2
    with pytest.raises(error):
        await take_over(source, store)
    assert store.positions == {0: START, 1: applied, 2: START}
    assert store.batches == []


async def _until_positions(store: MemoryStore) -> None:
    async def stored() -> int:
        return len(store.positions)

    await eventually(stored, SHARDS)
