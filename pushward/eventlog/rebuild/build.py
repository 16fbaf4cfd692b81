"""`<schema>_next` and how far it has come: begun once, gone on with after an interruption, or begun anew.

    replay_build      one row: what the tables are made for (code, live tables' definitions, epoch), indexed or not
    replay_progress   a row a shard: copied up to which stream; once all are, at which position its rows stand

Whatever is written there is written in one transaction with the rows that it speaks of, so a build can be killed at
any moment and be gone on with. It is not gone on with if code, definitions or epoch are others by now.
"""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from pushward.eventlog.rebuild.connection import Connection
from pushward.eventlog.rebuild.definition import (
    Definition,
    create_indexes,
    create_like,
    definitions_of,
    dependents_of,
)
from pushward.eventlog.rebuild.fold import BEFORE_ALL
from pushward.eventlog.rebuild.projection import Projection, bare_name

COORDINATOR: Final = -1
"""Stands for a shard in the advisory lock that one replay of a projection has for itself."""
ALONE_SECONDS: Final = 3.0
"""How long a replay that was killed may still seem to be there."""

_BOOKS: Final = """
CREATE TABLE {next}.replay_build (
    made_for text    NOT NULL,
    indexed  boolean NOT NULL DEFAULT false
);
CREATE TABLE {next}.replay_progress (
    shard        integer PRIMARY KEY,
    target       bigint  NOT NULL,
    after_stream uuid    NOT NULL,
    copied       boolean NOT NULL DEFAULT false,
    position     bigint  NOT NULL DEFAULT 0,
    events       bigint  NOT NULL DEFAULT 0,
    rows         bigint  NOT NULL DEFAULT 0
) WITH (fillfactor = 50)"""
_EPOCH: Final = "SELECT max(epoch) FROM log.epoch"


class ReplayError(Exception):
    """A replay can't be done, or not now; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Begun:
    """How a build was begun. ``instead_of``: why an earlier one wasn't gone on with; None if there was none."""

    goes_on: bool
    instead_of: str | None


async def begin(connection: Connection, projection: Projection, *, restart: bool) -> Begun:
    """Makes `<schema>_next`, or finds the one that an earlier replay has left. Raises ReplayError."""
    await _alone(connection, projection)
    async with connection.transaction():
        await _refuse_old(connection, projection)
        definitions = await live_definitions(connection, projection)
        made_for = await _made_for(connection, projection, definitions)
        found = await _found(connection, projection)
        if found == made_for and not restart:
            return Begun(goes_on=True, instead_of=None)
        if found is not None:
            await connection.execute(f"DROP SCHEMA {projection.next_schema} CASCADE")
        await _create(connection, projection, definitions, made_for)
    if found is None:
        return Begun(goes_on=False, instead_of=None)
    return Begun(goes_on=False, instead_of="asked to" if restart else "code, tables or epoch have changed since")


async def live_definitions(connection: Connection, projection: Projection) -> Sequence[Definition]:
    """The live tables' definitions. Raises ReplayError if something hangs on one that a replay can't take along."""
    live = [table.name for table in projection.tables]
    if dependents := await dependents_of(connection, live):
        raise ReplayError(f"State tables can't be replaced, because of what hangs on them: {'; '.join(dependents)}")
    return await definitions_of(connection, live)


async def index(connection: Connection, projection: Projection) -> None:
    """Makes constraints and indexes, and the planner's figures, unless they are there. Raises ReplayError."""
    async with connection.transaction():
        if await connection.fetchval(f"SELECT indexed FROM {projection.next_schema}.replay_build FOR UPDATE"):
            return
        for table, live in zip(projection.tables, await live_definitions(connection, projection), strict=True):
            copy = f"{projection.next_schema}.{bare_name(table)}"
            await create_indexes(connection, copy, live)
            if await definitions_of(connection, [copy]) != [live]:
                raise ReplayError(f"{copy} didn't become like {table.name}: a setting that a replay doesn't know.")
            await connection.execute(f"ANALYZE {copy}")
        await connection.execute(f"UPDATE {projection.next_schema}.replay_build SET indexed = true")


def advisory_key(projection: Projection) -> int:
    """The first half of this projection's advisory locks; the second is a shard, or COORDINATOR."""
    return zlib.crc32(f"replay {projection.schema}".encode()) - 2**31


async def _alone(connection: Connection, projection: Projection) -> None:
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{ALONE_SECONDS}s'")
            await connection.execute("SELECT pg_advisory_lock($1, $2)", advisory_key(projection), COORDINATOR)
    except asyncpg.LockNotAvailableError as error:
        raise ReplayError(f"Another replay of {projection.schema} is under way.") from error


async def _refuse_old(connection: Connection, projection: Projection) -> None:
    if await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", projection.old_schema):
        raise ReplayError(
            f"{projection.old_schema} still holds the tables that an earlier replay has replaced. "
            f"Drop them: pushward replay {projection.schema} --drop-old"
        )


async def _made_for(connection: Connection, projection: Projection, definitions: Sequence[Definition]) -> str:
    parts = [projection.code, str(await connection.fetchval(_EPOCH)), *(one.text() for one in definitions)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def _found(connection: Connection, projection: Projection) -> str | None:
    """What the existing build was made for; None if there is none. Raises ReplayError for a schema that isn't ours."""
    if not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", projection.next_schema):
        return None
    books = f"{projection.next_schema}.replay_build"
    if not await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", books):
        raise ReplayError(f"The schema {projection.next_schema} exists, and no replay has made it. Rename it.")
    made_for: str = await connection.fetchval(f"SELECT made_for FROM {books}")
    return made_for


async def _create(
    connection: Connection, projection: Projection, definitions: Sequence[Definition], made_for: str
) -> None:
    schema = projection.next_schema
    await connection.execute(f"CREATE SCHEMA {schema}")
    for table, definition in zip(projection.tables, definitions, strict=True):
        await create_like(connection, table.name, f"{schema}.{bare_name(table)}", definition)
    await connection.execute(_BOOKS.format(next=schema))
    await connection.execute(f"INSERT INTO {schema}.replay_build (made_for) VALUES ($1)", made_for)
    await connection.execute(
        f"INSERT INTO {schema}.replay_progress (shard, target, after_stream) SELECT shard, position, $1 FROM log.shard",
        BEFORE_ALL,
    )
