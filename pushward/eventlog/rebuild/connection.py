"""A replay's own connections: the role that owns the tables, no time limits of requests, our own search path."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from pushward.database.connection import CONNECT_SECONDS

APPLICATION: Final = "pushward-replay"
CLIENT_CHECK: Final = "500ms"
"""How soon the server sees that a replay was killed, and gives up its statement and its locks."""
INDEX_MEMORY: Final = "256MB"
SORT_MEMORY: Final = "64MB"

Connection = Any
"""asyncpg's connection. Any: its stubs say so, too."""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """A connection for work that takes its time."""
    connection = await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        server_settings={
            "application_name": APPLICATION,
            "search_path": "pg_catalog",
            "timezone": "UTC",
            "jit": "off",
            "statement_timeout": "0",
            "lock_timeout": "0",
            "idle_in_transaction_session_timeout": "0",
            "client_connection_check_interval": CLIENT_CHECK,
            "maintenance_work_mem": INDEX_MEMORY,
            "work_mem": SORT_MEMORY,
        },
    )
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_SECONDS)
