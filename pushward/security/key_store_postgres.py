"""The key store in PostgreSQL, in a database of its own."""

from pathlib import Path
from typing import Final
from uuid import UUID

from pushward.database.migrate import Module
from pushward.database.pool import Database
from pushward.security.keys import WrappedKey

KEYS_ROLE: Final = "pushward_keys"
KEYS_MODULE: Final = Module("keys", Path(__file__).parent / "sql", role=KEYS_ROLE)

_PUT = """
INSERT INTO keys.data_key (key_id, scope, wrapped, kek_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (key_id) DO NOTHING"""
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
        """Destroys the key, if there is one, and leaves a tombstone. Raises UnavailableError."""
        await self._database.execute(_DESTROY, key_id)
