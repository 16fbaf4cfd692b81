"""The live counter's lease when a counter doesn't stop: nobody counts beside it before the lease has lapsed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from pushward.telemetry.metrics import Metrics
from services.insights.app.live import LEASE, LEASE_SECONDS, Live
from services.insights.app.ports import Stream, Term
from tests.integration.insights.conftest import World
from tests.support import sql
from tests.support.waiting import eventually, until

NEW_EPOCH = "INSERT INTO log.epoch (epoch, system_identifier, timeline) SELECT 2, 'restored', timeline FROM log.epoch"
LAPSED = "SELECT expires_at <= clock_timestamp() FROM insights.lease WHERE name = 'live'"


class Endless:
    """A stream that goes on."""

    async def ended(self) -> str:
        """Never."""
        await asyncio.Event().wait()
        raise AssertionError


class Stubborn:
    """A counter that stops when the test lets it, as one does whose thread hangs."""

    def __init__(self) -> None:
        self.started: list[Term] = []
        self.stops = asyncio.Event()

    @asynccontextmanager
    async def running(self, epoch: int, shards: int, term: Term) -> AsyncIterator[Stream]:
        """As the port says, but for how it ends."""
        self.started.append(term)
        try:
            yield Endless()
        finally:
            await self.stops.wait()


async def test_a_counter_that_does_not_stop_keeps_its_lease_until_that_lapses(world: World) -> None:
    """Its process leaves; the next one counts once the lease is over, not at once."""
    counter = Stubborn()
    live = Live(world.counted_log, world.leases, counter, Metrics())
    await live.start()
    await until(lambda: _started(counter, 1))
    await live.stop()
    assert await world.query(LAPSED) == [(False,)]
    assert await world.leases.take(LEASE, uuid4(), LEASE_SECONDS) is None
    await eventually(lambda: world.query(LAPSED), [(True,)])
    counter.stops.set()


async def test_no_counter_is_started_beside_one_that_does_not_stop(world: World) -> None:
    """Not by the process that has it either: the lease lapses, and is asked for again when that counter has ended."""
    counter = Stubborn()
    live = Live(world.counted_log, world.leases, counter, Metrics())
    await live.start()
    await until(lambda: _started(counter, 1))
    await sql.execute(world.url, NEW_EPOCH)
    await eventually(lambda: world.query(LAPSED), [(True,)])
    assert len(counter.started) == 1
    counter.stops.set()
    await until(lambda: _started(counter, 2))
    await live.stop()
    assert await world.query(LAPSED) == [(True,)]


async def _started(counter: Stubborn, times: int) -> bool:
    return len(counter.started) == times
