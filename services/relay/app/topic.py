"""The gate that every shard's loop passes before it sends: the epoch's topic is there, and as it must be.

A missing topic is made, once nobody in this process has a batch under way: a batch for a topic that was deleted would
otherwise become the first in the new one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from pushward.kafka.broker import Broker, BrokerAwayError, BrokerError
from pushward.kafka.topic import refusal

REFUSED_SECONDS: Final = 1.0
"""How long a refusal answers for all loops before the topic is looked at again."""

_log = structlog.get_logger(__name__)


class TopicRefusedError(BrokerError):
    """The topic isn't as it must be: nothing is ever sent to it. The message says what is wrong, and what to do."""


class TopicGate:
    """Opens for one topic with one partition a shard. ``quieten`` ends what this process has under way."""

    def __init__(
        self,
        broker: Broker,
        quieten: Callable[[], Awaitable[None]],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = broker
        self._quieten = quieten
        self._monotonic = monotonic
        self._looking = asyncio.Lock()
        self._passed: tuple[str, int] | None = None
        self._refused: tuple[float, str, int, str] | None = None

    async def passed(self, topic: str, partitions: int) -> None:
        """Returns when the topic may be sent to. Raises TopicRefusedError, BrokerAwayError."""
        async with self._looking:
            if self._passed != (topic, partitions):
                self._refuse_as_before(topic, partitions)
                await self._look(topic, partitions)

    def doubt(self) -> None:
        """Something went wrong with the broker: the topic may be gone."""
        self._passed = None

    async def look_again(self, topic: str, partitions: int) -> None:
        """Looks, whatever was seen before. Raises TopicRefusedError, BrokerAwayError."""
        async with self._looking:
            await self._look(topic, partitions)

    async def _look(self, topic: str, partitions: int) -> None:
        self._passed = self._refused = None
        found = await self._broker.describe(topic)
        if found is None:
            await self._quieten()
            await self._broker.create(topic, partitions)
            _log.info("topic_created", topic=topic, partitions=partitions)
            found = await self._broker.describe(topic)  # somebody else may have made it, and otherwise
        if found is None:
            raise BrokerAwayError(f"Topic {topic} is being made.")
        if (reason := refusal(topic, found, partitions)) is not None:
            self._refused = (self._monotonic(), topic, partitions, reason)
            raise TopicRefusedError(reason)
        self._passed = (topic, partitions)

    def _refuse_as_before(self, topic: str, partitions: int) -> None:
        if self._refused is None:
            return
        at, *what, reason = self._refused
        if what == [topic, partitions] and self._monotonic() - at < REFUSED_SECONDS:
            raise TopicRefusedError(reason)
