"""What a request's path names: every SID in it must be able to exist, else it is not found before any query.

An identity is never read as a SID. The stream of an entity follows from (service, identity) alone.
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pushward import error_codes, ids
from pushward.api.common.v1 import common_pb2
from pushward.errors import NotFoundError
from pushward.ids import Sid
from pushward.rpc.context import account_sid_of
from services.registry.app.origins import forbidden
from services.registry.app.ports import LoadedEntity, RegistryStore
from services.registry.domain import rules
from services.registry.domain.state import ServiceRecord


class FactorRequest(Protocol):
    """A request that names a factor by its path."""

    @property
    def service_sid(self) -> str:
        """As it came."""
        ...

    @property
    def identity(self) -> str:
        """As it came."""
        ...

    @property
    def factor_sid(self) -> str:
        """As it came."""
        ...


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


async def account_sid_named(store: RegistryStore, text: str) -> Sid:
    """The account that an operator names. Raises NotFoundError 20404 if there can be none."""
    sid = ids.parse_sid(text, ids.ACCOUNT, await store.shard_count())
    if sid is None:
        raise NotFoundError("The account was not found.")
    return sid


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
        raise entity_not_found()
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


def entity_not_found() -> NotFoundError:
    """No such entity, or not one that the caller may know of."""
    return NotFoundError("The entity was not found.", code=error_codes.ENTITY_NOT_FOUND)


def factor_not_found() -> NotFoundError:
    """No such factor, or not one that the caller may know of."""
    return NotFoundError("The factor was not found.", code=error_codes.FACTOR_NOT_FOUND)


async def factor_path(
    store: RegistryStore, context: common_pb2.RequestContext, request: FactorRequest
) -> tuple[EntityPath, Sid]:
    """The factor that an account asks for, or its own device, which knows of no other.

    Raises NotFoundError 20404, 60392, 60390, and ForbiddenError 20403 for the bearer of an access token.
    """
    path = await entity_path(store, account_sid_of(context), request.service_sid, request.identity)
    factor_sid = await factor_sid_of(store, request.factor_sid)
    match context.principal.WhichOneof("kind"):
        case "account":
            pass
        case "device":
            _require_own(context.principal.device, path, factor_sid)
        case _:
            raise forbidden()
    return path, factor_sid


def _require_own(device: common_pb2.DevicePrincipal, path: EntityPath, factor_sid: Sid) -> None:
    if device.service_sid != path.service_sid:
        raise service_not_found()
    if device.identity != path.identity:
        raise entity_not_found()
    if device.factor_sid != factor_sid:
        raise factor_not_found()


async def _path(store: RegistryStore, account_sid: str, service_sid: Sid, identity: str) -> EntityPath:
    stream_id = ids.entity_stream(service_sid, identity, await store.shard_count())
    return EntityPath(account_sid, service_sid, identity, stream_id)
