"""A consumer of the topic, as our users write theirs: `pushward.subscribe`, which notes each event in a table.

    python -m tests.crash.consumer URL BOOTSTRAP

Its positions move in its own transactions; holes are filled from the log. A database that is away ends the subscriber,
which is started again from what is stored; anything else that ends it ends the program, and so the run fails.
"""

import asyncio
import sys
from collections.abc import Mapping
from typing import Final

import structlog

from pushward.database.pool import Database
from pushward.errors import UnavailableError
from pushward.kafka.cluster import KafkaCluster
from pushward.subscribe.kafka import KafkaSource
from pushward.subscribe.log import LogSource
from pushward.subscribe.port import Batch
from pushward.subscribe.positions import PositionTable
from pushward.subscribe.rule import Position
from pushward.subscribe.subscriber import Subscriber
from pushward.telemetry.logs import configure_logs
from tests.crash.ledger import CONSUMED, CONSUMER_POSITIONS
from tests.support.probe.counter import ROLE

RETRY_SECONDS: Final = 0.2

_log = structlog.get_logger(__name__)


class Notes:
    """The store: a row for each event, and the position beside it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._positions = PositionTable(CONSUMER_POSITIONS)

    async def load(self) -> Mapping[int, Position]:
        """The stored positions."""
        return await self._positions.load(self._database)

    async def apply(self, batch: Batch) -> None:
        """Notes the events, and how far that is."""
        async with self._database.transaction() as connection:
            await connection.executemany(
                f"INSERT INTO {CONSUMED} (shard, position, event_id) VALUES ($1, $2, $3)",
                [(event.shard, event.position, event.event_id) for event in batch.events],
            )
            await self._positions.move(connection, batch)


async def consume(url: str, bootstrap: str) -> None:
    """Follows until it is killed."""
    database = Database(url, ROLE, "crash-consumer", size_max=4)
    while True:
        try:
            async with LogSource(url, role=ROLE) as log, KafkaSource(KafkaCluster(bootstrap), fill=log) as topic:
                await Subscriber(topic, Notes(database), start="beginning").run()
        except UnavailableError as error:
            _log.warning("database_away", reason=error.message)
            await asyncio.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    configure_logs("info", json=True)
    asyncio.run(consume(sys.argv[1], sys.argv[2]))
