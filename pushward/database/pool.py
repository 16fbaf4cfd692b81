"""Connections: a role for each service, every timeout set and named, nothing done per request.

A connection assumes its service's role when it starts (``role`` in the start-up packet), so what a service may do is
decided by the database, also where all services share one login.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from pushward.errors import UnavailableError

CONNECT_SECONDS: Final = 5.0
ACQUIRE_SECONDS: Final = 2.0
STATEMENT_SECONDS: Final = 10.0
LOCK_SECONDS: Final = 5.0
IDLE_IN_TRANSACTION_SECONDS: Final = 10.0
TCP_USER_MILLISECONDS: Final = 10_000
STATEMENT_CACHE_SIZE: Final = 256

AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    ConnectionError,
    OSError,
    TimeoutError,
    asyncio.TimeoutError,
)
"""What asyncpg raises when the database, or the way to it, is away. A query of ours is never the cause of these."""

DATABASE_AWAY: Final = "The database can't be reached right now. Try again later."


def server_settings(role: str | None, application_name: str) -> dict[str, str]:
    """The session's settings: role, timeouts, planner."""
    settings = {
        "application_name": application_name,
        "statement_timeout": f"{STATEMENT_SECONDS:g}s",
        "lock_timeout": f"{LOCK_SECONDS:g}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS:g}s",
        "tcp_user_timeout": str(TCP_USER_MILLISECONDS),
        "jit": "off",
        "plan_cache_mode": "force_generic_plan",
        "timezone": "UTC",
    }
    if role is not None:
        settings["role"] = role
    return settings


async def connect(url: str, role: str | None, application_name: str) -> asyncpg.Connection:
    """One connection. Raises UnavailableError."""
    try:
        return await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            statement_cache_size=STATEMENT_CACHE_SIZE,
            server_settings=server_settings(role, application_name),
        )
    except AWAY as error:
        raise UnavailableError(DATABASE_AWAY) from error


class Database:
    """A pool that opens when it is first used, and tells "away" (UnavailableError) from "wrong" (asyncpg's own)."""

    def __init__(self, url: str, role: str | None, application_name: str, *, size_max: int) -> None:
        self._url = url
        self._role = role
        self._application_name = application_name
        self._size_max = size_max
        self._pool: asyncpg.Pool | None = None
        self._opening = asyncio.Lock()

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:  # Any: query arguments
        """All rows. Raises UnavailableError."""
        async with self._connection() as connection:
            return await connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> asyncpg.Record | None:  # Any: query arguments
        """The first row, or None. Raises UnavailableError."""
        async with self._connection() as connection:
            return await connection.fetchrow(query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> str:  # Any: query arguments
        """Runs a statement. Raises UnavailableError."""
        async with self._connection() as connection:
            return await connection.execute(query, *arguments)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PoolConnectionProxy]:
        """A transaction on one connection. Raises UnavailableError."""
        async with self._connection() as connection, connection.transaction():
            yield connection

    async def close(self) -> None:
        """Closes the pool, waiting for connections that are in use."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[PoolConnectionProxy]:
        try:
            pool = await self._open()
            async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                yield connection
        except AWAY as error:
            raise UnavailableError(DATABASE_AWAY) from error

    async def _open(self) -> asyncpg.Pool:
        if self._pool is not None:
            return self._pool
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=1,
                    max_size=self._size_max,
                    timeout=CONNECT_SECONDS,
                    statement_cache_size=STATEMENT_CACHE_SIZE,
                    max_inactive_connection_lifetime=0,
                    server_settings=server_settings(self._role, self._application_name),
                    reset=_no_reset,
                )
        return self._pool


async def _no_reset(connection: asyncpg.Connection) -> None:
    """Our statements leave no session state behind, so giving a connection back costs no round trip."""
