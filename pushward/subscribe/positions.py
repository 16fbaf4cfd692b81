"""Positions in a table of the subscriber's own PostgreSQL database, moved in its own transactions.

positions = PositionTable("approvals_position")
await connection.execute(positions.ddl)                     once
await positions.load(connection)                            Store.load
async with connection.transaction():                        Store.apply
    ...what the events ask for...
    await positions.move(connection, batch)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from pushward.subscribe.errors import PositionMovedError
from pushward.subscribe.port import Batch
from pushward.subscribe.rule import Position

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")


class PositionTable:
    """One subscriber's positions in ``table``. Connections are asyncpg's, or whatever has its ``fetch``."""

    # Any: connections, whose driver a user may have wrapped.

    def __init__(self, table: str) -> None:
        if not _NAME.fullmatch(table):
            raise ValueError(f"{table!r} is no plain name of a table")
        self.ddl: Final = f"""
            CREATE TABLE IF NOT EXISTS {table} (
                shard    integer PRIMARY KEY,
                epoch    integer NOT NULL,
                position bigint  NOT NULL,
                event_id uuid
            ) WITH (fillfactor = 50)"""
        self._load = f"SELECT shard, epoch, position, event_id FROM {table}"  # noqa: S608 - a plain name
        self._insert = f"""
            INSERT INTO {table} (shard, epoch, position, event_id) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING RETURNING shard"""  # noqa: S608
        self._update = f"""
            UPDATE {table} SET epoch = $2, position = $3, event_id = $4
             WHERE shard = $1 AND epoch = $5 AND position = $6 RETURNING shard"""  # noqa: S608

    async def load(self, connection: Any) -> Mapping[int, Position]:
        """The stored positions by shard."""
        rows = await connection.fetch(self._load)
        return {row["shard"]: Position(row["epoch"], row["position"], row["event_id"]) for row in rows}

    async def move(self, connection: Any, batch: Batch) -> None:
        """Moves a position, inside the caller's transaction. Raises PositionMovedError; then roll it back."""
        arguments = (batch.shard, batch.to.epoch, batch.to.position, batch.to.event_id)
        if batch.seen is None:
            moved = await connection.fetch(self._insert, *arguments)
        else:
            moved = await connection.fetch(self._update, *arguments, batch.seen.epoch, batch.seen.position)
        if not moved:
            raise PositionMovedError(f"shard {batch.shard} isn't at {batch.seen}: who else follows it?")
