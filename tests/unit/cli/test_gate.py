"""The gate in front of services that can't serve yet."""

from collections.abc import AsyncIterator
from typing import cast

import pytest
from google.protobuf.empty_pb2 import Empty
from grpc import aio

from pushward.api.notifier.v1 import notifier_pb2
from pushward.api.notifier.v1.notifier_pb2_grpc import NotifierServicer, NotifierStub, add_NotifierServicer_to_server
from pushward.cli.gate import NOT_YET, Gate, GatedService
from pushward.errors import UnavailableError
from pushward.rpc.channel import open_channel, open_inprocess
from pushward.rpc.inprocess import InProcessServer
from pushward.rpc.server import serve
from pushward.service import Registrar


class Probe(NotifierServicer):
    """Answers a call and a stream."""

    async def CloseDeviceStream(self, request: notifier_pb2.CloseDeviceStreamRequest, context: object) -> Empty:
        return Empty()

    async def OpenDeviceStream(
        self, request: notifier_pb2.OpenDeviceStreamRequest, context: object
    ) -> notifier_pb2.OpenDeviceStreamReply:
        return notifier_pb2.OpenDeviceStreamReply()

    async def KeepDeviceStreams(self, request: notifier_pb2.KeepDeviceStreamsRequest, context: object) -> Empty:
        return Empty()

    async def Follow(self, request: notifier_pb2.FollowRequest, context: object) -> AsyncIterator[notifier_pb2.Signal]:
        yield notifier_pb2.Signal(following=notifier_pb2.Signal.Following())


class ProbeService:
    """The probe as a service of a process."""

    name = "probe"

    def register(self, server: Registrar) -> None:
        add_NotifierServicer_to_server(Probe(), cast(aio.Server, server))

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def ready(self) -> str | None:
        return None


@pytest.fixture(params=["in-process", "network"])
async def stub(request: pytest.FixtureRequest, gate: Gate) -> AsyncIterator[NotifierStub]:
    """The gated probe, on either channel."""
    service = GatedService(ProbeService(), gate)
    if request.param == "network":
        server = await serve([service.register], "127.0.0.1:0")
        channel = open_channel(server.address)
        yield NotifierStub(channel)
        await channel.close()
        await server.stop(0)
    else:
        inner = InProcessServer()
        service.register(inner)
        channel = open_inprocess(inner)
        yield NotifierStub(channel)
        await channel.close()


@pytest.fixture
def gate() -> Gate:
    """A shut gate."""
    return Gate()


async def test_a_shut_gate_refuses_calls_and_streams_as_unavailable(stub: NotifierStub) -> None:
    """503 at the edge, with a text that tells nothing of the inside."""
    with pytest.raises(UnavailableError) as refused:
        await stub.CloseDeviceStream(notifier_pb2.CloseDeviceStreamRequest())
    assert refused.value.message == NOT_YET
    with pytest.raises(UnavailableError):
        async for _ in stub.Follow(notifier_pb2.FollowRequest()):
            pass


async def test_an_open_gate_lets_everything_through(stub: NotifierStub, gate: Gate) -> None:
    """From the next call on."""
    gate.open()
    assert await stub.CloseDeviceStream(notifier_pb2.CloseDeviceStreamRequest()) == Empty()
    signals = [signal async for signal in stub.Follow(notifier_pb2.FollowRequest())]
    assert len(signals) == 1


async def test_a_gated_service_says_what_the_gate_waits_for(gate: Gate) -> None:
    """Readiness names the reason, and ends with the service's own word."""
    service = GatedService(ProbeService(), gate)
    gate.reason = "run `pushward migrate`"
    assert await service.ready() == "run `pushward migrate`"
    gate.open()
    assert await service.ready() is None
