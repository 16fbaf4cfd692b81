"""What a process asks of its database before it serves, and how it takes a database that goes meanwhile."""

import asyncio

import asyncpg

from deploy.embedded.postgres import EmbeddedPostgres
from pushward.cli.schema import APPLICATION, schema_problem
from pushward.config.settings import Settings
from pushward.database.connection import DATABASE_AWAY
from pushward.eventlog.module import LOG_MODULE
from tests.support.databases import Databases
from tests.support.probe.counter import PROBE_MODULE

LOOKS = 100
MODULES = [LOG_MODULE, PROBE_MODULE]
END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"


async def test_a_database_that_goes_in_the_middle_of_the_look_is_away(
    postgres: EmbeddedPostgres, databases: Databases
) -> None:
    """Wherever its sessions are ended: a process that looks just then waits for it; it doesn't end."""
    url = await databases.make(MODULES)
    usual = await _looked(url)
    ending = asyncio.create_task(_end_sessions(postgres.database_url("postgres")))
    said = {await _looked(url) for _ in range(LOOKS)}
    ending.cancel()
    await asyncio.gather(ending, return_exceptions=True)
    assert said - {usual} == {DATABASE_AWAY}


async def _looked(url: str) -> str | None:
    return await schema_problem(Settings(database_url=url), MODULES, None)  # type: ignore[arg-type]  # pydantic's


async def _end_sessions(url: str) -> None:
    """Ends every session of the look, again and again."""
    connection = await asyncpg.connect(url)
    try:
        while True:
            await connection.execute(END_SESSIONS, APPLICATION)
    finally:
        connection.terminate()
