"""Whose challenges a request may see: an account's own, or those of the one factor that a device is."""

from dataclasses import dataclass

from pushward import error_codes, ids
from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.errors import NotFoundError
from pushward.ids import Sid
from pushward.rpc.context import account_of, device_of
from services.challenge.domain.decider import not_found
from services.challenge.domain.state import Challenge


@dataclass(frozen=True, slots=True)
class Scope:
    """What lies under ``/Services/{service}/Entities/{identity}`` for whoever asks; a device sees one factor."""

    account_sid: str
    service_sid: str
    identity: str
    factor_sid: str | None

    def covers(self, challenge: Challenge) -> bool:
        """Whether ``challenge`` lies within."""
        return (
            challenge.account_sid == self.account_sid
            and challenge.service_sid == self.service_sid
            and challenge.identity == self.identity
            and self.factor_sid in (None, challenge.factor_sid)
        )

    def require(self, challenge: Challenge) -> Challenge:
        """``challenge``, if it lies within; else NotFoundError 60391, as if it were not there."""
        if not self.covers(challenge):
            raise not_found()
        return challenge


async def scope_of(
    registry: RegistryStub, context: common_pb2.RequestContext, service_sid: str, identity: str
) -> Scope:
    """The scope of an account (registry knows whether the service lives) or of a device.

    Raises NotFoundError for a service that isn't the account's, ForbiddenError for other principals.
    """
    if context.principal.WhichOneof("kind") == "device":
        return device_scope(device_of(context), service_sid, identity)
    return await account_scope(registry, context, service_sid, identity)


async def account_scope(
    registry: RegistryStub, context: common_pb2.RequestContext, service_sid: str, identity: str
) -> Scope:
    """The scope of an account; a device gets ForbiddenError 20403."""
    account_sid = account_of(context).account_sid
    await registry.CheckService(registry_pb2.CheckServiceRequest(context=context, service_sid=service_sid))
    return Scope(account_sid, _canonical(service_sid), identity, None)


def device_scope(device: common_pb2.DevicePrincipal, service_sid: str, identity: str) -> Scope:
    """The scope of a device, which is alive as of its principal: no need to ask registry."""
    if device.service_sid != _canonical(service_sid):
        raise NotFoundError("There is no such service.")
    if device.identity != identity:
        raise NotFoundError("There is no such entity.", code=error_codes.ENTITY_NOT_FOUND)
    return Scope(device.account_sid, device.service_sid, identity, device.factor_sid)


def challenge_sid_of(text: str) -> Sid:
    """The SID that a path names. Raises NotFoundError 60391 if it can't be one."""
    if not ids.is_sid(text, ids.CHALLENGE):
        raise not_found()
    return Sid(_canonical(text))


def _canonical(sid: str) -> str:
    """A SID's digits may come in either case."""
    return sid[:2] + sid[2:].lower()
