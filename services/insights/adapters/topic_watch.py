"""Looks from outside whether a counter keeps up with its topic: faust may stand still without a word.

    the topic ends before what was taken from it    it was deleted and made anew: offsets begin again
    records lie there, and none is taken            since the look before: the counter stands still

Either way the counter is to be ended and started again. A broker that is away says nothing about anybody.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from pushward.kafka.broker import Broker, BrokerError

LOOK_SECONDS: Final = 5.0
STILL_LOOKS: Final = 2
"""So many looks in a row without progress, while there are records, are a standstill."""


class TopicWatch:
    """What was taken of each partition, against where it ends."""

    def __init__(self, broker: Broker, topic: str, partitions: Sequence[int]) -> None:
        self._broker = broker
        self._topic = topic
        self._partitions = partitions
        self._next: dict[int, int] = {}  # by partition: the offset after the last that was taken
        self._begun: Mapping[int, int] | None = None  # where partitions ended at the first look
        self._before: tuple[Mapping[int, int], int] | None = None  # at the look before: the ends, and what was taken
        self._taken = 0
        self._still = 0

    def took(self, partition: int, offset: int) -> None:
        """A record was taken."""
        self._next[partition] = offset + 1
        self._taken += 1

    async def look(self) -> str | None:
        """Why the counter must be started again; None while it needn't."""
        try:
            ends = await self._broker.ends(self._topic, self._partitions)
        except BrokerError:
            self._before = None
            return None
        if self._begun is None:
            self._begun = ends
        reason = self._judged(ends)
        self._before = (ends, self._taken)
        return reason

    def _judged(self, ends: Mapping[int, int]) -> str | None:
        if any(ends[partition] < after for partition, after in self._next.items()):
            return f"topic {self._topic} was made anew"
        self._still = self._still + 1 if self._stood_still() else 0
        return f"no record of {self._topic} is taken" if self._still >= STILL_LOOKS else None

    def _stood_still(self) -> bool:
        if self._before is None or self._before[1] != self._taken:
            return False
        assert self._begun is not None, "set by the first look"
        before, _ = self._before
        return any(before[partition] > self._next.get(partition, end) for partition, end in self._begun.items())
