"""A process that was stopped, or has lost the database, knows by itself that the shards are no longer its own."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.eventlog.following import Follower, World
from tests.support.child import Child
from tests.support.databases import SHARDS
from tests.support.probe import follower as probe_follower
from tests.support.proxy import Proxy
from tests.support.waiting import eventually, until

OWNERS = "SELECT count(DISTINCT owner)::int, count(owner)::int FROM probe.subscription"


@pytest.fixture
async def stoppable(world: World, tmp_path: Path) -> AsyncIterator[Child]:
    """A process that follows, and has all shards."""
    await world.run(probe_follower.TABLE)
    child = Child([sys.executable, "-m", probe_follower.__name__, world.url], dict(os.environ), tmp_path / "log")
    child.start()
    await eventually(lambda: world.query(OWNERS), [(1, SHARDS)])
    yield child
    os.kill(child.pid, signal.SIGCONT)
    child.kill()


async def test_a_process_that_was_stopped_acts_on_nothing_that_became_anothers(world: World, stoppable: Child) -> None:
    """SIGSTOP for longer than its lease, SIGCONT with news waiting for it: it steps down before it looks at them."""
    await eventually(world.applied, await world.append(8))
    os.kill(stoppable.pid, signal.SIGSTOP)
    stopped_at = await world.append(8)
    await world.follow()
    await eventually(world.applied, stopped_at)
    os.kill(stoppable.pid, signal.SIGCONT)
    await eventually(lambda: world.query(OWNERS), [(2, SHARDS)])
    await eventually(world.applied, await world.append(40))
    acted = await world.query("SELECT shard, position FROM probe.acted ORDER BY shard, position")
    assert len(acted) == len(set(acted))
    assert not {place for place in acted if 2 < place[1] <= 4}, "it acted on what another process had applied"
    assert len([place for place in acted if place[1] > 4]) == 20, "it went on with its share afterwards"


async def test_a_killed_process_is_replaced(world: World, stoppable: Child) -> None:
    """kill -9 in the midst of work, again and again: everything is applied once."""
    for _ in range(3):
        await world.append(40)
        stoppable.kill()
        stoppable.start()
    await eventually(world.applied, await world.append(4))


async def test_without_the_database_followers_end_by_themselves(world: World) -> None:
    """Nothing tells them: the lease runs out. When it is back, they go on."""
    async with Proxy.to_socket_of(world.url) as proxy:
        follower = Follower(proxy.url)
        world.followers.append(follower)
        await follower.start()
        await eventually(lambda: world.query(OWNERS), [(1, SHARDS)])
        tasks = [one.task for one in follower.subscription._followers.values()]
        assert not any(task.done() for task in tasks)
        await proxy.refuse()

        async def all_ended() -> bool:
            return all(task.done() for task in tasks)

        await until(all_ended)
        expected = await world.append(8)
        assert await world.applied() == []
        await proxy.accept()
        await eventually(world.applied, expected)
        await follower.stop()
