"""A process serves in the history that it began in, and begins in none that nobody has declared."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from pushward.cli.errors import CommandError
from pushward.cli.history import UNKNOWN, HistoryWatch
from pushward.database.pool import Database
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.new_epoch import begin_epoch
from tests.support import sql
from tests.support.databases import Databases

RESTORED = "UPDATE log.epoch SET timeline = timeline + 1"
REMEDY = "run `pushward log new-epoch`"


@pytest.fixture
async def url(databases: Databases) -> str:
    """A fresh log."""
    return await databases.make([LOG_MODULE])


@pytest.fixture
async def watch(url: str) -> AsyncIterator[HistoryWatch]:
    """A process that has not looked yet."""
    database = Database(url, None, "test", size_max=1)
    yield HistoryWatch(database)
    await database.close()


async def test_nothing_is_known_of_a_database_that_was_away_from_the_start(tmp_path: Path) -> None:
    """So nothing is served: no answer is not a good one."""
    away = HistoryWatch(Database(f"postgresql://nobody@/nothing?host={tmp_path}", None, "test", size_max=1))
    assert await away.look() == UNKNOWN
    assert await away.problem() == UNKNOWN


async def test_a_process_that_waited_for_an_epoch_begins_in_it(url: str, watch: HistoryWatch) -> None:
    """It has nothing of the old one that it could remember, so it needn't be started again."""
    await sql.execute(url, RESTORED)
    assert REMEDY in (await watch.look() or "")
    await _begin(url)
    assert await watch.look() is None
    assert await watch.problem() is None


async def test_a_process_that_ran_through_it_ends(url: str, watch: HistoryWatch) -> None:
    """Its own look raises; whoever works unasked just stands still until then."""
    assert await watch.look() is None
    await sql.execute(url, RESTORED)
    assert REMEDY in (await watch.problem() or "")
    await _begin(url)
    assert await watch.problem() == "The log has begun epoch 2; this process began in epoch 1: start it again."
    with pytest.raises(CommandError, match="start it again"):
        await watch.look()


async def _begin(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await begin_epoch(connection, [])
    finally:
        await connection.close()
