"""The guide's example, run: what it counts is right."""

import asyncio
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from pushward.api.events.v1 import types_pb2
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.module import LOG_MODULE
from pushward.subscribe import Subscriber
from pushward.subscribe.memory import MemorySource
from tests.support.child import ROOT
from tests.support.databases import Databases
from tests.support.waiting import eventually
from tests.unit.subscribe.samples import event

GUIDE = Path("docs/events/subscribing.md")
SHARDS = 2
APPROVED = types_pb2.EVENT_TYPE_CHALLENGE_APPROVED
DENIED = types_pb2.EVENT_TYPE_CHALLENGE_DENIED


async def test_the_guides_example_counts_what_happened(databases: Databases) -> None:
    """From an empty database, through a restart: each event once, and none without its row."""
    guide = _example()
    url = await databases.make([LOG_MODULE])
    source = MemorySource(SHARDS)
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        await pool.execute(guide["TABLE"])
        await pool.execute(guide["positions"].ddl)
        for approved in (3, 5):
            subscriber = Subscriber(source, guide["Approvals"](pool), start="beginning")
            running = asyncio.create_task(subscriber.run())
            for shard in range(SHARDS):
                await source.publish(_events(shard, len(source.events[shard]), approved))
            await eventually(
                partial(_positions, pool), [(shard, len(events)) for shard, events in source.events.items()]
            )
            running.cancel()
            await asyncio.wait([running])
        assert await pool.fetchval("SELECT sum(total)::int FROM approvals") == SHARDS * 8


def _example() -> dict[str, Any]:  # Any: names of every type
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / GUIDE).read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}  # Any: as above
    exec(compile(example, str(GUIDE), "exec"), names)  # noqa: S102 - our own guide
    return names


def _events(shard: int, after: int, approved: int) -> list[StoredEvent]:
    """Twice as many as there are approvals."""
    made = [event(position, shard=shard) for position in range(after + 1, after + 1 + 2 * approved)]
    return [replace(each, type=APPROVED if each.position % 2 else DENIED) for each in made]


async def _positions(pool: asyncpg.Pool) -> list[tuple[int, int]]:
    rows = await pool.fetch("SELECT shard, position FROM approvals_position ORDER BY shard")
    return [(row["shard"], row["position"]) for row in rows]
