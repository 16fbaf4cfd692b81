"""A log, a topic with what a test published of it, and a source over both."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from pushward.kafka.cluster import KafkaCluster
from pushward.subscribe.kafka import KafkaSource
from pushward.subscribe.log import LogSource
from pushward.subscribe.port import Source
from pushward.subscribe.subscriber import Subscriber
from tests.support.databases import Databases
from tests.support.subscribing import MemoryStore, Written, written

Following = Callable[[Source, MemoryStore], AbstractAsyncContextManager[asyncio.Task[None]]]


@pytest.fixture
async def log(databases: Databases) -> AsyncIterator[Written]:
    """A log of SHARDS shards."""
    async with written(databases) as log:
        yield log


@asynccontextmanager
async def following(source: Source, store: MemoryStore) -> AsyncIterator[asyncio.Task[None]]:
    """A subscriber that runs while the block does, from the beginning where nothing is stored."""
    running = asyncio.create_task(Subscriber(source, store, start="beginning", batch_events_max=20).run())
    try:
        yield running
        if running.done():
            await running
    finally:
        running.cancel()
        await asyncio.wait([running])


@asynccontextmanager
async def sources(bootstrap: str, log: Written, *, epoch: int = 1) -> AsyncIterator[tuple[KafkaSource, KafkaSource]]:
    """A Kafka source whose holes are filled from the log, and one that has only the topic."""
    async with (
        LogSource(log.url) as fill,
        KafkaSource(KafkaCluster(bootstrap), epoch=epoch, fill=fill) as filled,
        KafkaSource(KafkaCluster(bootstrap), epoch=epoch) as alone,
    ):
        yield filled, alone
