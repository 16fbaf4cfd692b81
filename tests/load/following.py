"""How fast the log is copied to Kafka, and how fast subscribers follow: from a backlog's first event to its last."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg

from pushward.database.migrate import Module
from pushward.database.pool import Database
from pushward.eventlog.epoch import Undoubted
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.postgres import PostgresLogReader
from pushward.eventlog.subscription import Subscription
from pushward.kafka.aiokafka_broker import AiokafkaBroker
from pushward.kafka.broker import BrokerAwayError
from pushward.kafka.cluster import KafkaCluster
from pushward.kafka.record import topic_of
from pushward.subscribe.kafka import KafkaSource
from pushward.subscribe.port import Batch
from pushward.subscribe.positions import PositionTable
from pushward.subscribe.rule import Position
from pushward.subscribe.subscriber import Subscriber
from pushward.telemetry.metrics import Metrics
from services.relay.adapters.leases import PostgresLeases
from services.relay.adapters.log import ROLE as RELAY_ROLE
from services.relay.app.relay import Relay

NAME: Final = "bench"
ROLE: Final = "pushward_bench"
BENCH_MODULE: Final = Module("bench", Path(__file__).parent / "sql", role=ROLE, follows=(NAME,))
CONNECTIONS: Final = 4
LOOK_SECONDS: Final = 0.02
EPOCH: Final = 1

_APPLY: Final = "INSERT INTO bench.applied SELECT $1, $2, unnest($3::bigint[])"
_MOVED: Final = {
    "log": "SELECT sum(position)::int AS events FROM bench.subscription",
    "kafka": "SELECT coalesce(sum(position), 0)::int AS events FROM bench.position",
}
_APPLIED: Final = "SELECT count(*)::int AS events FROM bench.applied WHERE subscriber = $1"


async def relay_seconds(url: str, bootstrap: str) -> float:
    """Until the topic, which isn't there yet, ends where the log ends."""
    async with _reading(url, RELAY_ROLE) as (database, heads):
        broker = AiokafkaBroker(KafkaCluster(bootstrap), NAME)
        relay = Relay(broker, PostgresLeases(database), PostgresLogReader(database), heads, Undoubted(), Metrics())
        expected = await PostgresLogReader(database).heads()

        async def is_there() -> bool:
            try:
                return await broker.ends(topic_of(EPOCH), sorted(expected)) == expected
            except BrokerAwayError:
                return False  # no topic yet

        return await _seconds_until(is_there, relay.start, relay.stop)


async def subscription_seconds(url: str) -> float:
    """Until a service's subscription, installed before the first event, has applied every event."""
    async with _reading(url, ROLE) as (database, heads):

        async def apply(connection: Any, events: Sequence[StoredEvent]) -> None:  # Any: asyncpg's connection
            await _applied(connection, "log", events)

        subscription = Subscription(NAME, NAME, database, PostgresLogReader(database), heads, apply)
        expected = sum((await PostgresLogReader(database).heads()).values())

        async def is_done() -> bool:
            return await _number(database, _MOVED["log"]) == expected

        seconds = await _seconds_until(is_done, subscription.start, subscription.stop)
        assert await _number(database, _APPLIED, "log") == expected
        return seconds


async def subscribe_seconds(url: str, bootstrap: str) -> float:
    """Until a `pushward.subscribe` reader of the topic has applied every event to a database of its own."""
    async with _reading(url, ROLE) as (database, _), KafkaSource(KafkaCluster(bootstrap)) as source:
        connections = [await asyncpg.connect(url, server_settings={"role": ROLE}) for _ in range(CONNECTIONS)]
        subscriber = Subscriber(source, _Store(connections), start="beginning")
        expected = sum((await PostgresLogReader(database).heads()).values())
        running: list[asyncio.Task[None]] = []

        async def is_done() -> bool:
            for task in running:
                if task.done():
                    task.result()
            return await _number(database, _MOVED["kafka"]) == expected

        async def start() -> None:
            running.append(asyncio.create_task(subscriber.run()))

        async def stop() -> None:
            running[0].cancel()
            await asyncio.gather(*running, return_exceptions=True)
            for connection in connections:
                await connection.close()

        seconds = await _seconds_until(is_done, start, stop)
        assert await _number(database, _APPLIED, "kafka") == expected
        return seconds


class _Store:
    """A row an event, and the position beside it; a connection for each shard."""

    def __init__(self, connections: Sequence[asyncpg.Connection]) -> None:
        self._connections = connections
        self._positions = PositionTable("bench.position")

    async def load(self) -> Mapping[int, Position]:
        """None yet."""
        return await self._positions.load(self._connections[0])

    async def apply(self, batch: Batch) -> None:
        """One transaction."""
        connection = self._connections[batch.shard % len(self._connections)]
        async with connection.transaction():
            if batch.events:
                await _applied(connection, "kafka", batch.events)
            await self._positions.move(connection, batch)


async def _applied(connection: Any, subscriber: str, events: Sequence[StoredEvent]) -> None:  # Any: as above
    await connection.execute(_APPLY, subscriber, events[0].shard, [event.position for event in events])


async def _number(database: Database, query: str, *arguments: str) -> int:
    row = await database.fetchrow(query, *arguments)
    assert row is not None
    events: int = row["events"]
    return events


async def _seconds_until(
    holds: Callable[[], Awaitable[bool]], start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]
) -> float:
    started_at = time.perf_counter()
    await start()
    try:
        while not await holds():  # noqa: ASYNC110 - it is another process's state that is looked at
            await asyncio.sleep(LOOK_SECONDS)
        return time.perf_counter() - started_at
    finally:
        await stop()


@asynccontextmanager
async def _reading(url: str, role: str) -> AsyncIterator[tuple[Database, HeadWatch]]:
    database = Database(url, role, NAME, size_max=2 * CONNECTIONS)
    heads = HeadWatch(PostgresLogReader(database))
    await heads.start()
    try:
        yield database, heads
    finally:
        await heads.stop()
        await database.close()
