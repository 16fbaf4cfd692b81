"""A writer: appends without end, and notes in a journal what the log acknowledged.

    python -m tests.crash.writer URL SHARDS JOURNAL

A line of the journal is `SHARD POSITION EVENT_ID`, written after the acknowledgement: a killed writer has noted too
little, never too much. What was neither acknowledged nor refused is left alone: it may be in the log or not.
"""

import asyncio
import os
import random
import sys
from pathlib import Path
from typing import Final

from pushward.errors import PushwardError
from pushward.eventlog.groupcommit import GroupCommitLog
from tests.crash.ledger import counting
from tests.support.probe.counter import open_probe_log, stream

HANDS_PER_SHARD: Final = 2
EVENTS_MAX: Final = 4
STREAM_EVENTS_MAX: Final = 20
PACE_SECONDS: Final = 0.02
"""Between a hand's appends: a steady load, not all that the machine can do."""


async def write(url: str, shards: int, journal: int) -> None:
    """Writes until it is killed."""
    log = open_probe_log(url)
    async with asyncio.TaskGroup() as hands:
        for shard in range(shards):
            for _ in range(HANDS_PER_SHARD):
                hands.create_task(_write(log, shard, journal))


async def _write(log: GroupCommitLog, shard: int, journal: int) -> None:
    stream_id, version = stream(shard), 0
    while True:
        append = counting(stream_id, version, random.randint(1, EVENTS_MAX))
        events = append.writes[0].events
        try:
            appended = await log.append(append)
        except PushwardError:
            # Its outcome is unknown: another stream, so that no version is guessed.
            stream_id, version = stream(shard), 0
            continue
        first = appended.position - len(events) + 1
        lines = [f"{shard} {first + place} {event.event_id}\n" for place, event in enumerate(events)]
        os.write(journal, "".join(lines).encode())
        version += len(events)
        if version >= STREAM_EVENTS_MAX:
            stream_id, version = stream(shard), 0
        await asyncio.sleep(PACE_SECONDS)


def main(url: str, shards: int, journal: Path) -> None:
    """Opens the journal, and writes."""
    asyncio.run(write(url, shards, os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
