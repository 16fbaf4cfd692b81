"""Data keys of entities: made before the entity, so that nothing is ever sealed with a key that isn't stored.

A key whose entity then isn't created (a lost race, a refusal) stays unused in the key store; that is harmless.
"""

import secrets
from uuid import UUID, uuid4

from pushward.security.keys import DATA_KEY_BYTES, KeyRing
from services.registry.app.paths import EntityPath


class NewEntityKey:
    """The key of an entity that one command may have to create: made when first asked for, the same for each try."""

    def __init__(self, keys: KeyRing, path: EntityPath) -> None:
        self._keys = keys
        self._path = path
        self._key_id: UUID | None = None

    async def id(self) -> UUID:
        """The key's id; from now on it can seal. Raises UnavailableError."""
        if self._key_id is None:
            key_id = uuid4()
            await self._keys.create(
                key_id, f"entity stream {self._path.stream_id}", secrets.token_bytes(DATA_KEY_BYTES)
            )
            self._key_id = key_id
        return self._key_id
