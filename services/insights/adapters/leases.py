"""Leases in PostgreSQL."""

from typing import Final
from uuid import UUID

from pushward.database.pool import Database
from services.insights.app.ports import Term

_TAKE: Final = "SELECT insights.take_lease($1, $2, $3) AS term"
_GIVE_UP: Final = """
    UPDATE insights.lease SET expires_at = clock_timestamp() WHERE name = $1 AND owner = $2 AND term = $3"""


class PostgresLeases:
    """``insights.lease``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, owner: UUID, seconds: float) -> Term | None:
        """Takes or prolongs a lease; None while somebody else has it."""
        record = await self._database.fetchrow(_TAKE, name, owner, seconds)
        return None if record is None or record["term"] is None else Term(owner, record["term"])

    async def give_up(self, name: str, term: Term) -> None:
        """Lets the next one take it at once."""
        await self._database.execute(_GIVE_UP, name, term.owner, term.number)
