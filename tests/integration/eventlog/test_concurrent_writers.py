"""Several writer processes on the same streams: no hole, no inversion at the tail, one winner a version."""

import asyncio
import json
import sys
from collections import Counter, defaultdict

from pushward.database.pool import Database
from pushward.eventlog import replay
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.postgres import PostgresLogReader
from tests.support.databases import SHARDS, Databases
from tests.support.probe.counter import COUNTERS, PROBE_MODULE, ROLE

WRITERS = 4
STREAMS = 12
ROUNDS = 25
PAGE = 7  # small, so that the reader often stands in the middle of what is being written


async def _write(url: str) -> list[tuple[str, int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.probe.writer",
        *map(str, (url, SHARDS, STREAMS, ROUNDS)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    return [(name, version) for name, version in json.loads(output)]


async def _follow(reader: PostgresLogReader, shard: int, written: asyncio.Event) -> list[StoredEvent]:
    """Reads at the tail while others write; the reader itself refuses holes (HoleError)."""
    seen: list[StoredEvent] = []
    while True:
        last_look = written.is_set()
        events = await reader.read(shard, len(seen), PAGE)
        seen.extend(events)
        if last_look and not events:
            return seen


async def test_writers_in_several_processes_leave_one_order(databases: Databases) -> None:
    """What every reader relies on, while four processes fight over twelve streams."""
    url = await databases.make([LOG_MODULE, PROBE_MODULE])
    database = Database(url, ROLE, "reader", size_max=SHARDS)
    reader = PostgresLogReader(database)
    written = asyncio.Event()
    followers = [asyncio.create_task(_follow(reader, shard, written)) for shard in range(SHARDS)]

    won = await asyncio.gather(*(_write(url) for _ in range(WRITERS)))
    written.set()
    seen = await asyncio.gather(*followers)

    # Exactly one winner for each version that was fought over.
    winners = Counter(claim for claims in won for claim in claims)
    assert set(winners.values()) == {1}
    assert all(len(claims) > 0 for claims in won), "every writer must have won something, or they did not compete"

    heads = await reader.heads()
    for shard, events in enumerate(seen):
        # No hole, no inversion: what the tail saw while it grew is what lies there now.
        assert [event.position for event in events] == list(range(1, heads[shard] + 1))
        versions: dict[str, list[int]] = defaultdict(list)
        for event in events:
            versions[event.stream_id.hex].append(event.version)
        for numbers in versions.values():
            assert numbers == list(range(1, len(numbers) + 1))

    # Every event was somebody's, and the state tables are what the log amounts to.
    firsts = {(event.stream_id.hex, event.version - 1) for events in seen for event in events}
    assert set(winners) <= firsts
    report = await replay.check(url, ROLE, [COUNTERS])
    assert report.differences == ()
    assert report.events == sum(heads.values())
    await database.close()
