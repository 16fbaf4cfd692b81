"""A relay through what can go wrong, over a broker in memory and in virtual time."""

from collections.abc import Iterator

import pytest

from pushward.kafka.broker import BATCH_BYTES_MAX, Producer, Record
from pushward.kafka.memory import MemoryPartition, MemoryTopic
from pushward.kafka.record import topic_of
from pushward.kafka.topic import CREATED_WITH, TIMESTAMP_TYPE
from services.relay.app import loop as loops
from services.relay.app.loop import ALARM_SECONDS, SEND_SECONDS_MAX
from services.relay.app.relay import LOOK_SECONDS
from services.relay.app.trust import LEASE_SECONDS, RENEW_SECONDS, TRUST_SECONDS
from services.relay.domain.tail import Kept
from tests.unit.relay.simulation import EPOCH, TOPIC, Simulation

A_MOMENT = 1.0
TAKEN_OVER_SECONDS = LEASE_SECONDS + 2 * RENEW_SECONDS
LOOKED_SECONDS = LOOK_SECONDS + A_MOMENT


@pytest.fixture
def world() -> Iterator[Simulation]:
    """Nothing yet."""
    simulation = Simulation()
    yield simulation
    simulation.close()


def _up_to(position: int) -> list[int]:
    return list(range(1, position + 1))


def _make_topic(world: Simulation, partitions: int, **settings: str) -> None:
    made = [MemoryPartition() for _ in range(partitions)]
    world.broker.topics[TOPIC] = MemoryTopic(made, {**CREATED_WITH, **settings})


def test_the_topic_is_made_and_filled_with_what_is_in_the_log(world: Simulation) -> None:
    """And with what comes."""
    world.append(3)
    world.start()
    world.pass_time(A_MOMENT)
    world.append(4)
    world.pass_time(A_MOMENT)
    assert world.positions_in() == _up_to(7)
    assert [each.event for each in world.events_in()] == world.log.events[0]
    assert {each.epoch for each in world.events_in()} == {EPOCH}


def test_each_shard_goes_to_its_partition() -> None:
    """One partition a shard."""
    world = Simulation(shards=3)
    for shard in range(3):
        world.append(shard + 1, shard)
    world.start()
    world.pass_time(A_MOMENT)
    assert [world.positions_in(shard) for shard in range(3)] == [[1], [1, 2], [1, 2, 3]]
    world.close()


def test_two_relays_share_the_shards() -> None:
    """And each event is sent once."""
    world = Simulation(shards=4)
    relays = [world.start(), world.start()]
    world.pass_time(TAKEN_OVER_SECONDS)
    for shard in range(4):
        world.append(5, shard)
    world.pass_time(A_MOMENT)
    assert [len(each.relay._running) for each in relays] == [2, 2]
    assert [world.positions_in(shard) for shard in range(4)] == [_up_to(5)] * 4
    world.close()


def test_nothing_is_copied_of_a_history_that_nobody_has_declared(world: Simulation) -> None:
    """A failover under a running relay: what comes then isn't the epoch's. It says why, and goes on once it may."""
    process = world.start()
    world.append(2)
    world.pass_time(A_MOMENT)
    world.history.doubt = "it was restored, run `pushward log new-epoch`"
    world.pass_time(TAKEN_OVER_SECONDS)
    world.append(3)
    world.pass_time(TAKEN_OVER_SECONDS)
    assert world.positions_in() == _up_to(2)
    assert process.relay.problem() == world.history.doubt
    world.history.doubt = None
    world.pass_time(TAKEN_OVER_SECONDS)
    assert world.positions_in() == _up_to(5)
    assert process.relay.problem() is None


def test_a_killed_relays_shard_is_taken_over_with_a_new_term(world: Simulation) -> None:
    """From the tail: nothing is sent twice, for nothing was under way."""
    first = world.start()
    world.append(5)
    world.pass_time(A_MOMENT)
    world.kill(first)
    world.start()
    world.append(5)
    world.pass_time(TAKEN_OVER_SECONDS)
    assert world.positions_in() == _up_to(10)
    assert world.leases.rows[0].term == 2


