"""Who waits is rung for events of his account, and for nothing else."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pushward.errors import UnavailableError
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.memory import MemoryLog
from services.relay.app.arrivals import Arrivals
from tests.support.probe.counter import counting, origin, stream

MINE = "AC" + "1" * 32
THEIRS = "AC" + "2" * 32
LONG_SECONDS = 10.0
SHORT_SECONDS = 0.05


class World(MemoryLog):
    """A log in memory, and its heads; ``away`` makes it unreadable."""

    def __init__(self) -> None:
        super().__init__(2)
        self.watch = HeadWatch(self)
        self.away = False
        self.reads = 0

    async def read(self, shard: int, after: int, limit: int) -> Sequence[StoredEvent]:
        self.reads += 1
        if self.away:
            raise UnavailableError("away")
        return await super().read(shard, after, limit)

    async def happen(self, *owners: str, shard: int = 0) -> None:
        """An event of each owner's, committed together."""
        before = len(self.events[shard])
        await self.commit([counting(stream(shard), 0, of=replace(origin(), account_sid=owner)) for owner in owners])
        self.watch.committed(self.events[shard][before:])


@pytest.fixture
def world() -> World:
    """Two empty shards."""
    return World()


@pytest.fixture
def arrivals(world: World) -> Arrivals:
    """Nobody waits yet."""
    return Arrivals(world.watch)


async def test_an_event_of_the_account_ends_the_wait(world: World, arrivals: Arrivals) -> None:
    """Among others' events, too; all who wait for the account are told."""
    waits = [asyncio.create_task(arrivals.wait(MINE, 0, 0, LONG_SECONDS)) for _ in range(20)]
    await asyncio.sleep(0)
    await world.happen(THEIRS, MINE, THEIRS)
    async with asyncio.timeout(LONG_SECONDS / 2):
        assert await asyncio.gather(*waits) == [True] * 20


async def test_what_others_do_wakes_nobody(world: World, arrivals: Arrivals) -> None:
    """Nor what happens on another shard; and it is read once, however many wait."""
    waits = [asyncio.create_task(arrivals.wait(MINE, 0, 0, SHORT_SECONDS)) for _ in range(20)]
    await asyncio.sleep(0)
    await world.happen(*[THEIRS] * 50)
    await world.happen(MINE, shard=1)
    assert await asyncio.gather(*waits) == [False] * 20
    assert world.reads <= 2


async def test_a_newcomer_from_further_back_looks_at_once(world: World, arrivals: Arrivals) -> None:
    """What lies between was looked at before it came."""
    first = asyncio.create_task(arrivals.wait(THEIRS, 0, 0, LONG_SECONDS))
    await asyncio.sleep(0)
    await world.happen(MINE, MINE)
    async with asyncio.timeout(LONG_SECONDS / 2):
        while not await arrivals.wait(MINE, 0, 0, SHORT_SECONDS):
            pass
    assert not first.done()
    first.cancel()
    await asyncio.wait([first])


async def test_a_log_that_cannot_be_read_rings_everybody(world: World, arrivals: Arrivals) -> None:
    """They look for themselves, and meet the reason; who comes when it can be read again is rung as ever."""
    wait = asyncio.create_task(arrivals.wait(MINE, 0, 0, LONG_SECONDS))
    await asyncio.sleep(0)
    world.away = True
    world.watch.committed([replace(event, position=2) for event in await _made(world)])  # a head that memory lacks
    async with asyncio.timeout(LONG_SECONDS / 2):
        assert await wait
        world.away = False
        await world.happen(MINE)
        assert await arrivals.wait(MINE, 0, 0, LONG_SECONDS)


async def test_a_drain_lets_everybody_go(world: World, arrivals: Arrivals) -> None:
    """And keeps nobody who comes after it."""
    wait = asyncio.create_task(arrivals.wait(MINE, 0, 0, LONG_SECONDS))
    await asyncio.sleep(0)
    arrivals.drain()
    async with asyncio.timeout(LONG_SECONDS / 2):
        assert not await wait
        assert not await arrivals.wait(MINE, 0, 0, LONG_SECONDS)


async def test_nothing_is_followed_when_nobody_waits(world: World, arrivals: Arrivals) -> None:
    """The last one who leaves, also by being cancelled, ends it."""
    waits = [asyncio.create_task(arrivals.wait(MINE, 0, 0, LONG_SECONDS)) for _ in range(2)]
    await asyncio.sleep(0)
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert "arrivals-0" in names
    for wait in waits:
        wait.cancel()
    await asyncio.wait(waits)
    await asyncio.sleep(0)
    assert "arrivals-0" not in {task.get_name() for task in asyncio.all_tasks()}


async def _made(world: World) -> Sequence[StoredEvent]:
    await world.commit([counting(stream(0), 0)])
    return world.events[0]
