"""The pool: bounded, tells "away" from "wrong", and drops a connection whose query was interrupted."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from pushward.database import pool
from pushward.database.pool import Database
from pushward.errors import UnavailableError
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

PID = "SELECT pg_backend_pid() AS pid"


@pytest.fixture
async def database(postgres: EmbeddedPostgres) -> AsyncIterator[Database]:
    """At most two connections."""
    database = Database(postgres.database_url("postgres"), None, "test", size_max=2)
    yield database
    await database.close()


async def _pid(database: Database) -> int:
    row = await database.fetchrow(PID)
    assert row is not None
    pid: int = row["pid"]
    return pid


async def test_a_connection_is_used_again(database: Database) -> None:
    """One after the other needs one; many at once no more than the bound."""
    assert len({await _pid(database) for _ in range(5)}) == 1
    assert len(set(await asyncio.gather(*(_pid(database) for _ in range(20))))) == 2


async def test_a_cancelled_query_gives_its_place_back(database: Database, postgres: EmbeddedPostgres) -> None:
    """Its connection is dropped, since it may still be busy; another takes its place."""
    watcher = await asyncpg.connect(postgres.database_url("postgres"))
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
    hanging = [asyncio.create_task(database.fetch("SELECT pg_sleep(600)")) for _ in range(2)]
    await eventually(lambda: watcher.fetchval(sleeping), 2)
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
    assert len(set(await asyncio.gather(*(_pid(database) for _ in range(20))))) == 2
    await watcher.close()


async def test_whoever_waits_too_long_is_told_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded waiting, then 503."""
    monkeypatch.setattr(pool, "ACQUIRE_SECONDS", 0.05)
    async with database.transaction(), database.transaction():
        with pytest.raises(UnavailableError):
            await _pid(database)
    assert await _pid(database) > 0


async def test_a_wrong_statement_is_not_away_and_keeps_its_connection(database: Database) -> None:
    """Neither a database's refusal nor a value without an encoding is "try again later"."""
    before = await _pid(database)
    with pytest.raises(asyncpg.UndefinedTableError):
        await database.fetch("SELECT * FROM nowhere")
    assert await _pid(database) == before
    with pytest.raises(asyncpg.DataError):
        await database.fetch("SELECT $1::int", 2**40)
    assert await _pid(database) > 0


async def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    """Rolled back, and the next one works."""
    await database.execute("CREATE TABLE pool_test (n int)")
    with pytest.raises(RuntimeError):
        await _insert_and_fail(database)
    assert await database.fetch("SELECT * FROM pool_test") == []
    await database.execute("DROP TABLE pool_test")


async def _insert_and_fail(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO pool_test VALUES (1)")
        raise RuntimeError


async def test_it_recovers_by_itself_when_the_database_is_back(postgres: EmbeddedPostgres) -> None:
    """UnavailableError while it is away, then new connections."""
    async with Proxy.to_socket_of(postgres.database_url("postgres")) as proxy:
        database = Database(proxy.url, None, "test", size_max=2)
        assert await _pid(database) > 0
        await proxy.refuse()
        for _ in range(3):
            with pytest.raises(UnavailableError):
                await _pid(database)
        await proxy.accept()
        assert await _pid(database) > 0
        await database.close()


async def test_a_connection_that_was_told_goodbye_is_away(postgres: EmbeddedPostgres) -> None:
    """While it was idle: the driver can't use it any more, though it isn't closed yet."""
    direct = await asyncpg.connect(postgres.database_url("postgres"))
    async with Proxy.to_socket_of(postgres.database_url("postgres")) as proxy:
        database = Database(proxy.url, None, "test", size_max=1)
        before = await _pid(database)
        await proxy.say_goodbye()
        await direct.fetchval("SELECT 1")  # a round trip, in which the goodbye is read
        with pytest.raises(UnavailableError):
            await _pid(database)
        assert await _pid(database) != before
        await database.close()
    await direct.close()


async def test_a_closed_pool_opens_nothing(database: Database) -> None:
    """Requests that are late are told so at once."""
    await _pid(database)
    await database.close()
    with pytest.raises(UnavailableError):
        await _pid(database)
