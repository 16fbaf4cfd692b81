"""A writer process for the concurrency test: counts on shared streams as fast as it can, then says what it won.

Run as ``python -m tests.support.probe.writer URL SHARD STREAMS ROUNDS``; prints one JSON line of won (stream, version)
pairs. Each round several counters are tried at once on the versions that this process believes in; lost ones are
read again.
"""

import asyncio
import json
import random
import sys

from pushward.database.pool import Database
from pushward.eventlog.port import Appended, VersionConflictError
from tests.support.probe.counter import ROLE, counting, open_probe_log, stream

_VERSION = "SELECT version FROM log.stream WHERE stream_id = $1"


async def write(url: str, shards: int, streams: int, rounds: int) -> list[tuple[str, int]]:
    """Tries ``rounds`` × ``streams`` appends; returns what was won."""
    log = open_probe_log(url, lanes=2)
    database = Database(url, ROLE, "writer", size_max=2)
    names = [stream(number % shards, number + 1) for number in range(streams)]
    won: list[tuple[str, int]] = []

    async def attempt(number: int) -> None:
        name = names[number]
        row = await database.fetchrow(_VERSION, name)
        version = row["version"] if row else 0
        try:
            result = await log.append(counting(name, version, events=random.choice((1, 1, 2))))
        except VersionConflictError:
            return
        assert isinstance(result, Appended)
        won.append((name.hex, version))

    for _ in range(rounds):
        await asyncio.gather(*(attempt(number) for number in range(streams)))
    await log.close()
    await database.close()
    return won


if __name__ == "__main__":
    arguments = sys.argv[1:]
    print(json.dumps(asyncio.run(write(arguments[0], *map(int, arguments[1:])))))  # noqa: T201 - its answer
