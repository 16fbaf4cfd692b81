"""Positions in a subscriber's own PostgreSQL: moved in its transaction, by one process at a time."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from pushward.subscribe.errors import PositionMovedError
from pushward.subscribe.port import Batch
from pushward.subscribe.positions import PositionTable
from pushward.subscribe.rule import Position
from tests.support.databases import Databases

POSITIONS = PositionTable("mine_position")
FIRST = Position(1, 0, None)
SECOND = Position(1, 7, UUID(int=7))
THIRD = Position(1, 9, UUID(int=9))


@pytest.fixture
async def connection(databases: Databases) -> AsyncIterator[asyncpg.Connection]:
    """A database with the table."""
    connection = await asyncpg.connect(await databases.make([]))
    await connection.execute(POSITIONS.ddl)
    yield connection
    await connection.close()


async def test_a_position_is_installed_and_moved(connection: asyncpg.Connection) -> None:
    """Each shard's own."""
    await POSITIONS.move(connection, Batch(3, None, FIRST, ()))
    await POSITIONS.move(connection, Batch(0, None, SECOND, ()))
    await POSITIONS.move(connection, Batch(3, FIRST, SECOND, ()))
    assert await POSITIONS.load(connection) == {0: SECOND, 3: SECOND}


async def test_a_position_into_another_epoch_is_moved(connection: asyncpg.Connection) -> None:
    """Position and event id stay."""
    new = Position(2, SECOND.position, SECOND.event_id)
    await POSITIONS.move(connection, Batch(0, None, SECOND, ()))
    await POSITIONS.move(connection, Batch(0, SECOND, new, ()))
    assert await POSITIONS.load(connection) == {0: new}


@pytest.mark.parametrize("seen", [None, FIRST, THIRD, Position(2, 7, UUID(int=7))])
async def test_a_position_that_has_moved_is_not_moved_again(
    connection: asyncpg.Connection, seen: Position | None
) -> None:
    """Whoever is late rolls back what he did."""
    await POSITIONS.move(connection, Batch(0, None, SECOND, ()))
    with pytest.raises(PositionMovedError):
        await _apply(connection, Batch(0, seen, THIRD, ()))
    assert await POSITIONS.load(connection) == {0: SECOND}
    assert await connection.fetchval("SELECT to_regclass('effect')") is None


async def _apply(connection: asyncpg.Connection, batch: Batch) -> None:
    async with connection.transaction():
        await connection.execute("CREATE TABLE effect ()")
        await POSITIONS.move(connection, batch)


@pytest.mark.parametrize("table", ["", "Mine", "a b", "a;drop", "a.b.c", "1a", '"a"'])
def test_only_plain_names_are_tables(table: str) -> None:
    """The name goes into SQL as it is."""
    with pytest.raises(ValueError, match="no plain name"):
        PositionTable(table)
