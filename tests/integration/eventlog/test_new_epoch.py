"""A new epoch begins on a log that is whole, with subscriptions that agree with it; otherwise nothing is changed."""

from typing import Any, Final
from uuid import uuid4

import pytest

from pushward.eventlog.epoch import current_epoch
from pushward.eventlog.new_epoch import BegunEpoch, EpochRefusedError, begin_epoch
from pushward.eventlog.subscription.status import status_of
from tests.integration.eventlog.following import NAME, SCHEMA, World
from tests.support.probe.counter import counting, stream
from tests.support.waiting import eventually, until

SUBSCRIPTIONS: Final = [(SCHEMA, NAME)]
ANOTHER_PLACE: Final = "UPDATE log.epoch SET system_identifier = '1', timeline = timeline + 1"


async def test_it_takes_the_identity_that_it_finds(world: World) -> None:
    """What was a problem before is none after; its number is the next."""
    await world.append(8)
    await world.run(ANOTHER_PLACE)
    assert "it was restored, run `pushward log new-epoch`" in (await _problem(world) or "")
    assert (await _begin(world)).number == 2
    assert await _problem(world) is None
    assert await world.query("SELECT count(*) FROM log.epoch") == [(2,)]


async def test_subscriptions_go_on_in_it(world: World) -> None:
    """Those that follow while it begins lose their lease and take it again; nothing is applied twice or left out."""
    follower = await world.follow()
    await eventually(world.applied, await world.append(8))
    await _begin(world)
    await eventually(world.applied, await world.append(8))
    assert await world.query("SELECT DISTINCT epoch FROM probe.subscription") == [(2,)]
    assert follower.subscription.alarms == {}


async def test_alarms_end_and_parked_streams_stay(world: World) -> None:
    """Positions were looked at, so alarms have nothing to say any more; poison is as poisonous as before."""
    poison = stream(1, 666)

    def refuse(events: Any) -> None:  # Any: stored events
        if any(event.stream_id == poison for event in events):
            raise ValueError("poison, as the test wants")

    await world.follow(before_apply=refuse)
    await world.log.append(counting(poison, 0))
    await until(lambda: _parked(world))
    await world.run("UPDATE probe.subscription SET alarm = 'something' WHERE shard = 2")
    await _begin(world)
    async with world.connected() as connection:
        shards = await status_of(connection, SCHEMA, NAME)
    assert [shard.alarm for shard in shards] == [None] * len(shards)
    assert [len(shard.parked) for shard in shards] == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM log.event WHERE shard = 1 AND position = 1", "shard 1 has 1 events up to 2, and should have 2"),
        ("DELETE FROM log.event WHERE shard = 1 AND position = 2", "shard 1 has 1 events up to 1, and should have 2"),
        ("UPDATE log.shard SET position = 3 WHERE shard = 1", "shard 1 has 2 events up to 2, and should have 3"),
        ("UPDATE log.event SET version = 2 WHERE shard = 1 AND position = 1", "has 1 events up to version 2"),
        (
            "DELETE FROM log.stream WHERE stream_id = (SELECT min(stream_id::text)::uuid FROM log.stream)",
            "and should have 0",
        ),
        ("UPDATE log.stream SET version = 7", "has 1 events up to version 1, and should have 7"),
    ],
)
async def test_a_damaged_log_is_refused(world: World, damage: str, told: str) -> None:
    """A hole, a lost end, a head that is ahead, a stream that disagrees."""
    await world.append(8)
    await world.run(damage)
    with pytest.raises(EpochRefusedError, match="The log is damaged") as refused:
        await _begin(world)
    assert told in str(refused.value)
    assert await world.query("SELECT max(epoch) FROM log.epoch") == [(1,)]