def test_a_relay_that_stops_keeps_its_position_and_gives_up_its_lease(world: Simulation) -> None:
    """Nobody waits for it to lapse."""
    first = world.start()
    world.append(5)
    world.pass_time(A_MOMENT)
    world.stop(first)
    assert world.leases.rows[0].kept == Kept(EPOCH, 5, world.log.events[0][4].event_id)
    assert world.leases.rows[0].owner is None


def test_a_batch_whose_acknowledgement_got_lost_is_not_sent_again(world: Simulation) -> None:
    """It is in the tail."""
    world.start()
    world.pass_time(A_MOMENT)
    world.broker.holds = True
    world.append(3)
    world.pass_time(A_MOMENT)
    (flight,) = world.broker.flights
    world.broker.arrives(flight, answered=False)
    world.broker.flights.clear()
    world.broker.holds = False
    world.pass_time(SEND_SECONDS_MAX + A_MOMENT)
    world.append(2)
    world.pass_time(A_MOMENT)
    assert world.positions_in() == _up_to(5)


def test_a_batch_that_nobody_takes_ends_its_producer(world: Simulation) -> None:
    """An idempotent send never times out by itself; sent again it arrives, and the first one later is a duplicate."""
    world.start()
    world.pass_time(A_MOMENT)
    world.broker.holds = True
    world.append(3)
    world.pass_time(SEND_SECONDS_MAX + A_MOMENT)
    first, second = world.broker.flights
    assert first.answer.cancelled()
    world.broker.arrives(second)
    world.broker.arrives(first)
    world.broker.flights.clear()
    world.broker.holds = False
    world.append(2)
    world.pass_time(A_MOMENT)
    assert world.positions_in() == [1, 2, 3, 1, 2, 3, 4, 5]


def test_a_zombie_only_duplicates(world: Simulation) -> None:
    """Its clock stands still, so it never steps down; what it sends comes after what was sent already."""
    zombie = world.start()
    world.append(3)
    world.pass_time(A_MOMENT)
    zombie.freeze()
    world.start()
    world.pass_time(TAKEN_OVER_SECONDS)
    for _ in range(5):
        world.append(2)
        world.pass_time(A_MOMENT)
    seen = world.positions_in()
    assert list(dict.fromkeys(seen)) == _up_to(13)
    assert len(seen) > 13


def test_a_holder_that_cannot_renew_sends_nothing_once_its_trust_has_lapsed(world: Simulation) -> None:
    """Its own clock tells; nobody else is needed for that."""
    cut_off = world.start()
    world.append(1)
    world.pass_time(A_MOMENT)
    cut_off.leases.away = True
    world.pass_time(TRUST_SECONDS)
    world.append(1)
    world.pass_time(A_MOMENT)
    assert world.positions_in() == [1]
    assert cut_off.relay.problem() == "the leases can't be renewed: The database can't be reached."
    cut_off.leases.away = False
    world.pass_time(TAKEN_OVER_SECONDS)
    assert world.positions_in() == [1, 2]
    assert cut_off.relay.problem() is None


def test_a_broker_that_is_away_is_waited_for(world: Simulation) -> None:
    """Nothing is lost or sent twice; the problem says so, and the lease tells others."""
    relay = world.start()
    world.append(2)
    world.pass_time(A_MOMENT)
    world.broker.away = True
    world.append(2)
    world.pass_time(3 * SEND_SECONDS_MAX)
    assert relay.relay.problem() == "shard 0: The broker is away."
    assert world.leases.rows[0].trouble == "The broker is away."
    world.broker.away = False
    world.pass_time(loops.RETRY_SECONDS_MAX + RENEW_SECONDS + A_MOMENT)
    assert world.positions_in() == _up_to(4)
    assert relay.relay.problem() is None
    assert world.leases.rows[0].trouble is None


def test_a_full_disk_is_waited_for(world: Simulation) -> None:
    """The broker answers, and takes no batch."""
    relay = world.start()
    world.append(2)
    world.pass_time(A_MOMENT)
    world.broker.full = True
    world.append(2)
    world.pass_time(3 * SEND_SECONDS_MAX)
    assert relay.relay.problem() == "shard 0: The broker took no batch within 4 s."
    assert 'relay_trouble{shard="0"} 1.0' in relay.metrics.text().decode()
    world.broker.full = False
    world.broker.settle()
    world.pass_time(loops.RETRY_SECONDS_MAX + RENEW_SECONDS + A_MOMENT)
    assert list(dict.fromkeys(world.positions_in())) == _up_to(4)
    assert relay.relay.problem() is None


