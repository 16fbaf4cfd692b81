"""A broker in memory: for tests, simulations, and whoever wants to see the rules without a network.

What is sent arrives at once, unless the broker is ``away``, ``full``, or ``holds`` what is sent: then it is a `Flight`,
to be delivered later, in any order, more than once, or never, also after its producer's end. A producer's batch for a
topic that is missing waits for one of that name, as a real one's would.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pushward.kafka.broker import (
    BATCH_BYTES_MAX,
    Acknowledged,
    BrokerAwayError,
    Record,
    RecordTooLargeError,
    Tail,
    TopicDescription,
)
from pushward.kafka.topic import CREATED_WITH

BATCH_BYTES: Final = 61  # of a batch without records
RECORD_BYTES: Final = 21  # of a record, at most, besides what is in it
HEADER_BYTES: Final = 10


@dataclass(slots=True)
class MemoryPartition:
    """Records from offset ``start`` on."""

    start: int = 0
    records: list[Record] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The offset of the next record."""
        return self.start + len(self.records)


@dataclass(slots=True)
class MemoryTopic:
    """Partitions, and the settings that were given."""

    partitions: list[MemoryPartition]
    settings: dict[str, str]


@dataclass(slots=True, eq=False)
class Flight:
    """A batch on its way. ``answer`` is what its producer waits for."""

    topic: str
    partition: int
    records: Sequence[Record]
    answer: asyncio.Future[Acknowledged]


class MemoryBroker:
    """Topics by name. Set ``away``, ``full`` or ``holds`` to let things go wrong, ``settle`` when they are right."""

    def __init__(self, *, holds: bool = False) -> None:
        self.topics: dict[str, MemoryTopic] = {}
        self.flights: list[Flight] = []
        self.away = False
        self.full = False
        self.holds = holds

    async def describe(self, topic: str) -> TopicDescription | None:
        """What the topic is like; None if there is none."""
        self._reached()
        found = self.topics.get(topic)
        return None if found is None else TopicDescription(len(found.partitions), dict(found.settings))

    async def create(self, topic: str, partitions: int) -> None:
        """Makes the topic; does nothing if there is one."""
        self._reached()
        if topic not in self.topics:
            made = [MemoryPartition() for _ in range(partitions)]
            self.topics[topic] = MemoryTopic(made, dict(CREATED_WITH))
            self.settle()

    async def tail(self, topic: str, partition: int) -> Tail:
        """The ends of a partition."""
        found = self._partition(topic, partition)
        return Tail(found.start, found.end, found.records[-1] if found.records else None)

    async def ends(self, topic: str, partitions: Sequence[int]) -> Mapping[int, int]:
        """The end offsets of some partitions."""
        return {partition: self._partition(topic, partition).end for partition in partitions}

    async def producer(self, topic: str, partition: int) -> "MemoryProducer":
        """A new producer."""
        self._reached()
        return MemoryProducer(self, topic, partition)

    async def truncate(self, topic: str, partition: int, before: int) -> None:
        """Deletes the records below an offset."""
        found = self._partition(topic, partition)
        if before > found.end:
            raise BrokerAwayError(f"There is no offset {before} in partition {partition}.")
        del found.records[: max(0, before - found.start)]
        found.start = max(found.start, before)

    def send(self, flight: Flight) -> None:
        """Delivers a batch if it can, else keeps it on its way."""
        self.flights.append(flight)
        if not self.holds:
            self.settle()

    def settle(self) -> None:
        """Delivers what is on its way, as far as it can."""
        for flight in list(self.flights):
            if self.arrives(flight):
                self.flights.remove(flight)

    def arrives(self, flight: Flight, *, answered: bool = True) -> bool:
        """Stores a batch, and answers unless the answer gets lost; whether it could be stored."""
        topic = self.topics.get(flight.topic)
        if self.away or self.full or topic is None or flight.partition >= len(topic.partitions):
            return False
        partition = topic.partitions[flight.partition]
        base_offset = partition.end
        partition.records.extend(flight.records)
        if answered and not flight.answer.done():
            flight.answer.set_result(Acknowledged(base_offset, len(flight.records)))
        return True

    def _reached(self) -> None:
        if self.away:
            raise BrokerAwayError("The broker is away.")

    def _partition(self, topic: str, partition: int) -> MemoryPartition:
        self._reached()
        found = self.topics.get(topic)
        if found is None or partition >= len(found.partitions):
            raise BrokerAwayError(f"There is no partition {partition} of a topic {topic}.")
        return found.partitions[partition]


class MemoryProducer:
    """Sends to one partition, one batch at a time."""

    def __init__(self, broker: MemoryBroker, topic: str, partition: int) -> None:
        self._broker = broker
        self._topic = topic
        self._partition = partition
        self._flight: Flight | None = None
        self._ended = False

    async def send(self, records: Sequence[Record]) -> Acknowledged:
        """Sends as many records as one batch holds. Raises BrokerAwayError, RecordTooLargeError."""
        assert records, "a batch of nothing has no offset"
        if self._ended:
            raise BrokerAwayError("This producer was ended.")
        assert self._flight is None or self._flight.answer.done(), "one batch at a time"
        answer: asyncio.Future[Acknowledged] = asyncio.get_running_loop().create_future()
        self._flight = Flight(self._topic, self._partition, _batch(records), answer)
        self._broker.send(self._flight)
        return await asyncio.shield(answer)

    async def end(self) -> None:
        """Ends it. Only a broker that holds what is sent lets it arrive later."""
        self._ended = True
        flight = self._flight
        if flight is None or flight.answer.done():
            return
        flight.answer.cancel()
        if not self._broker.holds:
            self._broker.flights.remove(flight)


def _batch(records: Sequence[Record]) -> Sequence[Record]:
    """The first records, as many as a batch holds. Raises RecordTooLargeError."""
    size = BATCH_BYTES
    for number, record in enumerate(records):
        size += _size(record)
        if size > BATCH_BYTES_MAX:
            if number == 0:
                raise RecordTooLargeError(f"A record of {size} bytes; at most {BATCH_BYTES_MAX} can be sent.")
            return records[:number]
    return records


def _size(record: Record) -> int:
    headers = sum(len(name) + len(value) + HEADER_BYTES for name, value in record.headers)
    return RECORD_BYTES + len(record.key or b"") + len(record.value or b"") + headers
