"""The relay between a real log and a real topic: complete and in order, whatever is killed, deleted or rewritten."""

import asyncio
import resource
from typing import Final

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from deploy.embedded.kafka import EmbeddedKafka
from pushward.kafka.record import TOPIC, topic_of
from pushward.kafka.topic import REQUIRED
from tests.integration.relay.conftest import Process, World
from tests.support.databases import SHARDS
from tests.support.kafka import admin, create_topic, delete_topics, ends_of, partitions_of, producing
from tests.support.waiting import eventually, until

pytestmark = pytest.mark.usefixtures("_hurry")

MADE_ANEW_SECONDS_MAX: Final = 60.0
RIGHT: Final = {name.replace(".", "_"): value for name, value in REQUIRED.items()}


def _up_to(position: int) -> list[list[int]]:
    return [list(range(1, position + 1))] * SHARDS


def _firsts(positions: list[list[int]]) -> list[list[int]]:
    return [list(dict.fromkeys(partition)) for partition in positions]


async def _problem(process: Process) -> bool:
    return process.relay.problem() is not None


async def _well(process: Process) -> bool:
    return process.relay.problem() is None


async def _empty_partitions(world: World) -> None:
    ends = await ends_of(world.bootstrap, TOPIC, SHARDS)
    async with admin(world.bootstrap) as client:
        await client.delete_records(
            {TopicPartition(TOPIC, partition): RecordsToDelete(end) for partition, end in ends.items()}
        )


async def test_the_topic_is_made_and_holds_what_the_log_holds(world: World) -> None:
    """Before the relay was, and what comes; each record is the event, stamped by the broker."""
    await world.append(5)
    await world.start()
    await world.relayed_up_to(5)
    await world.append(5)
    await world.relayed_up_to(10)
    assert await partitions_of(world.bootstrap, TOPIC) == SHARDS
    assert await world.positions() == _up_to(10)
    ids = await world.query("SELECT shard, position, event_id FROM log.event ORDER BY shard, position")
    seen = [record.published.event for records in (await world.records()).values() for record in records]
    assert [(event.shard, event.position, event.event_id) for event in seen] == ids


async def test_two_relays_share_the_shards_and_one_takes_over_from_the_dead(world: World) -> None:
    """With a new term; nothing that was acknowledged is sent again."""
    first = await world.start()
    await world.start()
    owners = "SELECT count(DISTINCT owner), count(owner) FROM relay.lease WHERE leased_until > clock_timestamp()"
    await eventually(lambda: world.query(owners), [(2, SHARDS)])
    await world.append(20)
    await world.relayed_up_to(20)
    await world.kill(first)
    await world.append(20)
    await world.relayed_up_to(40)
    assert await world.positions() == _up_to(40)


async def test_relays_that_are_killed_under_load_leave_no_hole(world: World) -> None:
    """Duplicates at most; a stopped one gives its shards up at once."""
    process = await world.start()
    writing = asyncio.ensure_future(_write(world, rounds=30))
    for number in range(6):
        await until(lambda: _sends(world))
        await (world.stop(process) if number % 2 else world.kill(process))
        process = await world.start()
    await writing
    await world.relayed_up_to(300)
    assert _firsts(await world.positions()) == _up_to(300)


async def _write(world: World, rounds: int) -> None:
    for _ in range(rounds):
        await world.append(10)


async def _sends(world: World) -> bool:
    """Whether somebody holds every shard and is well."""
    return all((shard.lease_seconds or 0) > 0 and shard.trouble is None for shard in await world.status())


async def test_a_topic_with_another_number_of_partitions_is_refused(world: World) -> None:
    """It is never sent to; the alarm can be seen from elsewhere, and is over once the topic is right."""
    await create_topic(world.bootstrap, TOPIC, SHARDS + 1, **RIGHT)
    await world.append(2)
    process = await world.start()
    await until(lambda: _problem(process))
    assert "has 5 partitions, and the log has 4 shards" in (process.relay.problem() or "")

    async def alarms() -> list[bool]:
        return [shard.alarm is not None for shard in await world.status()]

    await eventually(alarms, [True] * SHARDS)
    assert await ends_of(world.bootstrap, TOPIC, SHARDS + 1) == dict.fromkeys(range(SHARDS + 1), 0)
    await delete_topics(world.bootstrap, TOPIC)
    await world.relayed_up_to(2)
    assert await world.positions() == _up_to(2)
    await eventually(alarms, [False] * SHARDS)


@pytest.mark.parametrize("wrong", [{"cleanup_policy": "compact"}, {"message_timestamp_type": "CreateTime"}])
async def test_a_topic_with_wrong_settings_is_refused(world: World, wrong: dict[str, str]) -> None:
    """It is never sent to."""
    await create_topic(world.bootstrap, TOPIC, SHARDS, **{**RIGHT, **wrong})
    await world.append(2)
    process = await world.start()
    await until(lambda: _problem(process))
    assert ": set it to " in (process.relay.problem() or "")
    assert await world.positions() == [[]] * SHARDS


async def test_a_deleted_topic_is_made_again_and_filled(world: World) -> None:
    """Under a running relay, though there is nothing to send."""
    await world.start()
    await world.append(5)
    await world.relayed_up_to(5)
    await _empty_partitions(world)  # so that the old topic can't be taken for the new one
    async with admin(world.bootstrap) as client:
        await client.delete_topics([TOPIC])
    await until(lambda: world.is_whole(5), MADE_ANEW_SECONDS_MAX)


