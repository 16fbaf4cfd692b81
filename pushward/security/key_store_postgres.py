"""The key store in PostgreSQL, in a database of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from pushward.database.migrate import Module
from pushward.database.pool import Database
from pushward.security.keys import WrappedKey
from pushward.security.rotation import Tally

KEYS_ROLE: Final = "pushward_keys"
KEYS_MODULE: Final = Module("keys", Path(__file__).parent / "sql", role=KEYS_ROLE)

_PUT = """
INSERT INTO keys.data_key (key_id, scope, wrapped, kek_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (key_id) DO NOTHING"""
_TALLY = "SELECT kek_id, wrapped IS NULL AS destroyed, count(*) AS keys FROM keys.data_key GROUP BY 1, 2"
_WRAPPED_BY = """
SELECT key_id, scope, wrapped, kek_id FROM keys.data_key
 WHERE kek_id = $1 AND wrapped IS NOT NULL AND key_id > $2
 ORDER BY key_id LIMIT $3"""
_REWRAP = "SELECT keys.rewrap($1, $2, $3, $4) AS rewrapped"
_DESTROY = "SELECT keys.destroy($1)"
_GET = "SELECT key_id, scope, wrapped, kek_id FROM keys.data_key WHERE key_id = $1"


class PostgresKeyStore:
    """Wrapped keys in ``keys.data_key``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, key: WrappedKey) -> None:
        """Stores a new key; a key id that exists already is left as it is. Raises UnavailableError."""
        await self._database.execute(_PUT, key.key_id, key.scope, key.wrapped, key.kek_id)

    async def get(self, key_id: UUID) -> WrappedKey | None:
        """The key, None if there never was one. Raises UnavailableError."""
        row = await self._database.fetchrow(_GET, key_id)
        return None if row is None else WrappedKey(*row)

    async def destroy(self, key_id: UUID) -> None:
        """Destroys the key and leaves a tombstone, also of a key that never was. Raises UnavailableError."""
        await self._database.execute(_DESTROY, key_id)

    async def tally(self) -> Tally:
        """What wraps how many. Raises UnavailableError."""
        rows = await self._database.fetch(_TALLY)
        return Tally(
            wrapped={row["kek_id"]: row["keys"] for row in rows if not row["destroyed"]},
            destroyed=sum(row["keys"] for row in rows if row["destroyed"]),
        )

    async def wrapped_by(self, kek_id: str, after: UUID, limit: int) -> Sequence[WrappedKey]:
        """Keys wrapped by this one whose ids are greater than ``after``, in their order. Raises UnavailableError."""
        return [WrappedKey(*row) for row in await self._database.fetch(_WRAPPED_BY, kek_id, after, limit)]

    async def rewrap(self, seen: Sequence[WrappedKey], anew: Sequence[WrappedKey]) -> int:
        """Stores each of ``anew`` whose key is still as ``seen``; says how many were. Raises UnavailableError."""
        if not anew:
            return 0
        (kek_id,) = {key.kek_id for key in anew}
        row = await self._database.fetchrow(
            _REWRAP, [key.key_id for key in anew], [key.wrapped for key in seen], [key.wrapped for key in anew], kek_id
        )
        assert row is not None
        rewrapped: int = row["rewrapped"]
        return rewrapped
