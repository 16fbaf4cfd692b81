"""The factor of a challenge as registry has it now, and what guards an append that rests on it."""

from uuid import UUID

from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.eventlog.port import Guard


async def live_factor(
    registry: RegistryStub,
    context: common_pb2.RequestContext,
    *,
    service_sid: str,
    identity: str,
    factor_sid: str,
) -> registry_pb2.LiveFactor:
    """The factor. Raises NotFoundError 20404, 60392, 60390 if it, or what it lies below, is gone."""
    return await registry.GetLiveFactor(
        registry_pb2.GetLiveFactorRequest(
            context=context, service_sid=service_sid, identity=identity, factor_sid=factor_sid
        )
    )


def guard_of(factor: registry_pb2.LiveFactor) -> Guard:
    """The entity's stream, unchanged since registry has looked: the factor wasn't deleted meanwhile."""
    return Guard(UUID(bytes=factor.entity_stream), factor.entity_version)
