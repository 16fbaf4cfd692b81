"""Relays and a subscriber against a broker that delays, reorders, doubles and drops, and against each other.

The relay's own loops run, several of them, killed and started, some as zombies that believe in a lease which others
have long taken over. What a producer sent arrives whenever the broker likes, once, twice or never, also after its
producer's end. Whatever happens:

    the partition      each event's first record comes after its predecessor's, none is missing in between
    the subscriber     applied each event once, in order (pushward/subscribe/rule.py, holes filled from the log)
    in the end         everything is in the partition, once somebody lives to send it

A topic that is deleted takes its records along, and what was sent to it may come into the next one of that name, ahead
of events that are sent only later. There the order of first records is the subscriber's to mend; in the end nothing is
missing all the same. Not tried, because nothing in the partition would tell: an older topic's batch that comes among so
many duplicates that its offset fits its position (`_tells`), and zombies that outlive a topic.
"""

from collections.abc import Sequence
from itertools import count
from typing import Final, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pushward.kafka.memory import Flight, MemoryPartition, MemoryTopic
from pushward.kafka.record import Published, published
from pushward.kafka.topic import CREATED_WITH
from pushward.subscribe.rule import Fate, Position, after, fate
from services.relay.app.loop import ALARM_SECONDS, RETRY_SECONDS_MAX, SEND_SECONDS_MAX
from services.relay.app.relay import LOOK_SECONDS
from services.relay.app.trust import LEASE_SECONDS, RENEW_SECONDS
from tests.unit.relay.simulation import EPOCH, TOPIC, Process, Simulation

PROCESSES_MAX: Final = 3
EVENTS_MAX: Final = 6
A_MOMENT: Final = 0.3
TAKEN_OVER_SECONDS: Final = LEASE_SECONDS + 2 * RENEW_SECONDS
EXAMPLES: Final = 60
STEPS: Final = 50
CALM_SECONDS: Final = 2 * (LEASE_SECONDS + RENEW_SECONDS + LOOK_SECONDS + RETRY_SECONDS_MAX + ALARM_SECONDS)
"""After which everything that can be sent has been."""

T = TypeVar("T")


