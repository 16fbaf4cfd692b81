"""The exchange, in one short transaction of the role that owns the tables.

    all shards are locked, in ascending order     writers wait from here
    the last events are folded and compared
    the tables are locked                         readers wait from here
    live → old, next → live, next is dropped
    commit                                        whoever waited goes on with the new tables

It lasts SWAP_SECONDS_MAX at most, by the server's own clock, and waits LOCK_SECONDS_MAX for a lock: less than the
server needs to look for a deadlock, so it is always the swap that gives way, never a request. Then it is tried again.
Killed at any moment, the transaction has happened or it has not.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import asyncpg

from pushward.eventlog.rebuild.build import ReplayError, live_definitions
from pushward.eventlog.rebuild.compare import Differences, compare_keys
from pushward.eventlog.rebuild.connection import Connection, connected
from pushward.eventlog.rebuild.definition import definitions_of
from pushward.eventlog.rebuild.projection import Projection, bare_name
from pushward.eventlog.rebuild.rounds import advance, catch_up

SWAP_SECONDS_MAX: Final = 2.0
LOCK_SECONDS_MAX: Final = 0.4
SWAP_TRIES_MAX: Final = 20
TRY_AGAIN_SECONDS: Final = 0.5
LAST_ROUND_EVENTS_MAX: Final = 200
"""What may be left for the last round; the rest is caught up with before."""

_LIMITS: Final = f"""
SET LOCAL lock_timeout = '{LOCK_SECONDS_MAX}s';
SET LOCAL transaction_timeout = '{SWAP_SECONDS_MAX}s'"""
_LOCK_SHARDS: Final = "SELECT shard, position FROM log.shard ORDER BY shard FOR UPDATE"

_TRIED_AGAIN: Final = (
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidTransactionStateError,  # transaction_timeout: the server has ended the session
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)


class _DifferentError(Exception):
    """There is a difference, and it was asked not to swap then."""


@dataclass(frozen=True, slots=True)
class Swapped:
    """How the exchange went. ``locked_seconds``: how long writers waited at most, in whichever try."""

    tries: int
    events: int
    locked_seconds: float


async def swap(url: str, projection: Projection, differences: Differences, *, only_equal: bool) -> Swapped | None:
    """Puts the new tables in the live ones' place; None: ``only_equal``, and they differ. Raises ReplayError."""
    reason, locked = "", [0.0]
    for number in range(1, SWAP_TRIES_MAX + 1):
        try:
            async with connected(url) as connection:
                if await _done(connection, projection):  # by a try whose commit was not answered
                    return Swapped(number - 1, 0, max(locked))
                await catch_up(connection, projection, differences, until_events=LAST_ROUND_EVENTS_MAX)
                events = await _try(connection, projection, differences, locked, only_equal=only_equal)
                return Swapped(number, events, max(locked))
        except _DifferentError:
            return None
        except _TRIED_AGAIN as error:
            reason = f"{type(error).__name__}: {error}"
            await asyncio.sleep(TRY_AGAIN_SECONDS)
    raise ReplayError(
        f"{SWAP_TRIES_MAX} tries to swap the tables of {projection.schema} have failed; the last by {reason}. "
        "Something keeps them locked: a long transaction, a dump, a vacuum. All that was built stays; run it again."
    )


async def drop_old(url: str, projection: Projection) -> bool:
    """Drops the tables that an earlier replay has replaced, and nothing else; False if there are none."""
    async with connected(url) as connection, connection.transaction():
        if not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", projection.old_schema):
            return False
        for table in projection.tables:
            await connection.execute(f"DROP TABLE IF EXISTS {projection.old_schema}.{bare_name(table)}")
        await connection.execute(f"DROP SCHEMA {projection.old_schema}")
        return True


async def _try(
    connection: Connection, projection: Projection, differences: Differences, locked: list[float], *, only_equal: bool
) -> int:
    """One exchange; returns the events of the last round, and adds how long it had the shards to ``locked``."""
    if only_equal and len(differences):
        raise _DifferentError
    asked_at = time.monotonic()
    try:
        async with connection.transaction():
            await connection.execute(_LIMITS)
            await connection.execute(_LOCK_SHARDS)
            last = await advance(connection, projection)
            differences.take(last.keys, await compare_keys(connection, projection, last.keys))
            if only_equal and len(differences):
                raise _DifferentError
            await _exchange(connection, projection)
    finally:
        locked.append(time.monotonic() - asked_at)
    return last.events


async def _exchange(connection: Connection, projection: Projection) -> None:
    live = [table.name for table in projection.tables]
    await connection.execute(f"LOCK TABLE {', '.join(live)} IN ACCESS EXCLUSIVE MODE")
    new = [f"{projection.next_schema}.{bare_name(table)}" for table in projection.tables]
    if await live_definitions(connection, projection) != await definitions_of(connection, new):
        raise ReplayError(f"Tables of {projection.schema} were altered meanwhile. Run it again: it will begin anew.")
    # One request: no lock waits for another round trip.
    steps = [f"CREATE SCHEMA {projection.old_schema}"]
    for live_table, new_table in zip(live, new, strict=True):
        steps.append(f"ALTER TABLE {live_table} SET SCHEMA {projection.old_schema}")
        steps.append(f"ALTER TABLE {new_table} SET SCHEMA {projection.schema}")
    steps.append(f"DROP SCHEMA {projection.next_schema} CASCADE")
    await connection.execute("; ".join(steps))


async def _done(connection: Connection, projection: Projection) -> bool:
    query = "SELECT to_regnamespace($1) IS NOT NULL AND to_regnamespace($2) IS NULL"
    return bool(await connection.fetchval(query, projection.old_schema, projection.next_schema))
