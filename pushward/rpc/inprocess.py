"""The in-process channel: stubs and servicers of one process meet without sockets and without serialising.

``InProcessServer`` takes what generated ``add_…Servicer_to_server`` functions give, ``InProcessChannel`` is what
generated stubs are built on. A caller can't tell it from a network channel: deadlines, cancellation, metadata,
statuses, size limits and a full server look the same, and one contract suite runs on both.

Handlers are wrapped by ``pushward.rpc.guard``, as a network server's are. The message itself is handed over, so the
rule of ``pushward.rpc`` holds: nobody mutates a message that was received; ``watch_requests`` finds who does.
Deliberately absent: streams of requests (no service has one), compression and credentials (nothing is sent), and
waiting for a stopped server to come back.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextvars import copy_context
from types import TracebackType
from typing import Any, Never, Self, TypeVar

import grpc
import structlog
from google.protobuf.message import Message

from pushward.rpc.calls import StreamCall, UnaryCall
from pushward.rpc.exchange import STOPPING_TEXT, Exchange
from pushward.rpc.guard import Handler, guarded, watched
from pushward.rpc.limits import CANCELLED_HANDLERS_SECONDS, MAX_CONCURRENT_RPCS, MAX_MESSAGE_BYTES
from pushward.rpc.metadata import checked
from pushward.rpc.stream import StreamExchange

Request = TypeVar("Request")
Reply = TypeVar("Reply")
AnyExchange = TypeVar("AnyExchange", bound=Exchange)

_log = structlog.get_logger(__name__)


class InProcessServer(grpc.aio.Server):
    """Serves from the moment it exists until it is stopped; for good."""

    def __init__(
        self,
        *,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        max_concurrent_rpcs: int = MAX_CONCURRENT_RPCS,
        watch_requests: bool = False,
    ) -> None:
        """With ``watch_requests`` a unary request that either side mutates during its call fails it: for tests."""
        self.services: list[str] = []
        self.max_message_bytes = max_message_bytes
        self._max_concurrent_rpcs = max_concurrent_rpcs
        self._watch_requests = watch_requests
        # Any: a handler's own types are its own.
        self._behaviours: dict[str, Callable[[Any, Any], Any]] = {}
        self._context = copy_context()
        self._active: set[Exchange] = set()
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    def add_generic_rpc_handlers(self, generic_rpc_handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Generated code gives each handler twice; the named ones are used."""

    def add_registered_method_handlers(self, service_name: str, method_handlers: Mapping[str, Handler]) -> None:
        """Takes the handlers of one service."""
        self.services.append(service_name)
        for name, handler in method_handlers.items():
            method = f"/{service_name}/{name}"
            wrapped = guarded(method, watched(handler) if self._watch_requests else handler)
            behaviour = wrapped.unary_stream if wrapped.response_streaming else wrapped.unary_unary
            assert behaviour is not None, f"{method}: streams of requests are not supported"
            self._behaviours[method] = behaviour

    def begin(self, exchange: Exchange, request: Message, metadata: Any, timeout: float | None) -> None:
        """Starts ``exchange``, or settles it at once with why not. Any: metadata as grpc.aio takes it."""
        if self._stopping:
            exchange.settle(grpc.StatusCode.UNAVAILABLE, STOPPING_TEXT)
            return
        try:
            sent = checked(metadata)
        except (grpc.aio.InternalError, TypeError, ValueError) as misuse:
            exchange.misuse = misuse
            exchange.settle(grpc.StatusCode.INTERNAL, str(misuse))
            return
        behaviour = self._behaviours.get(exchange.method)
        if behaviour is None:
            exchange.settle(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        elif timeout is not None and timeout <= 0:
            exchange.settle(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
        elif len(self._active) >= self._max_concurrent_rpcs:
            exchange.settle(grpc.StatusCode.RESOURCE_EXHAUSTED, "Concurrent RPC limit exceeded!")
        elif exchange.fits(request):
            self._active.add(exchange)
            exchange.start(behaviour, request, sent, timeout, self._context.copy())

    def ended(self, exchange: Exchange) -> None:
        """An exchange's handler has ended."""
        self._active.discard(exchange)
        if self._stopping and not self._active:
            self._idle.set()

    def cancel_calls_of(self, channel: object) -> None:
        """Cancels what ``channel`` has under way."""
        for exchange in tuple(self._active):
            if exchange.channel is channel:
                exchange.cancel_by_caller()

    async def start(self) -> None:
        """It serves already."""

    async def stop(self, grace: float | None) -> None:
        """Refuses new calls, lets running ones finish for ``grace`` seconds, then cancels them. May be called again."""
        self._stopping = True
        if self._active:
            self._idle.clear()
            await self._wait_idle(grace or 0)
        for exchange in tuple(self._active):
            exchange.break_off(grpc.StatusCode.UNAVAILABLE, "Cancelling all calls")
        if not await self._wait_idle(CANCELLED_HANDLERS_SECONDS):
            _log.error("rpc_handlers_left_behind", methods=sorted(exchange.method for exchange in self._active))

    async def wait_for_termination(self, timeout: float | None = None) -> bool:
        raise NotImplementedError("an in-process server ends with its process")

    def add_insecure_port(self, address: str) -> int:
        raise NotImplementedError("an in-process server has no ports")

    def add_secure_port(self, address: str, server_credentials: grpc.ServerCredentials) -> int:
        raise NotImplementedError("an in-process server has no ports")

    async def _wait_idle(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True


class InProcessChannel(grpc.aio.Channel):
    """A channel to an `InProcessServer`."""

    def __init__(self, server: InProcessServer) -> None:
        self._server = server
        self._closed = False

    def unary_unary(
        self,
        method: str,
        request_serializer: Callable[[Request], bytes] | None = None,
        response_deserializer: Callable[[bytes], Reply] | None = None,
        _registered_method: bool | None = None,
    ) -> grpc.aio.UnaryUnaryMultiCallable[Request, Reply]:
        """A method that answers with one message. The serialisers are not used."""
        return _UnaryUnary(self, method)

    def unary_stream(
        self,
        method: str,
        request_serializer: Callable[[Request], bytes] | None = None,
        response_deserializer: Callable[[bytes], Reply] | None = None,
        _registered_method: bool | None = None,
    ) -> grpc.aio.UnaryStreamMultiCallable[Request, Reply]:
        """A method that answers with a stream. The serialisers are not used."""
        return _UnaryStream(self, method)

    def stream_unary(self, method: str, *_: object, **__: object) -> Never:
        raise NotImplementedError(f"{method}: streams of requests are not supported")

    def stream_stream(self, method: str, *_: object, **__: object) -> Never:
        raise NotImplementedError(f"{method}: streams of requests are not supported")

    def begin(
        self, kind: type[AnyExchange], method: str, request: Any, metadata: Any, timeout: float | None
    ) -> AnyExchange:
        """A new RPC. Any: messages of every type, metadata as grpc.aio takes it."""
        if self._closed:
            raise grpc.aio.UsageError("Channel is closed.")
        server = self._server
        exchange = kind(method, self, server.max_message_bytes, server.ended)
        server.begin(exchange, request, metadata, timeout)
        return exchange

    async def close(self, grace: float | None = None) -> None:
        """Cancels the calls that are under way; later ones raise `grpc.aio.UsageError`."""
        self._closed = True
        self._server.cancel_calls_of(self)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return grpc.ChannelConnectivity.SHUTDOWN if self._closed else grpc.ChannelConnectivity.READY

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        raise NotImplementedError("an in-process channel has no connection whose state could change")

    async def channel_ready(self) -> None:
        """It always is."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.close()


class _UnaryUnary(grpc.aio.UnaryUnaryMultiCallable[Request, Reply]):
    def __init__(self, channel: InProcessChannel, method: str) -> None:
        self._channel = channel
        self._method = method

    def __call__(
        self,
        request: Request,
        *,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> UnaryCall[Reply]:
        return UnaryCall(self._channel.begin(Exchange, self._method, request, metadata, timeout))


class _UnaryStream(grpc.aio.UnaryStreamMultiCallable[Request, Reply]):
    def __init__(self, channel: InProcessChannel, method: str) -> None:
        self._channel = channel
        self._method = method

    def __call__(
        self,
        request: Request,
        *,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> StreamCall[Reply]:
        return StreamCall(self._channel.begin(StreamExchange, self._method, request, metadata, timeout))
