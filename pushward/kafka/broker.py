"""A broker as the relay needs it: topics, a partition's tail, and a producer that can be ended.

    Broker.describe, create   a topic: what it is like; made as topic.py says
    Broker.tail, ends         where partitions begin and end, and a last record
    Broker.producer           sends to one partition, one batch at a time
    Broker.truncate           empties a partition up to an offset

    BrokerError
    ├── BrokerAwayError      not reachable, or it can't now (a full disk): the same may succeed later
    └── RecordTooLargeError  one record is longer than a batch may be

Two adapters, aiokafka and memory, pass one contract suite (tests/contract/kafka).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

BATCH_BYTES_MAX: Final = 1 << 20
"""The longest batch, and so the longest record; the topic's ``max.message.bytes`` has room for it."""


class BrokerError(Exception):
    """The broker didn't do what was asked; the tree is drawn above."""


class BrokerAwayError(BrokerError):
    """Not reachable, or it can't now. What was sent may arrive all the same, even later."""


class RecordTooLargeError(BrokerError):
    """A record doesn't fit into a batch of its own."""


@dataclass(frozen=True, slots=True)
class TopicDescription:
    """An existing topic: how many partitions, and its settings (at least those that topic.py requires)."""

    partitions: int
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """What a partition keeps. The key is a stream's id, the value an event; see record.py for the headers."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True, slots=True)
class Tail:
    """A partition's ends: records lie at ``start`` … ``end - 1``. ``last`` is the one at ``end - 1``, None if empty."""

    start: int
    end: int
    last: Record | None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A batch was stored: its first ``records`` records, from ``base_offset`` on."""

    base_offset: int
    records: int


class Producer(Protocol):
    """Sends to one partition, idempotent within its own life, to all replicas in sync.

    Whoever gets an error from it, or gives up waiting, ends it: what it sent may still arrive, once or not at all.
    """

    async def send(self, records: Sequence[Record]) -> Acknowledged:
        """Sends as many of the records, from the first on, as one batch holds. Never times out: its caller watches.

        Raises BrokerAwayError, RecordTooLargeError. A second call must wait for the first.
        """
        ...

    async def end(self) -> None:
        """Ends it at once, whatever is outstanding; never raises. Nothing of it is left in this process."""
        ...


class Broker(Protocol):
    """A cluster, or a double of it."""

    async def describe(self, topic: str) -> TopicDescription | None:
        """What the topic is like; None if there is none. Raises BrokerAwayError."""
        ...

    async def create(self, topic: str, partitions: int) -> None:
        """Makes the topic; does nothing if there is one. Raises BrokerAwayError."""
        ...

    async def tail(self, topic: str, partition: int) -> Tail:
        """The ends of a partition. Raises BrokerAwayError, also while the topic is missing."""
        ...

    async def ends(self, topic: str, partitions: Sequence[int]) -> Mapping[int, int]:
        """The end offsets of some partitions. Raises BrokerAwayError, also while the topic is missing."""
        ...

    async def producer(self, topic: str, partition: int) -> Producer:
        """A new producer with an id of its own. Raises BrokerAwayError."""
        ...

    async def truncate(self, topic: str, partition: int, before: int) -> None:
        """Deletes the records below an offset. Raises BrokerAwayError."""
        ...
