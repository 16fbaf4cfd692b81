"""A log whose events are published to a topic by hand, and a store in memory: what a subscriber stands between."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from pushward.database.pool import Database
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.postgres import PostgresLogReader
from pushward.kafka.record import headers_of, topic_of
from pushward.subscribe.port import Batch
from pushward.subscribe.rule import Position
from services.relay.adapters.log import MODULE, ROLE
from tests.support import sql
from tests.support.databases import SHARDS, Databases
from tests.support.kafka import create_topic, producing
from tests.support.probe.counter import PROBE_MODULE, counting, open_probe_log, origin, stream
from tests.support.waiting import until

ACCOUNT = "AC" + "1" * 32
EPOCH = 1
TOPIC = topic_of(EPOCH)
_NEW_EPOCH = """
    INSERT INTO log.epoch (epoch, system_identifier, timeline)
    SELECT epoch + 1, 'restored', timeline FROM log.epoch ORDER BY epoch DESC LIMIT 1"""


class MemoryStore:
    """Keeps what it is given, all or nothing, and refuses to move what has moved."""

    def __init__(self) -> None:
        self.positions: dict[int, Position] = {}
        self.events: dict[int, list[StoredEvent]] = {}
        self.batches: list[Batch] = []
        self.failing: Exception | None = None

    async def load(self) -> Mapping[int, Position]:
        """The positions."""
        return dict(self.positions)

    async def apply(self, batch: Batch) -> None:
        """Keeps a batch."""
        await asyncio.sleep(0)
        if self.failing is not None:
            raise self.failing
        assert self.positions.get(batch.shard) == batch.seen
        self.positions[batch.shard] = batch.to
        self.events.setdefault(batch.shard, []).extend(batch.events)
        self.batches.append(batch)

    def applied(self, shard: int) -> list[int]:
        """The positions of what was applied, in order."""
        return [event.position for event in self.events.get(shard, ())]

    async def until_applied(self, shard: int, positions: Sequence[int]) -> None:
        """Waits until exactly these were applied."""

        async def there() -> bool:
            return len(self.applied(shard)) >= len(positions)

        await until(there)
        assert self.applied(shard) == list(positions)


@dataclass
class Written:
    """A log in PostgreSQL that tests append to."""

    url: str
    log: GroupCommitLog
    database: Database
    heads: HeadWatch

    async def happen(self, shard: int, count: int, account_sid: str = ACCOUNT) -> list[StoredEvent]:
        """So many events of an account on a shard; what was stored."""
        before = (await self.heads.tail.heads())[shard]
        for _ in range(count):
            await self.log.append(counting(stream(shard), 0, of=replace(origin(), account_sid=account_sid)))
        return list(await self.events(shard, before))

    async def begin_epoch(self) -> None:
        """What a restore and `pushward log new-epoch` come to."""
        await sql.execute(self.url, _NEW_EPOCH)

    async def events(self, shard: int, after: int = 0) -> Sequence[StoredEvent]:
        """What the log holds."""
        return await PostgresLogReader(self.database).read(shard, after, 100_000)


@asynccontextmanager
async def written(databases: Databases) -> AsyncIterator[Written]:
    """A log of SHARDS shards."""
    url = await databases.make([LOG_MODULE, PROBE_MODULE, MODULE])
    database = Database(url, ROLE, "test", size_max=4)
    heads = HeadWatch(PostgresLogReader(database))
    await heads.start()
    log = open_probe_log(url, on_commit=heads.committed)
    yield Written(url, log, database, heads)
    await log.close()
    await heads.stop()
    await database.close()


async def make_topic(bootstrap: str, epoch: int = EPOCH) -> None:
    """The relay's topic, with a partition for each shard."""
    await create_topic(bootstrap, topic_of(epoch), SHARDS)


async def publish(bootstrap: str, events: Sequence[StoredEvent], *, epoch: int = EPOCH) -> None:
    """Sends events as the relay would, in this order."""
    async with producing(bootstrap) as producer:
        for event in events:
            await producer.send_and_wait(
                topic_of(epoch),
                event.payload,
                key=event.stream_id.bytes,
                partition=event.shard,
                headers=headers_of(event, epoch),
            )
