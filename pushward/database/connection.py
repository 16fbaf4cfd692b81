"""Connections: a role for each service, every timeout set and named, nothing done per request.

A connection assumes its service's role when it starts (``role`` in the start-up packet), so what a service may do is
decided by the database, also where all services share one login.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg

from pushward.errors import UnavailableError

CONNECT_SECONDS: Final = 5.0
STATEMENT_SECONDS: Final = 10.0
LOCK_SECONDS: Final = 5.0
IDLE_IN_TRANSACTION_SECONDS: Final = 10.0
TCP_USER_MILLISECONDS: Final = 10_000
STATEMENT_CACHE_SIZE: Final = 256

_AWAY: Final = (
    asyncpg.PostgresConnectionError,  # class 08
    asyncpg.OperatorInterventionError,  # class 57: shutting down, starting up, a time-out of ours
    asyncpg.InsufficientResourcesError,  # class 53: too many connections, disk full
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,  # the driver's own: the connection is closed
    asyncpg.InternalClientError,  # as before: the server has said goodbye while the connection was idle
    OSError,
    TimeoutError,
)

DATABASE_AWAY: Final = "The database can't be reached right now. Try again later."


def server_settings(role: str | None, application_name: str) -> dict[str, str]:
    """The session's settings: role, timeouts, planner.

    Plans are made once, often of tables that nobody has analysed yet, whose guessed sizes make a scan of the whole
    table look cheap; but each of our reads is meant to go by an index. Where none serves, the scan is made after all.
    """
    settings = {
        "application_name": application_name,
        "statement_timeout": f"{STATEMENT_SECONDS:g}s",
        "lock_timeout": f"{LOCK_SECONDS:g}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS:g}s",
        "tcp_user_timeout": str(TCP_USER_MILLISECONDS),
        "jit": "off",
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "timezone": "UTC",
    }
    if role is not None:
        settings["role"] = role
    return settings


async def connect(url: str, role: str | None, application_name: str) -> asyncpg.Connection:
    """One connection. Raises UnavailableError."""
    with away_told():
        return await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            statement_cache_size=STATEMENT_CACHE_SIZE,
            server_settings=server_settings(role, application_name),
        )


@contextmanager
def away_told() -> Iterator[None]:
    """Turns what the driver raises when the database is away, or can't now, into UnavailableError; the rest passes.

    A value that has no encoding (``asyncpg.DataError``) is an InterfaceError to the driver, but the caller's defect.
    """
    try:
        yield
    except asyncpg.DataError:
        raise
    except _AWAY as error:
        raise UnavailableError(DATABASE_AWAY) from error