class Subscriber:
    """Applies by the public rule what it reads; holes it fills from the log."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.last = Position(EPOCH, 0, None)
        self.applied: list[int] = []

    def take(self, record: Published) -> None:
        """One record of the partition, in its order."""
        if fate(self.last, record.epoch, record.event) is Fate.HOLE:
            for event in self._simulation.log.events[0][self.last.position : record.event.position - 1]:
                self._apply(Published(record.epoch, event))
        self._apply(record)

    def _apply(self, record: Published) -> None:
        if fate(self.last, record.epoch, record.event) is Fate.APPLY:
            self.last = after(self.last, record.event)
            self.applied.append(record.event.position)


class RelayMachine(RuleBasedStateMachine):
    """One shard; several relays; a broker that holds all that is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Simulation(holds=True)
        self.subscriber = Subscriber(self.world)
        self.topic: MemoryTopic | None = None  # as last seen
        self.read_to = 0
        self.highest = 0
        self.wiped = False
        self.older: set[Flight] = set()  # sent to a topic that is no more
        self.start()

    # What happens to the log and to the processes.

    @rule(events=st.integers(1, EVENTS_MAX), arrive=st.booleans())
    def append(self, events: int, arrive: bool) -> None:
        self.world.append(events)
        self.world.pass_time(A_MOMENT)
        if arrive:
            self.flow()

    @precondition(lambda self: len(self.world.processes) < PROCESSES_MAX)
    @rule()
    def start(self) -> None:
        self.world.start()
        self.world.pass_time(A_MOMENT)

    @precondition(lambda self: self.world.processes)
    @rule(data=st.data(), orderly=st.booleans())
    def end(self, data: st.DataObject, orderly: bool) -> None:
        process = _one(data, self.world.processes)
        if orderly:
            self.world.stop(process)
        else:
            self.world.kill(process)

    @precondition(lambda self: self.world.processes and not self.wiped)
    @rule(data=st.data())
    def turn_into_a_zombie(self, data: st.DataObject) -> None:
        process: Process = _one(data, self.world.processes)
        process.freeze()

    @rule(seconds=st.sampled_from((A_MOMENT, SEND_SECONDS_MAX, TAKEN_OVER_SECONDS)))
    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    # What happens to what was sent.

    @precondition(lambda self: self._arrivable())
    @rule(data=st.data(), answered=st.booleans(), again=st.booleans())
    def arrive(self, data: st.DataObject, answered: bool, again: bool) -> None:
        flight: Flight = _one(data, self._arrivable())
        self.world.broker.arrives(flight, answered=answered)
        if not again or self.wiped or not flight.answer.done():
            self.world.broker.flights.remove(flight)
        self.older.discard(flight)
        self.world.pass_time(A_MOMENT)

    @precondition(lambda self: self.world.broker.flights)
    @rule(data=st.data())
    def get_lost(self, data: st.DataObject) -> None:
        flight: Flight = _one(data, self.world.broker.flights)
        self.world.broker.flights.remove(flight)

    @rule()
    def flow(self) -> None:
        """For a while everything arrives at once, so that the relays get somewhere."""
        for _ in range(4):
            for flight in self._arrivable():
                self.world.broker.arrives(flight)
                self.world.broker.flights.remove(flight)
                self.older.discard(flight)
            self.world.pass_time(A_MOMENT)

    # What happens to the partition.

    @precondition(lambda self: self._partition() is not None)
    @rule()
    def empty_by_retention(self) -> None:
        partition = self._partition()
        assert partition is not None
        self._read()
        if not self.wiped:
            self.world.loop.run(self.world.broker.truncate(TOPIC, 0, partition.end))

    @precondition(lambda self: self._partition() is not None)
    @rule(made_anew=st.booleans(), under_way=st.booleans())
    def wipe(self, made_anew: bool, under_way: bool) -> None:
        if under_way:
            self.append(2, arrive=False)
        self._read()
        del self.world.broker.topics[TOPIC]
        for process in [process for process in self.world.processes if process.leases.away]:
            self.world.kill(process)
        live = [flight for flight in self.world.broker.flights if not flight.answer.done()]
        self.older = set(live[:1])  # one batch of the topic that is no more may come into the next
        self.world.broker.flights[:] = live[:1]
        if made_anew:
            self.world.broker.topics[TOPIC] = MemoryTopic([MemoryPartition()], dict(CREATED_WITH))
        self.wiped = True

    @rule(seconds=st.sampled_from((A_MOMENT, TAKEN_OVER_SECONDS)))
    def be_away(self, seconds: float) -> None:
        self.world.broker.away = True
        self.world.pass_time(seconds)
        self.world.broker.away = False

    @invariant()
    def holds(self) -> None:
        """Whatever is in the partition is read at once, and held against the rules."""
        self._read()

    def teardown(self) -> None:
        """Somebody sane lives, the broker is well, and what is under way arrives: then all is there."""
        for process in [process for process in self.world.processes if process.leases.away]:
            self.world.kill(process)
        for flight in self._arrivable():
            self.world.broker.arrives(flight)
        self.world.broker.flights.clear()
        self.world.broker.holds = False
        if not self.world.processes:
            self.world.start()
        self.world.pass_time(CALM_SECONDS)
        self.world.append(1)
        self.world.pass_time(CALM_SECONDS)
        try:
            assert [process.relay.problem() for process in self.world.processes] == [None] * len(self.world.processes)
            self._read()
            self._compare_with_the_log()
        finally:
            self.world.close()

    def _compare_with_the_log(self) -> None:
        head = len(self.world.log.events[0])
        assert self.subscriber.applied == list(range(1, head + 1))
        firsts = sorted(set(self.world.positions_in()))
        assert firsts == list(range(firsts[0], head + 1))
        partition = self._partition()
        assert partition is not None
        assert partition.start > 0 or firsts[0] == 1

    def _read(self) -> None:
        """A consumer reads what is new; it never misses a record, except those of a topic that is no more."""
        topic = self.world.broker.topics.get(TOPIC)
        if topic is not self.topic:
            self.topic, self.read_to = topic, 0
        partition = self._partition()
        if partition is None:
            return
        for record in partition.records[max(0, self.read_to - partition.start) :]:
            event = published(0, record.key, record.value, record.headers)
            self.subscriber.take(event)
            assert self.wiped or event.event.position <= self.highest + 1, "a hole"
            self.highest = max(self.highest, event.event.position)
        self.read_to = partition.end
        assert self.subscriber.applied == list(range(1, len(self.subscriber.applied) + 1))

    def _partition(self) -> MemoryPartition | None:
        topic = self.world.broker.topics.get(TOPIC)
        return None if topic is None else topic.partitions[0]

    def _arrivable(self) -> list[Flight]:
        """What may arrive now."""
        if self._partition() is None:
            return []
        return [flight for flight in self.world.broker.flights if flight not in self.older or self._tells(flight)]

    def _tells(self, flight: Flight) -> bool:
        """Whether an older topic's batch would leave no hole, or an offset too small for its position."""
        partition = self._partition()
        assert partition is not None
        first, *_, last = [*_positions(flight), *_positions(flight)[-1:]]
        there = set(self.world.positions_in())
        whole = next(position for position in count(1) if position not in there)
        return first <= whole or partition.end + len(flight.records) < last


def _positions(flight: Flight) -> list[int]:
    return [published(0, each.key, each.value, each.headers).event.position for each in flight.records]


def _one(data: st.DataObject, of: Sequence[T]) -> T:
    return data.draw(st.sampled_from(list(of)))


TestRelays = RelayMachine.TestCase
TestRelays.settings = settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
