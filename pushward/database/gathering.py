"""Group reads: lookups by key that are asked while the last query runs go together into the next one.

The twin of the log's group commit, for the same reason: a query's fixed cost (two system calls, two wake-ups, starting
a plan) is larger than what one more key adds to it. No timer: a lookup that is alone is asked at once, for itself. None
joins a query that has begun, so a lookup sees all that was committed before it was asked for.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from pushward.database.pool import Database

KEYS_MAX: Final = 128

Key = tuple[Any, ...]
"""The values of a key's columns. Any: a query's arguments."""


class Gathering:
    """One query for many keys.

    ``query`` takes an array for each column of the key, and tells with each row, in its column ``asked``, which of the
    keys it belongs to, counting from 1:

        SELECT k.asked, … FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(account_sid, sid, asked) JOIN …
    """

    def __init__(self, database: Database, query: str) -> None:
        self._database = database
        self._query = query
        self._waiting: list[tuple[Key, asyncio.Future[asyncpg.Record | None]]] = []
        self._busy = False
        self._draining: asyncio.Task[None] | None = None

    async def row(self, *key: Any) -> asyncpg.Record | None:  # Any: a key's columns
        """The key's row, or None. Raises UnavailableError."""
        if self._busy:
            answer: asyncio.Future[asyncpg.Record | None] = asyncio.get_running_loop().create_future()
            self._waiting.append((key, answer))
            return await answer
        self._busy = True
        try:
            return (await self._ask([key]))[0]
        finally:
            if self._waiting:
                self._draining = asyncio.create_task(self._drain(), name="gathered-lookups")
            else:
                self._busy = False

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:KEYS_MAX], self._waiting[KEYS_MAX:]
                await self._settle(batch)
        finally:
            self._busy = False

    async def _settle(self, batch: Sequence[tuple[Key, asyncio.Future[asyncpg.Record | None]]]) -> None:
        try:
            rows = await self._ask([key for key, _ in batch])
        except Exception as error:
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), row in zip(batch, rows, strict=True):
            if not answer.done():
                answer.set_result(row)

    async def _ask(self, keys: Sequence[Key]) -> list[asyncpg.Record | None]:
        found: list[asyncpg.Record | None] = [None] * len(keys)
        for row in await self._database.fetch(self._query, *map(list, zip(*keys, strict=True))):
            found[row["asked"] - 1] = row
        return found
