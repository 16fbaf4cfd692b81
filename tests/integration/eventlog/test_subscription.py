"""A subscription applies every wanted event once, in order, whoever dies, and stops where the log can't be trusted."""

from collections.abc import Sequence
from dataclasses import replace

from pushward.database.install import install
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.module import LOG_MODULE
from tests.integration.eventlog.following import Follower, World
from tests.support.databases import SHARDS
from tests.support.probe.counter import PROBE_MODULE
from tests.support.waiting import eventually, until


async def test_every_event_is_applied_once_and_the_position_moves_with_it(world: World) -> None:
    """What was done and how far it went are one transaction."""
    await world.follow()
    expected = await world.append(40)
    await eventually(lambda: world.applied(), expected)
    positions = await world.query("SELECT shard, position FROM probe.subscription ORDER BY shard")
    assert positions == [(shard, 10) for shard in range(SHARDS)]


async def test_an_apply_that_fails_leaves_nothing_and_is_tried_again(world: World) -> None:
    """The first try of each shard fails after it wrote; still everything is there once."""
    failures: set[int] = set()

    def fail_once(events: Sequence[StoredEvent]) -> None:
        if events[0].shard not in failures:
            failures.add(events[0].shard)
            raise RuntimeError("apply failed, as the test wants")

    await world.follow(before_apply=fail_once)
    expected = await world.append(12)
    await eventually(lambda: world.applied(), expected)
    assert failures == set(range(SHARDS))


async def test_processes_share_the_shards_and_take_over_from_the_dead(world: World) -> None:
    """Two share; when one is killed the other has all shards once the leases have lapsed, and nothing is doubled."""
    first = await world.follow()
    await world.follow()
    owners = "SELECT count(DISTINCT owner), count(owner) FROM probe.subscription"
    await eventually(lambda: world.query(owners), [(2, SHARDS)])
    await world.append(20)
    await first.kill()
    expected = await world.append(20)
    await eventually(lambda: world.applied(), expected)
    await eventually(lambda: world.query(owners), [(1, SHARDS)])


async def test_a_stopped_process_gives_its_shards_back_at_once(world: World) -> None:
    """A rolling update doesn't wait for leases to lapse."""
    first = await world.follow()
    await eventually(lambda: world.query("SELECT count(owner) FROM probe.subscription"), [(SHARDS,)])
    await first.stop()
    assert await world.query("SELECT count(owner) FROM probe.subscription") == [(0,)]
    assert await world.query("SELECT count(*) FROM probe.subscription_member") == [(0,)]


async def test_unwanted_events_move_the_position_without_an_effect(world: World) -> None:
    """Lazily, but they do, so a restart doesn't read them again."""
    await world.follow(wants=lambda event: False)
    await world.append(8)
    positions = "SELECT sum(position)::int FROM probe.subscription"
    await eventually(lambda: world.query(positions), [(8,)])
    assert await world.applied() == []


async def test_a_lazy_move_keeps_the_shard(world: World) -> None:
    """Whoever stored a position goes on: nobody has to take the shard anew, with a pause in between."""
    follower = await world.follow(wants=lambda event: False)
    await until(lambda: _follows_all(follower))
    followers = dict(follower.subscription._followers)
    positions = "SELECT sum(position)::int FROM probe.subscription"
    for appended in (8, 16):
        await world.append(8)
        await eventually(lambda: world.query(positions), [(appended,)])
    assert follower.subscription._followers == followers
    assert not any(one.task.done() for one in followers.values())


async def test_a_rewritten_log_stops_the_shard(world: World) -> None:
    """Another event lies where the last applied one was: that shard stands still, the others go on."""
    follower = await world.follow()
    expected = await world.append(8)
    await eventually(lambda: world.applied(), expected)
    await follower.stop()
    await world.run("UPDATE log.event SET event_id = gen_random_uuid() WHERE shard = 2 AND position = 2")
    second = await world.follow()
    expected = [place for place in await world.append(8) if place[0] != 2 or place[1] <= 2]
    await eventually(lambda: world.applied(), expected)
    assert second.subscription.alarms == {2: "probe: shard 2 holds another event at 2"}


async def test_a_shard_without_a_position_stands_still_with_an_alarm(world: World) -> None:
    """A missing row is never 0: everything would be done again."""
    await world.run("DELETE FROM probe.subscription WHERE shard = 1")
    follower = await world.follow()
    expected = [place for place in await world.append(8) if place[0] != 1]
    await eventually(lambda: world.applied(), expected)
    assert list(follower.subscription.alarms) == [1]


async def test_a_new_subscription_is_installed_at_the_head(world: World) -> None:
    """What happened before it existed is not its business; installing again moves nothing."""
    await world.append(8)
    modules = [LOG_MODULE, replace(PROBE_MODULE, follows=("probe", "newcomer"))]
    assert await install(world.url, modules, None) == SHARDS
    heads = "SELECT name, sum(position)::int FROM probe.subscription GROUP BY name ORDER BY name"
    assert await world.query(heads) == [("newcomer", 8), ("probe", 0)]
    await world.append(4)
    await install(world.url, modules, SHARDS)
    assert await world.query(heads) == [("newcomer", 8), ("probe", 0)]


async def _follows_all(follower: Follower) -> bool:
    return len(follower.subscription._followers) == SHARDS
