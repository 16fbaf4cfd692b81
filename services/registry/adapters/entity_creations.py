"""The buckets of entity creations in PostgreSQL: one call of one function (sql/take_entity_creation.sql)."""

from typing import Final

from pushward.database.pool import Database

_TAKE: Final = "SELECT registry.take_entity_creation($1, $2) AS wait_seconds"


class PostgresEntityCreations:
    """Buckets that fill at ``per_second``, shared by all processes."""

    def __init__(self, database: Database, per_second: int) -> None:
        self._database = database
        self._per_second = per_second

    async def take(self, account_sid: str) -> float:
        """0 if the account may create one now; else for how many seconds it may not."""
        row = await self._database.fetchrow(_TAKE, account_sid, self._per_second)
        assert row is not None
        wait_seconds: float = row["wait_seconds"]
        return wait_seconds
