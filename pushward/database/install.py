"""What is done once for an installation: the shard count, and every subscriber's positions at the head."""

from collections.abc import Sequence

import asyncpg

from pushward.database.migrate import MIGRATE_SECONDS, Module

SHARD_COUNT_SQLSTATE = "PW002"


class ShardCountError(Exception):
    """The log has another number of shards; it was fixed when it was made, because SIDs carry their shard."""


async def install(url: str, modules: Sequence[Module], shard_count: int | None) -> int:
    """Fixes the shard count (None: as it is) and installs missing subscriptions at the head; returns the count.

    It can be run again, with the same count. Raises ShardCountError.
    """
    connection = await asyncpg.connect(url, timeout=MIGRATE_SECONDS, command_timeout=MIGRATE_SECONDS)
    try:
        async with connection.transaction():
            if shard_count is not None:
                await connection.execute("SELECT log.create_shards($1)", shard_count)
            for module in modules:
                for name in module.follows:
                    await connection.execute(
                        "SELECT log.install_subscription($1, $2, $3)", module.schema, name, module.role
                    )
                if module.role is not None:
                    await connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA log TO {module.role}")
            count: int = await connection.fetchval("SELECT count(*)::int FROM log.shard")
            return count
    except asyncpg.PostgresError as error:
        if error.sqlstate == SHARD_COUNT_SQLSTATE:
            raise ShardCountError(str(error)) from error
        raise
    finally:
        await connection.close()
