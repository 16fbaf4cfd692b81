"""Lookups that meet go together into one query; each sees what was committed before it was asked for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from pushward.database.gathering import KEYS_MAX, Gathering
from pushward.database.pool import Database
from pushward.errors import UnavailableError

DOUBLE = """
    SELECT k.asked, k.number * 2 AS double, k.name
      FROM unnest($1::int[], $2::text[]) WITH ORDINALITY AS k(number, name, asked)
     WHERE k.number >= 0"""


class Counting(Database):
    """Counts its queries, and can be made to wait."""

    queries = 0
    open = asyncio.Event()

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:  # Any: query arguments
        self.queries += 1
        await self.open.wait()
        return await super().fetch(query, *arguments)


@pytest.fixture
async def database(postgres: EmbeddedPostgres) -> AsyncIterator[Counting]:
    """A database whose queries are counted."""
    database = Counting(postgres.database_url("postgres"), None, "test", size_max=2)
    database.open = asyncio.Event()
    yield database
    await database.close()


async def test_lookups_that_meet_are_one_query(database: Counting) -> None:
    """The first goes alone at once; what gathers meanwhile goes together, and each gets its own row."""
    gathering = Gathering(database, DOUBLE)
    asked = [asyncio.create_task(gathering.row(number, f"n{number}")) for number in range(20)]
    await asyncio.sleep(0)
    database.open.set()
    rows = await asyncio.gather(*asked)
    assert [(row["double"], row["name"]) for row in rows if row] == [(number * 2, f"n{number}") for number in range(20)]
    assert database.queries == 2


async def test_a_key_without_a_row_is_none(database: Counting) -> None:
    """Alone and among others."""
    database.open.set()
    gathering = Gathering(database, DOUBLE)
    assert await gathering.row(-1, "") is None
    rows = await asyncio.gather(*(gathering.row(number, "") for number in (1, -1, 1, -2)))
    assert [row and row["double"] for row in rows] == [2, None, 2, None]


async def test_a_query_takes_a_bounded_number_of_keys(database: Counting) -> None:
    """The rest goes into the next."""
    gathering = Gathering(database, DOUBLE)
    asked = [asyncio.create_task(gathering.row(number, "")) for number in range(1 + KEYS_MAX + 1)]
    await asyncio.sleep(0)
    database.open.set()
    await asyncio.gather(*asked)
    assert database.queries == 3


async def test_a_cancelled_lookup_takes_nobody_along(database: Counting) -> None:
    """Neither the one that was asked first nor one of those that waited."""
    gathering = Gathering(database, DOUBLE)
    first, second, third = (asyncio.create_task(gathering.row(number, "")) for number in range(3))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    database.open.set()
    row = await third
    assert row is not None
    assert row["double"] == 4
    assert await gathering.row(7, "") is not None
    assert first.cancelled()
    assert second.cancelled()


async def test_everybody_of_a_failed_query_is_told_and_the_next_one_works() -> None:
    """The database is away: UnavailableError for each, and nothing stays stuck."""
    away = Database("postgresql://nobody@/none?host=/nonexistent", None, "test", size_max=1)
    gathering = Gathering(away, DOUBLE)
    for _ in range(2):
        results = await asyncio.gather(*(gathering.row(number, "") for number in range(5)), return_exceptions=True)
        assert all(isinstance(result, UnavailableError) for result in results)
