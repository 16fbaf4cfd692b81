"""Carries a schedule out: strikes, and starts again whoever fell.

A target that is still down when its next blow comes is waited for, so that each kill kills a running process. Nobody
may have ended by itself: that is told, and fails the run.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any, Final

import structlog
from aiokafka.errors import KafkaError

from pushward.kafka.record import TOPIC
from tests.crash import evidence
from tests.crash.checker import Fact
from tests.crash.schedule import Blow, Step, Target
from tests.crash.world import World
from tests.support.child import Child
from tests.support.installation import SHARDS
from tests.support.kafka import admin, partitions_of
from tests.support.waiting import until

MS: Final = 1000.0
DELETED_SECONDS_MAX: Final = 60.0

_log = structlog.get_logger(__name__)


class Storm:
    """One schedule on one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._returning: dict[Target, asyncio.Task[None]] = {}
        self.kills: Counter[Target] = Counter()
        self.generations: list[list[Fact]] = []  # the topic's, before each time it was lost
        self.ended_by_themselves: list[str] = []

    async def rage(self, steps: Sequence[Step]) -> None:
        """Strikes as the schedule says; afterwards everything runs again."""
        for number, step in enumerate(steps):
            await asyncio.sleep(step.pause_ms / MS)
            await self._returned(step.target)
            _log.info("blow", number=number, blow=step.blow, target=step.target, down_ms=step.down_ms)
            if step.blow is not Blow.KILL:
                await self._keep_generation()
            await self._strike(step)
        for target in list(self._returning):
            await self._returned(target)
        for target, child in self._world.children.items():
            self._note_end(target, child)

    async def _strike(self, step: Step) -> None:
        match step.target:
            case Target.KAFKA if step.blow is Blow.DELETE_TOPIC:
                await self._delete_topic()
            case Target.KAFKA:
                self._fell(step, self._kafka_returns(step))
            case Target.POSTGRES:
                self._fell(step, self._postgres_returns(step))
            case target:
                self._fell(step, self._child_returns(target, step.down_ms))

    def _fell(self, step: Step, returns: Coroutine[Any, Any, None]) -> None:  # Any: as coroutines are typed
        """Kills the target now; the rest is ``returns``'s."""
        match step.target:
            case Target.KAFKA:
                if not self._world.kafka.running:
                    self.ended_by_themselves.append(step.target)
                self._world.kafka.kill()
                if step.blow is Blow.WIPE:
                    self._world.kafka.wipe()
            case Target.POSTGRES:
                os.kill(self._world.postgres.pid, signal.SIGKILL)
            case target:
                child = self._world.children[target]
                self._note_end(target, child)
                if child.running:
                    child.kill()
        self.kills[step.target] += 1
        self._returning[step.target] = asyncio.create_task(returns)

    def _note_end(self, target: Target, child: Child) -> None:
        if not child.running:
            self.ended_by_themselves.append(f"{target}: {child.tail()}")

    async def _returned(self, target: Target) -> None:
        if (returning := self._returning.pop(target, None)) is not None:
            await returning

    async def _child_returns(self, target: Target, down_ms: int) -> None:
        await asyncio.sleep(down_ms / MS)
        self._world.children[target].start()

    async def _postgres_returns(self, step: Step) -> None:
        await asyncio.sleep(step.down_ms / MS)
        # Both in the main thread: the server's life is bound to it.
        self._world.postgres.stop()
        self._world.postgres.start()

    async def _kafka_returns(self, step: Step) -> None:
        await asyncio.sleep(step.down_ms / MS)
        self._world.kafka.launch()
        await asyncio.to_thread(self._world.kafka.wait_ready)

    async def _keep_generation(self) -> None:
        """What the topic held before it was harmed had to be in order, too."""
        if await partitions_of(self._world.kafka.bootstrap, TOPIC) == SHARDS:
            self.generations.append(await evidence.relayed(self._world.kafka.bootstrap))

    async def _delete_topic(self) -> None:
        """As an operator would, by mistake; the relay may still be making it after the last such blow."""

        async def deleted() -> bool:
            try:
                async with admin(self._world.kafka.bootstrap) as client:
                    answer = await client.delete_topics([TOPIC])
            except KafkaError:
                return False
            return [code for _, code, *_ in answer.topic_error_codes] == [0]

        await until(deleted, DELETED_SECONDS_MAX)
