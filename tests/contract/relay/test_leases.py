"""Leases and what is kept with them, in memory and in PostgreSQL alike."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import pytest

from pushward.database.pool import Database
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.memory import MemoryLog
from pushward.eventlog.module import LOG_MODULE
from services.relay.adapters.leases import PostgresLeases
from services.relay.adapters.log import MODULE, ROLE
from services.relay.adapters.memory_leases import MemoryLeases
from services.relay.app.ports import Lease, Leases, Progress
from services.relay.domain.tail import Kept
from tests.support.databases import SHARDS, Databases
from tests.support.probe.counter import PROBE_MODULE, counting, open_probe_log, stream

LONG_SECONDS = 60.0
LAPSED_SECONDS = -1.0
"""A lease that has lapsed when it is taken, as if its holder had died long ago."""
NOTHING = Kept(0, 0, None)


class World:
    """Leases under test, and the log that they are about."""

    def __init__(self, leases: Leases, log: GroupCommitLog) -> None:
        self.leases = leases
        self._log = log

    async def append(self, shard: int) -> None:
        """One event in a shard."""
        await self._log.append(counting(stream(shard), 0))

    async def held(self, owner: UUID, seconds: float = LONG_SECONDS) -> dict[int, Lease]:
        """What a claim gives, by shard."""
        return {lease.shard: lease for lease in await self.leases.claim(owner, seconds)}


@pytest.fixture(params=["memory", "postgres"])
async def world(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[World]:
    """Each implementation, on an empty log."""
    if request.param == "memory":
        memory = MemoryLog(SHARDS)
        log = GroupCommitLog([memory], on_commit=lambda events: None)
        yield World(MemoryLeases(memory.events, asyncio.get_running_loop().time), log)
        await log.close()
        return
    url = await databases.make([LOG_MODULE, PROBE_MODULE, MODULE])
    log = open_probe_log(url)
    database = Database(url, ROLE, "test", size_max=2)
    yield World(PostgresLeases(database), log)
    await log.close()
    await database.close()


async def test_one_process_takes_every_shard(world: World) -> None:
    """Rows are made as they are missed; a first term is 1, and nothing is kept."""
    held = await world.held(uuid4())
    assert sorted(held) == list(range(SHARDS))
    assert {(lease.term, lease.kept, lease.epoch, lease.shards) for lease in held.values()} == {(1, NOTHING, 1, SHARDS)}


async def test_a_renewed_lease_keeps_its_term(world: World) -> None:
    """A term is a holder's, from end to end."""
    owner = uuid4()
    assert await world.held(owner) == await world.held(owner)


async def test_two_processes_share_the_shards(world: World) -> None:
    """Each half; what the first has too much it gives back as soon as it sees the second."""
    first, second = uuid4(), uuid4()
    await world.held(first)
    assert await world.held(second) == {}
    assert len(await world.held(first)) == SHARDS // 2
    assert len(await world.held(second)) == SHARDS // 2
    assert not (await world.held(first)).keys() & (await world.held(second)).keys()


async def test_the_shards_of_the_dead_are_taken_with_a_new_term(world: World) -> None:
    """Once their leases have lapsed."""
    first, second = uuid4(), uuid4()
    await world.held(first, LAPSED_SECONDS)
    held = await world.held(second)
    assert len(held) == SHARDS
    assert {lease.term for lease in held.values()} == {2}


async def test_a_lease_that_lapsed_begins_a_new_term_for_its_own_holder_too(world: World) -> None:
    """It has stepped down meanwhile."""
    owner = uuid4()
    await world.held(owner, LAPSED_SECONDS)
    assert {lease.term for lease in (await world.held(owner)).values()} == {2}


async def test_who_leaves_frees_its_shards_at_once(world: World) -> None:
    """Nobody waits for a lease to lapse."""
    first, second = uuid4(), uuid4()
    await world.held(first)
    await world.leases.release(first)
    assert len(await world.held(second)) == SHARDS


async def test_a_kept_position_comes_with_the_next_lease(world: World) -> None:
    """Whoever holds it."""
    first, second = uuid4(), uuid4()
    await world.held(first)
    kept = Kept(1, 7, uuid4())
    assert await world.leases.keep(first, [Progress(2, 1, kept)]) == {2}
    await world.leases.release(first)
    held = await world.held(second)
    assert held[2].kept == kept
    assert held[1].kept == NOTHING


async def test_a_position_can_be_forgotten(world: World) -> None:
    """Position 0 has no event."""
    owner = uuid4()
    await world.held(owner)
    await world.leases.keep(owner, [Progress(0, 1, Kept(1, 7, uuid4()))])
    await world.leases.keep(owner, [Progress(0, 1, Kept(1, 0, None))])
    assert (await world.held(owner))[0].kept == Kept(1, 0, None)


@pytest.mark.parametrize("stale", ["owner", "term"])
async def test_a_stale_holder_keeps_nothing(world: World, stale: str) -> None:
    """It learns which shards are no longer its own."""
    first, second = uuid4(), uuid4()
    await world.held(first, LAPSED_SECONDS)
    await world.held(second)
    owner, term = (first, 2) if stale == "owner" else (second, 1)
    assert await world.leases.keep(owner, [Progress(0, term, Kept(1, 7, uuid4()))]) == frozenset()
    assert (await world.held(second))[0].kept == NOTHING


async def test_a_lease_says_whether_the_log_still_has_what_was_sent(world: World) -> None:
    """Another event at the kept position, or none at all: the log was rewritten under a running relay."""
    owner = uuid4()
    await world.held(owner)
    await world.append(0)
    assert all(lease.is_as_sent for lease in (await world.held(owner)).values())
    await world.leases.keep(owner, _all(Kept(1, 1, uuid4())))
    assert not any(lease.is_as_sent for lease in (await world.held(owner)).values())
    await world.leases.keep(owner, _all(Kept(9, 1, uuid4())))
    assert all(lease.is_as_sent for lease in (await world.held(owner)).values())


def _all(kept: Kept) -> Sequence[Progress]:
    return [Progress(shard, 1, kept) for shard in range(SHARDS)]
