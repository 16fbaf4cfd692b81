"""A service behind a channel, of either kind, and a notifier whose handlers the test writes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import grpc
from google.protobuf.empty_pb2 import Empty

from pushward.api.notifier.v1 import notifier_pb2, notifier_pb2_grpc
from pushward.rpc.channel import network_channel
from pushward.rpc.client import ClientChannel
from pushward.rpc.inprocess import InProcessChannel, InProcessServer
from pushward.rpc.limits import MAX_CONCURRENT_RPCS
from pushward.rpc.server import serve

Request: TypeAlias = notifier_pb2.OpenDeviceStreamRequest
Reply: TypeAlias = notifier_pb2.OpenDeviceStreamReply
Signal: TypeAlias = notifier_pb2.Signal
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"  # Any: of the unary method and of the stream

UnaryHandler: TypeAlias = Callable[[Request, Context], Awaitable[Reply]]
StreamHandler: TypeAlias = Callable[[notifier_pb2.FollowRequest, Context], AsyncIterator[Signal]]


async def answer(request: Request, context: Context) -> Reply:
    """Says back what it was asked."""
    return Reply(stream_id=request.factor_sid.encode(), lease_seconds=30)


async def tell_nothing(request: notifier_pb2.FollowRequest, context: Context) -> AsyncIterator[Signal]:
    """An empty stream."""
    nothing: tuple[Signal, ...] = ()
    for signal in nothing:
        yield signal


class Notifier(notifier_pb2_grpc.NotifierServicer):
    """``OpenDeviceStream`` is ``unary``, ``Follow`` is ``stream``."""

    def __init__(self, unary: UnaryHandler = answer, stream: StreamHandler = tell_nothing) -> None:
        self._unary = unary
        self._stream = stream

    async def OpenDeviceStream(self, request: Request, context: Context) -> Reply:
        return await self._unary(request, context)

    def Follow(self, request: notifier_pb2.FollowRequest, context: Context) -> AsyncIterator[Signal]:
        return self._stream(request, context)

    async def KeepDeviceStreams(self, request: notifier_pb2.KeepDeviceStreamsRequest, context: Context) -> Empty:
        return Empty()

    async def CloseDeviceStream(self, request: notifier_pb2.CloseDeviceStreamRequest, context: Context) -> Empty:
        return Empty()


@dataclass(frozen=True, slots=True)
class Peer:
    """A notifier that is being served, as its callers see it."""

    channel: grpc.aio.Channel
    """The bare channel: gRPC's errors."""
    client: ClientChannel
    """Ours around it: a default deadline, our errors."""
    stop: Callable[[float], Awaitable[None]]
    """Stops the server; takes the grace period in seconds."""

    @property
    def stub(self) -> notifier_pb2_grpc.NotifierStub:
        """On the bare channel."""
        return notifier_pb2_grpc.NotifierStub(self.channel)

    @property
    def our_stub(self) -> notifier_pb2_grpc.NotifierStub:
        """On ours."""
        return notifier_pb2_grpc.NotifierStub(self.client)


async def network_peer(
    servicer: notifier_pb2_grpc.NotifierServicer, folder: Path, max_concurrent_rpcs: int = MAX_CONCURRENT_RPCS
) -> Peer:
    """Behind a Unix socket in ``folder``."""
    address = f"unix:{folder / 'notifier.sock'}"
    add = partial(notifier_pb2_grpc.add_NotifierServicer_to_server, servicer)
    server = await serve([add], address, max_concurrent_rpcs=max_concurrent_rpcs)
    channel = network_channel(address)
    return Peer(channel, ClientChannel(channel), server.stop)


async def inprocess_peer(
    servicer: notifier_pb2_grpc.NotifierServicer, folder: Path, max_concurrent_rpcs: int = MAX_CONCURRENT_RPCS
) -> Peer:
    """In this process; ``folder`` isn't used."""
    server = InProcessServer(max_concurrent_rpcs=max_concurrent_rpcs)
    notifier_pb2_grpc.add_NotifierServicer_to_server(servicer, server)
    channel = InProcessChannel(server)
    return Peer(channel, ClientChannel(channel), server.stop)