@pytest.mark.parametrize(
    ("position", "told"),
    [
        (9, "its position 9 is from the future, the log ends at 2"),
        (1, "its position is 1, where the log has another event or none"),
    ],
)
async def test_a_subscription_that_disagrees_is_refused_by_name(world: World, position: int, told: str) -> None:
    """Unless the caller wants it at the head: then it is moved, and the others are left where they are."""
    await world.append(8)
    where = "WHERE name = 'probe' AND shard = 2"
    await world.run(f"UPDATE probe.subscription SET position = {position}, event_id = '{uuid4()}' {where}")
    with pytest.raises(EpochRefusedError) as refused:
        await _begin(world)
    assert f"probe/probe, shard 2: {told}" in str(refused.value)
    before = "SELECT epoch, shard, position FROM probe.subscription ORDER BY shard"
    assert await world.query(before) == [(1, 0, 0), (1, 1, 0), (1, 2, position), (1, 3, 0)]
    begun = await _begin(world, reset_to_head=True)
    assert [str(found) for found in begun.moved_to_head] == [f"probe/probe, shard 2: {told}"]
    assert await world.query(before) == [(2, 0, 0), (2, 1, 0), (2, 2, 2), (2, 3, 0)]
    await world.follow()
    await eventually(world.applied, [place for place in await world.append(8) if place[0] != 2 or place[1] > 2])


async def test_a_parked_stream_that_disagrees_is_refused_by_name(world: World) -> None:
    """Its first event is another one now: making up for it would do something else. Only it is given up: the shard's
    own position is right, so nothing that is to come is left out, and streams that are rightly parked stay so."""
    follower = await world.follow()
    await eventually(world.applied, await world.append(8))
    await follower.stop()
    await world.append(8)
    await world.run(_park(shard=2, position=1, event_id="gen_random_uuid()") + _park(shard=2, position=2))
    await world.run("DELETE FROM probe.seen WHERE shard = 2 AND position = 2")  # as it was passed over
    with pytest.raises(EpochRefusedError, match=r"shard 2: stream .* is parked at 1, where the log has another"):
        await _begin(world)
    begun = await _begin(world, reset_to_head=True)
    assert begun.moved_to_head == []
    assert [(found.shard, "is parked at 1" in found.what) for found in begun.unparked] == [(2, True)]
    assert await world.query("SELECT shard, position FROM probe.subscription_parked") == [(2, 2)]
    await world.run("UPDATE probe.subscription_parked SET resume = true")
    await world.follow()
    await eventually(world.applied, await world.append(8))


async def test_a_number_that_was_used_is_refused(world: World) -> None:
    """Epochs only grow; an operator may leave some out that a lost history has used."""
    await world.append(4)
    with pytest.raises(EpochRefusedError, match="a new one has a higher number"):
        await _begin(world, number=1)
    assert (await _begin(world, number=7)).number == 7
    assert (await _begin(world)).number == 8


async def test_nobody_appends_while_it_begins(world: World) -> None:
    """An append that meets it waits, and is of the new epoch; nothing is lost."""
    await world.append(4)
    async with world.connected() as connection, connection.transaction():
        await connection.execute("SELECT FROM log.shard WHERE shard = 0 FOR UPDATE")
        with pytest.raises(Exception, match="lock timeout"):
            await _begin(world, lock_seconds=0.1)
    assert (await _begin(world)).number == 2
    await world.follow()
    await eventually(world.applied, await world.append(4))


def _park(*, shard: int, position: int, event_id: str = "event_id") -> str:
    return (
        "INSERT INTO probe.subscription_parked (name, shard, stream_id, position, event_id, error) "
        f"SELECT 'probe', shard, stream_id, position, {event_id}, 'ValueError' FROM log.event "
        f"WHERE shard = {shard} AND position = {position};"
    )


async def _begin(world: World, **options: Any) -> BegunEpoch:  # Any: options of begin_epoch
    async with world.connected() as connection:
        return await begin_epoch(connection, SUBSCRIPTIONS, **options)


async def _problem(world: World) -> str | None:
    async with world.connected() as connection:
        epoch = await current_epoch(connection)
    assert epoch is not None
    return epoch.problem


async def _parked(world: World) -> bool:
    return await world.query("SELECT count(*)::int FROM probe.subscription_parked") == [(1,)]
