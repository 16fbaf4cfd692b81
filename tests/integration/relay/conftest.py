"""Relays on a real PostgreSQL and a real Kafka, each as if it were a process of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest

from deploy.embedded.kafka import EmbeddedKafka
from pushward.database.pool import Database
from pushward.eventlog.epoch import Undoubted
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.postgres import PostgresLogReader
from pushward.kafka.aiokafka_broker import AiokafkaBroker
from pushward.kafka.broker import BrokerAwayError
from pushward.kafka.cluster import KafkaCluster
from pushward.kafka.record import TOPIC
from pushward.telemetry.metrics import Metrics
from services.relay.adapters.leases import PostgresLeases, ShardStatus, status_of
from services.relay.adapters.log import MODULE, ROLE
from services.relay.app import loop as loops
from services.relay.app import relay as relays
from services.relay.app import trust
from services.relay.app.relay import Relay
from tests.support.databases import SHARDS, Databases
from tests.support.kafka import Record, delete_topics, records_of
from tests.support.probe.counter import PROBE_MODULE, counting, open_probe_log, stream
from tests.support.waiting import eventually


class Process:
    """One process' worth of a relay."""

    def __init__(self, url: str, bootstrap: str) -> None:
        self._database = Database(url, ROLE, "relay", size_max=4)
        reader = PostgresLogReader(self._database)
        self._heads = HeadWatch(reader)
        broker = AiokafkaBroker(KafkaCluster(bootstrap), "relay")
        self.relay = Relay(broker, PostgresLeases(self._database), reader, self._heads, Undoubted(), Metrics())

    async def start(self) -> None:
        """Begins."""
        await self._heads.start()
        await self.relay.start()

    async def stop(self) -> None:
        """In an orderly way."""
        await self.relay.stop()
        await self._close()

    async def kill(self) -> None:
        """Nothing is kept or given back."""
        tasks = [*self.relay._tasks, *(running.task for running in self.relay._running.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._close()

    async def _close(self) -> None:
        await self._heads.stop()
        await self._database.close()


@dataclass
class World:
    """A database, a log, a broker, and the relays between them."""

    url: str
    bootstrap: str
    log: GroupCommitLog
    processes: list[Process] = field(default_factory=list)

    async def start(self) -> Process:
        """Another relay."""
        process = Process(self.url, self.bootstrap)
        self.processes.append(process)
        await process.start()
        return process

    async def kill(self, process: Process) -> None:
        """One relay fewer."""
        self.processes.remove(process)
        await process.kill()

    async def stop(self, process: Process) -> None:
        """One relay fewer, in an orderly way."""
        self.processes.remove(process)
        await process.stop()

    async def append(self, count: int) -> None:
        """Events for each shard."""
        await asyncio.gather(
            *(self.log.append(counting(stream(shard), 0)) for shard in range(SHARDS) for _ in range(count))
        )

    async def query(self, query: str) -> list[Any]:  # Any: rows
        """Asks the database as its owner."""
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    async def status(self) -> Sequence[ShardStatus]:
        """As `pushward relay status` sees it."""
        database = Database(self.url, None, "test", size_max=1)
        try:
            return await status_of(database)
        finally:
            await database.close()

    async def records(self, topic: str = TOPIC) -> dict[int, list[Record]]:
        """All that is in the topic."""
        return await records_of(self.bootstrap, topic, SHARDS)

    async def positions(self, topic: str = TOPIC) -> list[list[int]]:
        """The positions in each partition, in order."""
        return [
            [record.published.event.position for record in records]
            for _, records in sorted((await self.records(topic)).items())
        ]

    async def is_whole(self, position: int) -> bool:
        """Whether each partition, of whatever topic is there now, ends with a position and has all before it.

        It looks with bounds: a topic that is just being deleted would keep the tests' own consumers waiting.
        """
        broker = AiokafkaBroker(KafkaCluster(self.bootstrap), "test")
        try:
            tails = [await broker.tail(TOPIC, partition) for partition in range(SHARDS)]
        except BrokerAwayError:
            return False
        if any(tail.last is None or dict(tail.last.headers)["pos"] != str(position).encode() for tail in tails):
            return False
        return [sorted(set(each)) for each in await self.positions()] == [list(range(1, position + 1))] * SHARDS

    async def relayed_up_to(self, position: int) -> None:
        """Waits until each shard's position is acknowledged and kept."""

        async def positions() -> list[int]:
            return [shard.position for shard in await self.status()]

        await eventually(positions, [position] * SHARDS)


@asynccontextmanager
async def _world(databases: Databases, bootstrap: str) -> AsyncIterator[World]:
    url = await databases.make([LOG_MODULE, PROBE_MODULE, MODULE])
    world = World(url, bootstrap, open_probe_log(url))
    try:
        yield world
    finally:
        for process in list(world.processes):
            await world.kill(process)
        await world.log.close()


@pytest.fixture
async def world(databases: Databases, clean_kafka: EmbeddedKafka) -> AsyncIterator[World]:
    """An empty log, and the session's broker without a topic."""
    async with _world(databases, clean_kafka.bootstrap) as world:
        yield world


@pytest.fixture(scope="module")
def own_kafka() -> Iterator[EmbeddedKafka]:
    """A broker that may be harmed."""
    with EmbeddedKafka.ephemeral() as broker:
        yield broker


@pytest.fixture
async def fragile(databases: Databases, own_kafka: EmbeddedKafka) -> AsyncIterator[World]:
    """An empty log, and a broker that may be harmed."""
    await delete_topics(own_kafka.bootstrap)
    async with _world(databases, own_kafka.bootstrap) as world:
        yield world


@pytest.fixture
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases that lapse, and looks that come, while a test waits."""
    monkeypatch.setattr(relays, "LEASE_SECONDS", 3.0)
    monkeypatch.setattr(trust, "TRUST_SECONDS", 2.5)
    monkeypatch.setattr(relays, "RENEW_SECONDS", 0.2)
    monkeypatch.setattr(relays, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(loops, "ALARM_SECONDS", 0.3)
