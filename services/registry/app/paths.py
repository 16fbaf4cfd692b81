"""What a request's path names: every SID in it must be able to exist, else it is not found before any query.

An identity is never read as a SID. The stream of an entity follows from (service, identity) alone.
"""

from dataclasses import dataclass
from uuid import UUID

from pushward import ids
from pushward.errors import NotFoundError
from pushward.ids import Sid
from services.registry.app.ports import LoadedEntity, RegistryStore
from services.registry.domain import rules
from services.registry.domain.decider.entity import ENTITY_NOT_FOUND, FACTOR_NOT_FOUND
from services.registry.domain.state import ServiceRecord


@dataclass(frozen=True, slots=True)
class EntityPath:
    """``/Services/{service_sid}/Entities/{identity}`` of an account."""

    account_sid: str
    service_sid: Sid
    identity: str
    stream_id: UUID

    @property
    def shard(self) -> int:
        """The shard of the entity and all that belongs to it."""
        return ids.shard_of_stream(self.stream_id)


async def service_sid_of(store: RegistryStore, text: str) -> Sid:
    """The service that a path names. Raises NotFoundError 20404 if there can be none."""
    sid = ids.parse_sid(text, ids.SERVICE, await store.shard_count())
    if sid is None:
        raise service_not_found()
    return sid


async def entity_path(store: RegistryStore, account_sid: str, service_sid: str, identity: str) -> EntityPath:
    """The entity that a path names. Raises NotFoundError 20404, 60392 if there can be none."""
    sid = await service_sid_of(store, service_sid)
    if not rules.is_identity(identity):
        raise NotFoundError("The entity was not found.", code=ENTITY_NOT_FOUND)
    return await _path(store, account_sid, sid, identity)


async def new_entity_path(store: RegistryStore, account_sid: str, service_sid: str, identity: str) -> EntityPath:
    """The path of an entity that may have to be created. Raises NotFoundError 20404, BadRequestError 60367."""
    sid = await service_sid_of(store, service_sid)
    return await _path(store, account_sid, sid, rules.new_identity(identity))


async def factor_sid_of(store: RegistryStore, text: str) -> Sid:
    """The factor that a path names. Raises NotFoundError 60390 if there can be none."""
    sid = ids.parse_sid(text, ids.FACTOR, await store.shard_count())
    if sid is None:
        raise factor_not_found()
    return sid


def found_service(loaded: LoadedEntity) -> ServiceRecord:
    """The service that an entity was loaded below. Raises NotFoundError 20404."""
    if loaded.service is None:
        raise service_not_found()
    return loaded.service


def service_not_found() -> NotFoundError:
    """No such service, or not the caller's."""
    return NotFoundError("The service was not found.")


def factor_not_found() -> NotFoundError:
    """No such factor, or not one that the caller may know of."""
    return NotFoundError("The factor was not found.", code=FACTOR_NOT_FOUND)


async def _path(store: RegistryStore, account_sid: str, service_sid: Sid, identity: str) -> EntityPath:
    stream_id = ids.entity_stream(service_sid, identity, await store.shard_count())
    return EntityPath(account_sid, service_sid, identity, stream_id)
