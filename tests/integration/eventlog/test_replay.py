"""A replay that compares finds what was changed behind the log's back, and nothing else."""

import asyncpg
import pytest

from pushward.eventlog import replay
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.postgres import HoleError
from tests.support.databases import SHARDS, Databases
from tests.support.probe.counter import (
    COUNTERS,
    PROBE_MODULE,
    ROLE,
    counting,
    open_probe_log,
    stream,
)


@pytest.fixture
async def url(databases: Databases) -> str:
    """A database with ten counters on each shard, each counted three times."""
    url = await databases.make([LOG_MODULE, PROBE_MODULE])
    log = open_probe_log(url)
    for shard in range(SHARDS):
        for number in range(1, 11):
            await log.append(counting(stream(shard, number), 0, events=2))
            await log.append(counting(stream(shard, number), 2))
    await log.close()
    return url


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_live_tables_and_replay_agree(url: str) -> None:
    """Every row is what the log amounts to, its place included."""
    report = await replay.check(url, ROLE, [COUNTERS])
    assert (report.shards, report.events, report.rows, report.differences) == (SHARDS, 120, 40, ())


async def test_a_damaged_column_is_named(url: str) -> None:
    """The row's key and the column."""
    damaged = stream(2, 5)
    await _execute(url, f"UPDATE probe.counter SET total = 99 WHERE stream_id = '{damaged}'")
    (difference,) = (await replay.check(url, ROLE, [COUNTERS])).differences
    assert (difference.table, difference.key, difference.columns) == ("probe.counter", (damaged,), ("total",))
    assert str(difference) == f"probe.counter({damaged}): differs in total"


async def test_a_missing_and_an_invented_row_are_told_apart(url: str) -> None:
    """One is missing from the table, the other from the log."""
    await _execute(url, f"DELETE FROM probe.counter WHERE stream_id = '{stream(1, 1)}'")
    await _execute(url, f"INSERT INTO probe.counter VALUES (1, 1, '{stream(1, 99)}', 1, now(), 1)")
    told = [str(difference) for difference in (await replay.check(url, ROLE, [COUNTERS])).differences]
    assert sorted(told) == [
        f"probe.counter({stream(1, 1)}): missing from the live table",
        f"probe.counter({stream(1, 99)}): not in the log",
    ]


async def test_a_hole_in_the_log_is_no_difference_but_an_error(url: str) -> None:
    """From a damaged log nothing may be concluded."""
    await _execute(url, "DELETE FROM log.event WHERE shard = 3 AND position = 7")
    with pytest.raises(HoleError):
        await replay.check(url, ROLE, [COUNTERS])
