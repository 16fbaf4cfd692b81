"""What every state table must be, so that a replay can put another one in its place."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from pushward.cli.targets import MODULES, STORES
from pushward.eventlog.rebuild.definition import dependents_of
from pushward.eventlog.rebuild.projection import PLACE, AnyTable
from tests.support.databases import Databases

TABLES = [table for store in STORES for aggregate in store.aggregates for table in aggregate.tables.values()]
EACH_TABLE = pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
ATTRIBUTES = """
    SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""


@pytest.fixture
async def connection(databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    """A migrated database."""
    connection = await asyncpg.connect(await databases.make(MODULES))
    yield connection
    await connection.close()


@EACH_TABLE
async def test_an_append_takes_rows_as_the_table_has_them(connection: asyncpg.Connection, table: AnyTable) -> None:
    """`<table>_row`, the table and the record have the same columns, in the same order."""
    of_table = await connection.fetch(ATTRIBUTES, table.name)
    assert await connection.fetch(ATTRIBUTES, f"{table.name}_row") == of_table
    assert [name for name, _ in of_table] == [*PLACE, *table.columns]


@EACH_TABLE
async def test_nothing_would_stay_with_a_replaced_table(connection: asyncpg.Connection, table: AnyTable) -> None:
    """No function, view or trigger is tied to the very table."""
    assert await dependents_of(connection, [table.name]) == []
