"""`kill -9` of `pushward replay` at any moment: either the tables were swapped or they were not, and it goes on."""

import asyncio
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import asyncpg
import psutil
import pytest
import structlog

from deploy.embedded.waiting import wait_until
from pushward.cli.replay_workers import projection_of
from pushward.eventlog.rebuild.swap import drop_old
from pushward.eventlog.replay import check
from services.challenge.adapters.aggregates import AGGREGATES
from tests.load.million import fill_shard
from tests.support import sql
from tests.support.child import Child
from tests.support.installation import SHARDS, Installation, Stores
from tests.support.waiting import until

EVENTS_A_SHARD: Final = 2_000
KILLS: Final = 8
RUN_SECONDS_MAX: Final = 60.0

_log = structlog.get_logger(__name__)


@pytest.fixture(scope="module")
def filled(installation: Installation) -> Stores:
    """Stores with some thousand challenges."""
    stores = installation.copy()
    for shard in range(SHARDS):
        fill_shard(stores.database_url, shard, EVENTS_A_SHARD)
    return stores


@pytest.fixture
def replay(filled: Stores, tmp_path: Path) -> Iterator[Child]:
    """`pushward replay challenge`, to be killed."""
    command = [sys.executable, "-m", "pushward.cli", "replay", "challenge", "--jobs", "2"]
    child = Child(command, filled.environment(), tmp_path / "replay.log")
    yield child
    if child.running:
        child.kill()


async def is_swapped(stores: Stores) -> bool:
    """Whether the replaced tables lie aside; then nothing else may be left."""
    ((old, next_),) = await sql.rows(
        stores.database_url,
        "SELECT to_regclass('challenge_old.challenge') IS NOT NULL, to_regnamespace('challenge_next') IS NOT NULL",
    )
    assert not (old and next_)
    return bool(old)


async def are_equal(stores: Stores) -> bool:
    """Whether the tables are what the log says."""
    return not (await check(stores.database_url, "pushward_challenge", AGGREGATES)).differences


async def drop_replaced(stores: Stores) -> None:
    """What a replay has replaced."""
    assert await drop_old(stores.database_url, projection_of("challenge"))


@pytest.mark.timeout(300)
async def test_a_replay_that_is_killed_goes_on(replay: Child, filled: Stores) -> None:
    """Killed at random moments, its workers end with it; the tables are whole each time, and at last it is done."""
    seed = random.randrange(1 << 32)
    _log.info("kills", seed=seed)
    rng = random.Random(seed)
    started_at = time.monotonic()
    replay.start()
    assert replay.wait() == 0, replay.tail()
    seconds = time.monotonic() - started_at
    await drop_replaced(filled)
    for _ in range(KILLS):
        replay.start()
        if wait_until(lambda: not replay.running, rng.uniform(0, seconds)):
            assert replay.wait() == 0, replay.tail()
        else:
            workers = psutil.Process(replay.pid).children(recursive=True)
            replay.kill()
            assert not psutil.wait_procs(workers, timeout=RUN_SECONDS_MAX)[1], "a worker outlived its replay"
        if await is_swapped(filled):
            await drop_replaced(filled)
        assert await are_equal(filled)
    if not await is_swapped(filled):
        replay.start()
        assert replay.wait() == 0, replay.tail()
    assert await is_swapped(filled)
    assert await are_equal(filled)
    await drop_replaced(filled)


async def test_a_replay_killed_within_the_swap_has_swapped_nothing(replay: Child, filled: Stores) -> None:
    """With all shards locked and the last lock asked for: killed, its locks are gone and nothing has moved."""
    waiting = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted"
    reader = await asyncpg.connect(filled.database_url)
    try:
        async with reader.transaction():
            await reader.fetch("SELECT FROM challenge.challenge LIMIT 1")
            replay.start()

            async def within() -> bool:
                return await sql.rows(filled.database_url, waiting) == [(1,)]

            await until(within)
            replay.kill()
        lock = "SELECT FROM log.shard ORDER BY shard FOR UPDATE"
        async with asyncio.timeout(RUN_SECONDS_MAX):
            assert len(await sql.rows(filled.database_url, lock)) == SHARDS
    finally:
        await reader.close()
    assert not await is_swapped(filled)
    assert await are_equal(filled)
    replay.start()
    assert replay.wait() == 0, replay.tail()
    assert "going on with challenge_next" in replay.tail()
    assert await is_swapped(filled)
    await drop_replaced(filled)


async def test_a_replay_that_is_asked_to_end_ends(replay: Child, filled: Stores) -> None:
    """SIGTERM: its workers end, too, and the next one goes on."""
    replay.start()

    async def begun() -> bool:
        return "building" in replay.tail()

    await until(begun)
    workers = psutil.Process(replay.pid).children(recursive=True)
    replay.terminate()
    assert replay.wait() in (-signal.SIGTERM, 0)
    assert not psutil.wait_procs(workers, timeout=RUN_SECONDS_MAX)[1]
    assert await are_equal(filled)
    if await is_swapped(filled):
        await drop_replaced(filled)
    replay.start()
    assert replay.wait() == 0, replay.tail()
    assert await is_swapped(filled)
