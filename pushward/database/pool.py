"""A pool of connections for one service: bounded, opened as needed, the last used first.

asyncpg's own pool takes 80 of the 100 µs that a small query costs the client (proxies, time-outs, a reset when a
connection comes back); a login makes some fifteen of them. Ours does less: a connection is taken from a list and put
back. What makes that safe: our statements leave no session state behind, and whatever interrupts a query, except an
answer of the database, drops the connection.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from pushward.database.connection import away_told, connect
from pushward.errors import UnavailableError

ACQUIRE_SECONDS: Final = 2.0
BUSY: Final = "The database is busy right now. Try again later."


class Database:
    """Connections of one role to one database, at most ``size_max``. Opens the first when it is first used."""

    def __init__(self, url: str, role: str | None, application_name: str, *, size_max: int) -> None:
        self._url = url
        self._role = role
        self._application_name = application_name
        self._size_max = size_max
        self._size = 0
        self._idle: list[asyncpg.Connection] = []
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:  # Any: query arguments
        """All rows. Raises UnavailableError."""
        connection = await self._take()
        try:
            with away_told():
                rows = await connection.fetch(query, *arguments)
        except BaseException as error:
            self._give_back(connection, error)
            raise
        self._give_back(connection)
        return rows

    async def fetchrow(self, query: str, *arguments: Any) -> asyncpg.Record | None:  # Any: query arguments
        """The first row, or None. Raises UnavailableError."""
        rows = await self.fetch(query, *arguments)
        return rows[0] if rows else None

    async def execute(self, query: str, *arguments: Any) -> None:  # Any: query arguments
        """Runs a statement. Raises UnavailableError."""
        await self.fetch(query, *arguments)

    async def away(self) -> str | None:
        """None when the database answers; otherwise, in one line, that it doesn't. For readiness."""
        try:
            await self.fetch("SELECT 1")
        except UnavailableError as error:
            return error.message
        return None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """A transaction on one connection. Raises UnavailableError."""
        connection = await self._take()
        try:
            with away_told():
                async with connection.transaction():
                    yield connection
        except BaseException as error:
            self._give_back(connection, error)
            raise
        self._give_back(connection)

    async def close(self) -> None:
        """Closes the connections that nobody uses; those in use are closed when they come back."""
        self._size_max = 0
        idle, self._idle = self._idle, []
        self._size -= len(idle)
        for connection in idle:
            await connection.close()

    async def _take(self) -> asyncpg.Connection:
        while True:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    return connection
                self._size -= 1
            if self._size < self._size_max:
                return await self._open()
            await self._wait()

    async def _open(self) -> asyncpg.Connection:
        self._size += 1
        try:
            return await connect(self._url, self._role, self._application_name)
        except BaseException:
            self._size -= 1
            self._wake_next()
            raise

    async def _wait(self) -> None:
        if self._size_max == 0:
            raise UnavailableError("This process is shutting down. Try again.")
        freed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(freed)
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                await freed
        except TimeoutError as error:
            raise UnavailableError(BUSY) from error
        except asyncio.CancelledError:
            if freed.done() and not freed.cancelled():
                self._wake_next()  # it was our turn, and we can't take it
            raise

    def _give_back(self, connection: asyncpg.Connection, error: BaseException | None = None) -> None:
        answered = error is None or isinstance(error, asyncpg.PostgresError)
        if not answered or connection.is_closed() or self._size_max == 0:
            connection.terminate()
            self._size -= 1
        else:
            self._idle.append(connection)
        self._wake_next()

    def _wake_next(self) -> None:
        while self._waiting:
            freed = self._waiting.popleft()
            if not freed.done():
                freed.set_result(None)
                return
