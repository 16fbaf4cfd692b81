"""Whether a counter is given every record of its topic: faust drops some when it starts, or stands still, in silence.

    a record is missing                             the one that was given isn't the next: it isn't taken, nor any later
    the topic ends before what was taken from it    it was deleted and made anew: offsets begin again
    records lie there, and none is taken            since the look before: the counter stands still

In each case the counter is to be ended and started again, from what was acknowledged. A broker that is away says
nothing about anybody.
"""

from collections.abc import Mapping
from typing import Final

from pushward.kafka.broker import Broker, BrokerError

LOOK_SECONDS: Final = 5.0
STILL_LOOKS: Final = 2
"""So many looks in a row without progress, while there are records, are a standstill."""


class TopicWatch:
    """What is taken of each partition, from the offsets ``begins`` on, against where it ends."""

    def __init__(self, broker: Broker, topic: str, begins: Mapping[int, int]) -> None:
        self._broker = broker
        self._topic = topic
        self._next = dict(begins)  # by partition: the offset of the record that must come
        self._before: tuple[Mapping[int, int], int] | None = None  # at the look before: the ends, and what was taken
        self._taken = 0
        self._still = 0
        self.problem: str | None = None  # why the counter must be started again

    def takes(self, partition: int, offset: int) -> bool:
        """Whether this record is to be taken: it is the next, or was given before. Otherwise there is a problem."""
        expected = self._next[partition]
        if offset > expected:
            self.problem = f"record {expected} of {self._topic}/{partition} is missing before {offset}"
        if self.problem is not None:
            return False
        self._next[partition] = max(expected, offset + 1)
        self._taken += 1
        return True

    async def look(self) -> None:
        """Compares with where the topic ends."""
        try:
            ends = await self._broker.ends(self._topic, list(self._next))
        except BrokerError:
            self._before = None
            return
        if any(ends[partition] < expected for partition, expected in self._next.items()):
            self.problem = f"topic {self._topic} was made anew"
        self._still = self._still + 1 if self._stood_still() else 0
        if self._still >= STILL_LOOKS:
            self.problem = f"no record of {self._topic} is taken"
        self._before = (ends, self._taken)

    def _stood_still(self) -> bool:
        if self._before is None or self._before[1] != self._taken:
            return False
        before, _ = self._before
        return any(before[partition] > expected for partition, expected in self._next.items())
