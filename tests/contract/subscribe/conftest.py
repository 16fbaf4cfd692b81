"""Each source over the same events."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from pushward.eventlog.event import StoredEvent
from pushward.kafka.cluster import KafkaCluster
from pushward.subscribe.kafka import KafkaSource
from pushward.subscribe.log import LogSource
from pushward.subscribe.memory import MemorySource
from pushward.subscribe.port import Source
from tests.integration.subscribe.serving import serving
from tests.support.databases import SHARDS, Databases
from tests.support.kafka import delete_topics
from tests.support.subscribing import EPOCH, Written, make_topic, publish, written
from tests.unit.subscribe.samples import event


@dataclass
class Subject:
    """A source under test, and ways to make events happen there: ``happen(shard, count)``; ``restored`` is a new epoch.

    What happens after ``restored`` is of the new epoch.
    """

    source: Source
    happen: Callable[[int, int], Awaitable[list[StoredEvent]]]
    restored: Callable[[], Awaitable[None]]


@pytest.fixture(params=["memory", "log", "kafka", "kafka-alone", "edge"])
async def subject(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Subject]:
    """Each kind of source."""
    if request.param == "memory":
        yield _memory()
        return
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(written(databases))
        if request.param == "log":
            yield Subject(await stack.enter_async_context(LogSource(log.url)), log.happen, log.begin_epoch)
        elif request.param == "edge":
            served = await stack.enter_async_context(serving(log))
            yield Subject(served.source, log.happen, log.begin_epoch)
        else:
            bootstrap: str = request.getfixturevalue("kafka").bootstrap
            fill = LogSource(log.url) if request.param == "kafka" else None
            if fill is not None:
                await stack.enter_async_context(fill)
            yield await _kafka(log, bootstrap, fill, stack)


def _memory() -> Subject:
    source = MemorySource(SHARDS)

    async def happen(shard: int, count: int) -> list[StoredEvent]:
        first = len(source.events[shard]) + 1
        events = [event(position, shard=shard) for position in range(first, first + count)]
        await source.publish(events)
        return events

    async def restored() -> None:
        source.epoch += 1

    return Subject(source, happen, restored)


async def _kafka(log: Written, bootstrap: str, fill: LogSource | None, stack: AsyncExitStack) -> Subject:
    await delete_topics(bootstrap)
    await make_topic(bootstrap)

    epoch = EPOCH

    async def happen(shard: int, count: int) -> list[StoredEvent]:
        events = await log.happen(shard, count)
        await publish(bootstrap, events, epoch=epoch)
        return events

    async def restored() -> None:
        nonlocal epoch
        epoch += 1
        await log.begin_epoch()
        await make_topic(bootstrap, epoch)

    source = await stack.enter_async_context(KafkaSource(KafkaCluster(bootstrap), fill=fill))
    return Subject(source, happen, restored)