def test_a_topic_with_another_number_of_partitions_is_refused(world: Simulation) -> None:
    """Nothing is ever sent to it; once it is right, the relay goes on."""
    _make_topic(world, partitions=2)
    world.append(2)
    relay = world.start()
    world.pass_time(LOOKED_SECONDS)
    problem = relay.relay.problem()
    assert problem is not None
    assert "has 2 partitions, and the log has 1 shards" in problem
    assert world.leases.rows[0].alarm is not None
    assert 'relay_alarm{shard="0"} 1.0' in relay.metrics.text().decode()
    assert world.positions_in() == []
    del world.broker.topics[TOPIC]
    world.pass_time(ALARM_SECONDS + RENEW_SECONDS + A_MOMENT)
    assert world.positions_in() == [1, 2]
    assert relay.relay.problem() is None


@pytest.mark.parametrize("wrong", [{"cleanup.policy": "compact"}, {TIMESTAMP_TYPE: "CreateTime"}])
def test_a_topic_with_wrong_settings_is_refused(world: Simulation, wrong: dict[str, str]) -> None:
    """A compacted topic loses events; one stamped by clients shows times of theirs."""
    _make_topic(world, 1, **wrong)
    world.append(2)
    relay = world.start()
    world.pass_time(A_MOMENT)
    ((name, value),) = wrong.items()
    problem = relay.relay.problem()
    assert problem is not None
    assert f"has {name}={value}: set it to" in problem
    assert world.positions_in() == []


def test_a_topic_that_turns_wrong_under_a_running_relay_is_noticed(world: Simulation) -> None:
    """Though there is nothing to send."""
    relay = world.start()
    world.append(2)
    world.pass_time(A_MOMENT)
    world.broker.topics[TOPIC].settings["cleanup.policy"] = "compact"
    world.pass_time(LOOKED_SECONDS)
    assert relay.relay.problem() is not None
    world.append(2)
    world.pass_time(A_MOMENT)
    assert world.positions_in() == [1, 2]


def test_a_deleted_topic_is_made_again_and_filled_from_the_start(world: Simulation) -> None:
    """Though there is nothing to send."""
    world.start()
    world.append(5)
    world.pass_time(A_MOMENT)
    del world.broker.topics[TOPIC]
    world.pass_time(LOOKED_SECONDS)
    assert world.positions_in() == _up_to(5)


def test_a_topic_that_is_deleted_while_a_batch_is_under_way_is_made_again_and_filled(world: Simulation) -> None:
    """Nobody has nothing to send, so nobody looks; whoever waits for an acknowledgement must come to doubt."""
    world.start()
    world.append(5)
    world.pass_time(A_MOMENT)
    del world.broker.topics[TOPIC]
    world.append(2)
    world.pass_time(SEND_SECONDS_MAX + A_MOMENT)
    assert world.positions_in() == _up_to(7)


def test_a_wiped_topic_is_filled_from_the_start(world: Simulation) -> None:
    """Somebody made it anew: empty, and right."""
    world.start()
    world.append(5)
    world.pass_time(A_MOMENT)
    _make_topic(world, 1)
    world.pass_time(LOOKED_SECONDS)
    assert world.positions_in() == _up_to(5)


def test_a_batch_that_comes_into_a_wiped_topic_is_deleted_and_all_is_filled_in(world: Simulation) -> None:
    """The relay sends before it has noticed: the batch would lie behind a hole."""
    world.start()
    world.append(5)
    world.pass_time(A_MOMENT)
    _make_topic(world, 1)
    world.append(2)
    world.pass_time(A_MOMENT)
    assert world.positions_in() == _up_to(7)
    assert world.broker.topics[TOPIC].partitions[0].start == 2


