"""How many appends a second one process takes: made-up logins through the services' own append functions.

Each writer does one login after the other, as a command would: a guarded creation, then an answer on what it made. The
events are encoded beforehand, so this is the group commit, the append function and PostgreSQL, with fsync.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Final

from pushward import ids
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.port import Append, Guard, StateRow, StreamWrite
from services.challenge.adapters.log import open_challenge_log
from services.challenge.adapters.tables import CHALLENGE
from services.registry.adapters.log import open_registry_log
from tests.load.histories import Recorded, ShardHistory

LANES: Final = 1
ENROLLED_VERSION: Final = 3
"""Of an entity's stream in these histories: created, with a factor that was created and verified."""

Prepared = Sequence[tuple[bool, Append]]
"""One writer's appends, in order; True where challenge takes it, else registry."""


async def appends_a_second(url: str, shards: int, writers: int, appends: int) -> float:
    """So many writers at once, ``appends`` in all; none may fail."""
    prepared = [_prepared(number, shards, appends // writers) for number in range(writers)]
    registry = open_registry_log(url, lanes=LANES, on_commit=lambda events: None)
    challenge = open_challenge_log(url, lanes=LANES, on_commit=lambda events: None)
    try:
        started_at = time.perf_counter()
        await asyncio.gather(*(_write(registry, challenge, each) for each in prepared))
        seconds = time.perf_counter() - started_at
    finally:
        await registry.close()
        await challenge.close()
    return sum(map(len, prepared)) / seconds


async def _write(registry: GroupCommitLog, challenge: GroupCommitLog, prepared: Prepared) -> None:
    for of_challenge, append in prepared:
        await (challenge if of_challenge else registry).append(append)


def _prepared(writer: int, shards: int, appends: int) -> Prepared:
    """Users of a service that is this writer's alone, so that no two writers touch the same stream."""
    rng = random.Random(writer)
    shard = writer % shards
    account, service = (ids.new_sid(kind, shard, 0, rng.getrandbits(ids.RANDOM_BITS)) for kind in ("AC", "VA"))
    history = ShardHistory(shard, shards, account, service, rng)
    return [
        _append(recorded, shards) for recorded, _ in zip(history.appends(2 * appends), range(appends), strict=False)
    ]


def _append(recorded: Recorded, shards: int) -> tuple[bool, Append]:
    first = recorded.events[0]
    of_challenge = recorded.rows[0][0] == CHALLENGE.name
    rows = tuple(
        StateRow(table, key, row[2], row[3], row[2:]) for table, key, row in recorded.rows
    )  # a row begins with shard, position, stream_id, version
    guards = (_guard(rows[0], shards),) if of_challenge else ()
    write = StreamWrite(first.stream_id, first.version - 1, tuple(recorded.events))
    return of_challenge, Append(recorded.shard, (write,), guards, rows=rows)


def _guard(row: StateRow, shards: int) -> Guard:
    """The challenged entity's stream, as creating and answering guard it."""
    service, identity = (row.columns[CHALLENGE.columns.index(name)] for name in ("service_sid", "identity"))
    return Guard(ids.entity_stream(service, identity, shards), ENROLLED_VERSION)
