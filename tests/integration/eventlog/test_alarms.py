"""What stops a shard is written down where every process sees it, and looked at again once it was cleared."""

from typing import Any, Final
from uuid import uuid4

from pushward.eventlog.subscription.status import resume, status_of
from tests.integration.eventlog.following import NAME, SCHEMA, Follower, World
from tests.support.databases import SHARDS
from tests.support.waiting import eventually, until

SHARD: Final = 2
NOTHING: Final[dict[int, str]] = {}
REWRITTEN: Final = {SHARD: "probe: shard 2 holds another event at 2"}


async def test_an_alarm_is_seen_by_all_and_ends_when_it_was_put_right(world: World) -> None:
    """It outlives the process that raised it; cleared too early it comes back; put right, the same process goes on."""
    first = await world.follow()
    await eventually(world.applied, await world.append(8))
    await first.stop()
    right_id = await _rewrite(world, uuid4())

    finder = await world.follow()
    await eventually(lambda: _alarms(world), REWRITTEN)
    await finder.stop()
    assert await _alarms(world) == REWRITTEN

    second = await world.follow()
    await _resume(world)
    await eventually(lambda: _alarms(world), REWRITTEN)
    await until(lambda: _shows_alarm(second))
    await _rewrite(world, right_id)
    await _resume(world)
    await eventually(world.applied, await world.append(8))
    await eventually(lambda: _own_alarms(second), NOTHING)
    assert await _alarms(world) == {}
    await until(lambda: _shows_no_alarm(second))


async def test_a_position_from_the_future_is_an_alarm(world: World) -> None:
    """The log was restored from an older backup, and the positions were not."""
    await world.run(f"UPDATE probe.subscription SET position = 9, event_id = '{uuid4()}' WHERE shard = {SHARD}")
    await world.follow()
    await eventually(
        lambda: _alarms(world),
        {SHARD: "probe: shard 2 holds no event at 9: the position is from the future, or the log from an older backup"},
    )


async def test_a_position_of_another_epoch_is_not_followed(world: World) -> None:
    """Every renewal looks: the alarm comes while the shard is followed, and goes by itself when both agree again."""
    follower = await world.follow()
    await eventually(world.applied, await world.append(8))
    await world.run("INSERT INTO log.epoch SELECT 2, system_identifier, clock_timestamp(), timeline FROM log.epoch")
    expected = {
        shard: f"the log is at epoch 2, the position in shard {shard} of epoch 1: "
        "restore both from the same backup, then run `pushward log new-epoch`"
        for shard in range(SHARDS)
    }
    await eventually(lambda: _own_alarms(follower), expected)
    assert await _alarms(world) == expected
    applied = await world.applied()
    logged = await world.append(8)
    assert await world.applied() == applied
    await world.run("UPDATE probe.subscription SET epoch = 2")
    await eventually(world.applied, logged)
    await eventually(lambda: _own_alarms(follower), NOTHING)


async def test_nothing_is_followed_on_another_timeline(world: World) -> None:
    """The database was restored or failed over; the alarm says what to do."""
    await world.run("UPDATE log.epoch SET timeline = timeline + 7")
    follower = await world.follow()
    alarm = (
        "epoch 1 of the log was written on PostgreSQL's timeline 8, this is 1: "
        "it was restored or failed over, run `pushward log new-epoch`"
    )
    expected = dict.fromkeys(range(SHARDS), alarm)
    await eventually(lambda: _own_alarms(follower), expected)
    assert await _alarms(world) == expected
    logged = await world.append(8)
    assert await world.applied() == []
    await world.run("UPDATE log.epoch SET timeline = timeline - 7")
    await eventually(world.applied, logged)


async def _rewrite(world: World, event_id: Any) -> Any:  # Any: asyncpg's own UUID
    """Puts another event at the shard's last position; returns the id of the one that was there."""
    place = f"shard = {SHARD} AND position = 2"
    ((before,),) = await world.query(f"SELECT event_id FROM log.event WHERE {place}")
    await world.run(f"UPDATE log.event SET event_id = '{event_id}' WHERE {place}")
    return before


async def _alarms(world: World) -> dict[int, str]:
    async with world.connected() as connection:
        shards = await status_of(connection, SCHEMA, NAME)
    return {shard.shard: shard.alarm for shard in shards if shard.alarm is not None}


async def _own_alarms(follower: Follower) -> dict[int, str]:
    return follower.subscription.alarms


async def _resume(world: World) -> None:
    async with world.connected() as connection:
        resumed = await resume(connection, SCHEMA, NAME, shard=SHARD)
    assert resumed.shards == [SHARD]


async def _shows_alarm(follower: Follower) -> bool:
    return f'pushward_subscription_alarm{{shard="{SHARD}",subscription="{NAME}"}} 1.0' in _told(follower)


async def _shows_no_alarm(follower: Follower) -> bool:
    return f'pushward_subscription_alarm{{shard="{SHARD}",subscription="{NAME}"}} 0.0' in _told(follower)


def _told(follower: Follower) -> str:
    return follower.metrics.text().decode()
