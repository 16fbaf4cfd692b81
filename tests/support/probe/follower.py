"""A process that follows the log, for tests that stop and kill it: python -m tests.support.probe.follower URL

Beside the effect in its transaction it acts: a row of ``probe.acted``, committed at once, whatever becomes of the
transaction. So who acted without having the shard is seen.
"""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from pushward.database.pool import Database
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.postgres import PostgresLogReader
from pushward.eventlog.subscription import Subscription
from tests.integration.eventlog.following import NAME, SCHEMA, TIMING
from tests.support.probe.counter import ROLE

TABLE = f"""
CREATE TABLE probe.acted (shard int, position bigint);
GRANT SELECT, INSERT ON probe.acted TO {ROLE};
"""
_ACT = "INSERT INTO probe.acted SELECT * FROM unnest($1::int[], $2::bigint[])"
_NOTE = "INSERT INTO probe.seen (shard, position, stream_id) VALUES ($1, $2, $3)"


async def follow(url: str) -> None:
    """Until it is killed."""
    database = Database(url, ROLE, "stopped", size_max=8)
    heads = HeadWatch(PostgresLogReader(database))

    async def apply(connection: Any, events: Sequence[StoredEvent]) -> None:  # Any: asyncpg's connection
        await database.execute(_ACT, [event.shard for event in events], [event.position for event in events])
        await connection.executemany(_NOTE, [(event.shard, event.position, event.stream_id) for event in events])

    subscription = Subscription(NAME, SCHEMA, database, heads.tail, heads, apply, timing=TIMING)
    await heads.start()
    await subscription.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(follow(sys.argv[1]))