async def test_a_topic_wiped_under_a_running_relay_is_filled_again(world: World) -> None:
    """With events coming all the time: what is sent into the new topic before anybody has looked leaves no hole."""
    await world.start()
    await world.append(10)
    await world.relayed_up_to(10)
    writing = asyncio.ensure_future(_write(world, rounds=10))
    async with admin(world.bootstrap) as client:
        await client.delete_topics([TOPIC])
    await writing
    await until(lambda: world.is_whole(110), MADE_ANEW_SECONDS_MAX)


async def test_a_partition_emptied_by_retention_goes_on_after_the_kept_position(world: World) -> None:
    """Under a running relay and across a restart."""
    first = await world.start()
    await world.append(5)
    await world.relayed_up_to(5)
    await _empty_partitions(world)
    await world.append(1)
    await world.relayed_up_to(6)
    await world.kill(first)
    await _empty_partitions(world)
    await world.start()
    await world.append(1)
    await world.relayed_up_to(7)
    assert await world.positions() == [[7]] * SHARDS


async def test_a_rewritten_log_stops_its_shard_only(world: World) -> None:
    """Within a renewal, under a running relay; the others go on."""
    process = await world.start()
    await world.append(5)
    await world.relayed_up_to(5)
    await world.query("UPDATE log.event SET event_id = gen_random_uuid() WHERE shard = 2 AND position = 5")
    await until(lambda: _problem(process))
    assert "shard 2: the log holds another event at position 5" in (process.relay.problem() or "")
    await world.append(1)

    await eventually(lambda: ends_of(world.bootstrap, TOPIC, SHARDS), {0: 6, 1: 6, 2: 5, 3: 6})


async def test_a_topic_ahead_of_the_log_stops_the_relay_until_a_new_epoch(world: World) -> None:
    """The log was restored from an older backup: the new epoch's topic is complete by itself, the old one as it was."""
    first = await world.start()
    await world.append(5)
    await world.relayed_up_to(5)
    await world.stop(first)
    await world.query("DELETE FROM log.event WHERE position > 3")
    await world.query("UPDATE log.shard SET position = 3")
    second = await world.start()
    await until(lambda: _problem(second))
    assert "pushward log new-epoch" in (second.relay.problem() or "")
    await world.query("INSERT INTO log.epoch (epoch, system_identifier, timeline) VALUES (2, 'restored', 1)")
    await world.append(1)
    await world.relayed_up_to(4)
    assert await world.positions(topic_of(2)) == _up_to(4)
    assert await world.positions() == _up_to(5)
    assert {
        record.published.epoch for records in (await world.records(topic_of(2))).values() for record in records
    } == {2}
    assert await _well(second)


async def test_a_foreign_record_at_the_end_stops_its_shard(world: World) -> None:
    """Nobody can tell from it where to go on."""
    process = await world.start()
    await world.append(2)
    await world.relayed_up_to(2)
    async with producing(world.bootstrap) as producer:
        await producer.send_and_wait(TOPIC, b"foreign", partition=1)
    await until(lambda: _problem(process))
    assert "shard 1: no event in this record of partition 1" in (process.relay.problem() or "")


async def test_a_broker_that_is_killed_and_comes_back(fragile: World, own_kafka: EmbeddedKafka) -> None:
    """The relay waits, says so, and goes on by itself; everything is there once it is back."""
    process = await fragile.start()
    await fragile.append(5)
    await fragile.relayed_up_to(5)
    own_kafka.kill()
    await fragile.append(5)
    await until(lambda: _problem(process))

    async def troubles() -> bool:
        return any(shard.trouble is not None for shard in await fragile.status())

    await until(troubles)
    own_kafka.start()
    await fragile.relayed_up_to(10)
    assert _firsts(await fragile.positions()) == _up_to(10)
    await until(lambda: _well(process))


async def test_a_broker_whose_disk_is_full_and_has_room_again(fragile: World, own_kafka: EmbeddedKafka) -> None:
    """No file of it can grow, so it ends; the relay waits, and the topic is whole once the broker can write again."""
    process = await fragile.start()
    await fragile.append(5)
    await fragile.relayed_up_to(5)
    _, hard = resource.prlimit(own_kafka.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(own_kafka.pid, resource.RLIMIT_FSIZE, (0, hard))
    await fragile.append(5)
    await until(lambda: _problem(process))
    assert all(shard.position <= 10 for shard in await fragile.status())

    async def has_ended() -> bool:
        return not own_kafka.running

    await until(has_ended)
    own_kafka.kill()
    await fragile.append(5)
    own_kafka.start()
    await fragile.relayed_up_to(15)
    assert _firsts(await fragile.positions()) == _up_to(15)
    await until(lambda: _well(process))


async def test_a_broker_whose_disks_were_wiped_is_filled_again(fragile: World, own_kafka: EmbeddedKafka) -> None:
    """A new cluster at the same address."""
    await fragile.start()
    await fragile.append(5)
    await fragile.relayed_up_to(5)
    own_kafka.kill()
    own_kafka.wipe()
    own_kafka.start()
    await fragile.append(1)
    await until(lambda: fragile.is_whole(6), MADE_ANEW_SECONDS_MAX)


async def test_a_relay_that_begins_before_its_broker(fragile: World, own_kafka: EmbeddedKafka) -> None:
    """It waits for it."""
    own_kafka.kill()
    process = await fragile.start()
    await fragile.append(3)
    await until(lambda: _problem(process))
    own_kafka.start()
    await fragile.relayed_up_to(3)
    assert await fragile.positions() == _up_to(3)
