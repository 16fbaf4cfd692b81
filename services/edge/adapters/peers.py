"""Whether the services that the edge can't do without answer, by gRPC's health service."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from pushward.errors import PushwardError

CHECK_SECONDS_MAX: Final = 1.0


class PeerHealth:
    """Asks peers how they are."""

    def __init__(self, channels: Mapping[str, grpc.aio.Channel]) -> None:
        self._stubs = {name: health_pb2_grpc.HealthStub(channel) for name, channel in channels.items()}

    async def away(self) -> Sequence[str]:
        """Which don't serve."""
        serving = await asyncio.gather(*(self._serves(stub) for stub in self._stubs.values()))
        return [name for name, serves in zip(self._stubs, serving, strict=True) if not serves]

    async def _serves(self, stub: health_pb2_grpc.HealthStub) -> bool:
        try:
            reply = await stub.Check(health_pb2.HealthCheckRequest(), timeout=CHECK_SECONDS_MAX)
        except PushwardError as error:
            return _has_no_health(error)
        serves: bool = reply.status == health_pb2.HealthCheckResponse.SERVING
        return serves


def _has_no_health(error: PushwardError) -> bool:
    """Whether a peer answered that it doesn't know: one in this process, which has its readiness asked directly."""
    cause = error.__cause__
    return isinstance(cause, grpc.aio.AioRpcError) and cause.code() is grpc.StatusCode.UNIMPLEMENTED
