"""A subscriber inside a service: the kernel's Subscription, which notes each event in a table.

    python -m tests.crash.subscriber URL

Two of these share the shards by leases, which are short here, so that a killed one's shards are soon taken over.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final

from pushward.database.pool import Database
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.postgres import PostgresLogReader
from pushward.eventlog.subscription import Subscription, Timing
from pushward.telemetry.logs import configure_logs
from tests.crash.ledger import APPLIED, SCHEMA, SUBSCRIPTION
from tests.support.probe.counter import ROLE

TIMING: Final = Timing(lease_seconds=1.5, trust_seconds=1.2, renew_seconds=0.3, retry_seconds_max=0.5)


async def follow(url: str) -> None:
    """Follows until it is killed, or asked to stop."""
    database = Database(url, ROLE, "crash-subscriber", size_max=4)
    heads = HeadWatch(PostgresLogReader(database))
    subscription = Subscription(SUBSCRIPTION, SCHEMA, database, heads.tail, heads, _apply, timing=TIMING)
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    await heads.start()
    await subscription.start()
    await asked.wait()
    await subscription.stop()
    await heads.stop()
    await database.close()


async def _apply(connection: Any, events: Sequence[StoredEvent]) -> None:  # Any: asyncpg's connection
    await connection.executemany(
        f"INSERT INTO {APPLIED} (shard, position, event_id) VALUES ($1, $2, $3)",
        [(event.shard, event.position, event.event_id) for event in events],
    )


def main(url: str) -> None:
    """Logs as a service does, and follows."""
    configure_logs("info", json=True)
    asyncio.run(follow(url))


if __name__ == "__main__":
    main(sys.argv[1])
