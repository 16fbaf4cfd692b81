"""Data keys of identities: made before what they seal, so that nothing is ever sealed with a key that isn't stored.

There is one for each life of an identity (each generation of its stream), with an id that follows from both. So what is
sealed for somebody who isn't enrolled yet, the name in an access token, is sealed with the key that this somebody will
have, and is forgotten with it.
"""

import secrets
from uuid import UUID

import structlog

from pushward import ids
from pushward.errors import UnavailableError
from pushward.security.keys import DATA_KEY_BYTES, KeyDestroyedError, KeyRing
from services.registry.app.paths import EntityPath
from services.registry.domain.state import EntityState

_log = structlog.get_logger(__name__)


class EntityKeys:
    """Makes and names the data keys of identities."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def of_next_life(self, path: EntityPath, state: EntityState) -> UUID:
        """The key of whoever will have the identity; from now on it can seal. Raises UnavailableError."""
        key_id = ids.entity_key(path.stream_id, state.deletions)
        try:
            await self._keys.create(key_id, f"entity stream {path.stream_id}", secrets.token_bytes(DATA_KEY_BYTES))
        except KeyDestroyedError as error:
            # Loaded before the event that says so, asked for after it: the next look sees a new generation. If it
            # doesn't, the log was restored and has lost that event: the identity has to be forgotten again.
            _log.warning("next_key_destroyed", stream_id=str(path.stream_id), generation=state.deletions)
            raise UnavailableError("This identity is being forgotten right now. Try again.") from error
        return key_id

    async def of_living_or_next(self, path: EntityPath, state: EntityState) -> UUID:
        """The key of whoever has the identity, or will have it. Raises UnavailableError."""
        if state.live is None:
            return await self.of_next_life(path, state)
        assert state.live.key_id is not None
        return state.live.key_id