def test_a_partition_emptied_by_retention_goes_on_after_the_kept_position(world: Simulation) -> None:
    """Under a running relay, and after a restart."""
    relay = world.start()
    world.append(5)
    world.pass_time(A_MOMENT)
    world.loop.run(world.broker.truncate(TOPIC, 0, 5))
    world.pass_time(LOOKED_SECONDS)
    world.append(1)
    world.pass_time(A_MOMENT)
    world.stop(relay)
    world.loop.run(world.broker.truncate(TOPIC, 0, 6))
    world.append(2)
    world.start()
    world.pass_time(A_MOMENT)
    assert world.positions_in() == [7, 8]


def test_a_rewritten_log_stops_the_shard(world: Simulation) -> None:
    """At the start: another event lies where the last record was sent from."""
    first = world.start()
    world.append(5)
    world.pass_time(A_MOMENT)
    world.stop(first)
    world.leases.rows[0].kept = Kept(EPOCH, 3, world.log.events[0][2].event_id)
    world.rewrite(5)
    world.append(1)
    second = world.start()
    world.pass_time(A_MOMENT)
    problem = second.relay.problem()
    assert problem is not None
    assert "another event at position 5" in problem
    assert world.positions_in() == _up_to(5)


def test_a_log_rewritten_under_a_running_relay_stops_the_shard(world: Simulation) -> None:
    """The next claim compares the kept position with the log."""
    relay = world.start()
    world.append(5)
    world.pass_time(A_MOMENT)
    world.rewrite(5)
    world.pass_time(2 * RENEW_SECONDS)
    problem = relay.relay.problem()
    assert problem is not None
    assert "another event at position 5" in problem


def test_a_topic_from_the_future_of_the_log_stops_the_shard_until_a_new_epoch(world: Simulation) -> None:
    """The log was restored from an older backup; a new epoch has a topic of its own, which is complete by itself."""
    first = world.start()
    world.append(5)
    world.pass_time(A_MOMENT)
    world.stop(first)
    del world.log.events[0][3:]
    second = world.start()
    world.pass_time(A_MOMENT)
    problem = second.relay.problem()
    assert problem is not None
    assert "position 5" in problem
    assert "pushward log new-epoch" in problem
    world.leases.epoch = EPOCH + 1
    world.append(1)
    world.pass_time(TAKEN_OVER_SECONDS)
    assert second.relay.problem() is None
    assert world.positions_in(topic=topic_of(EPOCH + 1)) == _up_to(4)
    assert {each.epoch for each in world.events_in(topic=topic_of(EPOCH + 1))} == {EPOCH + 1}
    assert world.positions_in() == _up_to(5)


def test_a_foreign_record_at_the_end_stops_the_shard(world: Simulation) -> None:
    """Somebody else wrote to the topic: nobody can tell where to go on."""
    world.append(2)
    _make_topic(world, 1)
    world.broker.topics[TOPIC].partitions[0].records.append(Record(b"key", b"value"))
    relay = world.start()
    world.pass_time(A_MOMENT)
    problem = relay.relay.problem()
    assert problem is not None
    assert "no event in this record" in problem


def test_an_event_that_no_batch_holds_stops_the_shard(world: Simulation) -> None:
    """What came before it is sent."""
    world.append(3)
    events = world.log.events[0]
    last = events[2]
    values = {name: getattr(last, name) for name in last.__slots__}
    events[2] = type(last)(**{**values, "payload": bytes(BATCH_BYTES_MAX)})
    relay = world.start()
    world.pass_time(A_MOMENT)
    problem = relay.relay.problem()
    assert problem is not None
    assert "A record of" in problem
    assert world.positions_in() == [1, 2]


def test_a_producer_is_replaced_long_before_its_sequence_ends(
    world: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends at 2^31; here already after a batch."""
    monkeypatch.setattr(loops, "PRODUCER_RECORDS_MAX", 1)
    made: list[int] = []
    producer = world.broker.producer

    async def counted(topic: str, partition: int) -> Producer:
        made.append(partition)
        return await producer(topic, partition)

    monkeypatch.setattr(world.broker, "producer", counted)
    world.start()
    for _ in range(3):
        world.append(2)
        world.pass_time(A_MOMENT)
    assert world.positions_in() == _up_to(6)
    assert len(made) == 4
