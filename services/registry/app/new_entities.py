"""What an entity is made with, by itself or with its first factor: a token of its account's bucket, a key, a SID.

Asked for once all that may be refused was looked at, since neither token nor key is given back.
"""

import secrets

from pushward import ids
from pushward.clock import milliseconds
from pushward.ids import Sid
from services.registry.app.creation_limit import EntityCreations, take_creation
from services.registry.app.entity_keys import EntityKeys
from services.registry.app.paths import EntityPath
from services.registry.app.ports import LoadedEntity
from services.registry.domain.decider.entity import NewEntity


class NewEntities:
    """Prepares entities at paths. Both methods raise UnavailableError and TooManyRequestsError 60328."""

    def __init__(self, keys: EntityKeys, creations: EntityCreations) -> None:
        self._keys = keys
        self._creations = creations

    async def new(self, path: EntityPath, loaded: LoadedEntity) -> NewEntity:
        """What an entity at ``path``, where there is none, is made with. Its key can seal."""
        await take_creation(self._creations, path.account_sid)
        key_id = await self._keys.of_next_life(path, loaded.state)
        sid = ids.new_sid(ids.ENTITY, path.shard, milliseconds(loaded.now), secrets.randbits(ids.RANDOM_BITS))
        return NewEntity(sid, Sid(path.account_sid), path.service_sid, path.identity, key_id)

    async def new_or_living(self, path: EntityPath, loaded: LoadedEntity) -> NewEntity:
        """Whoever lives at ``path``, at no cost; else as ``new``."""
        living = loaded.state.live
        if living is None:
            return await self.new(path, loaded)
        assert living.sid is not None
        assert living.key_id is not None
        return NewEntity(living.sid, living.account_sid, living.service_sid, living.identity, living.key_id)
