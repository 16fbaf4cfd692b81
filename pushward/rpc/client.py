"""The channel that our stubs are built on: around either kind, it adds a default deadline and raises `PushwardError`.

A unary call that names no ``timeout`` gets ``DEFAULT_DEADLINE_SECONDS``; a stream gets none. Whatever a call fails
with, its caller sees as a `PushwardError` made by ``pushward.rpc.errors.error_of``, with gRPC's own as ``__cause__``.
While a peer is away calls fail at once, unless they say ``wait_for_ready``: callers answer 503 and stay quick.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from types import TracebackType
from typing import Any, Never, Self, TypeVar

import grpc

from pushward.rpc.errors import error_of
from pushward.rpc.limits import DEFAULT_DEADLINE_SECONDS

Request = TypeVar("Request")
Reply = TypeVar("Reply")


class ClientChannel(grpc.aio.Channel):
    """A `grpc.aio.Channel` whose calls have a deadline and raise `PushwardError`. Closing it closes the one inside."""

    def __init__(self, inner: grpc.aio.Channel, deadline_seconds: float = DEFAULT_DEADLINE_SECONDS) -> None:
        self._inner = inner
        self._deadline_seconds = deadline_seconds

    # **options: what newer generated code passes on, e.g. `_registered_method`; Any, as it is grpc's own affair.

    def unary_unary(
        self,
        method: str,
        request_serializer: Callable[[Request], bytes] | None = None,
        response_deserializer: Callable[[bytes], Reply] | None = None,
        **options: Any,
    ) -> grpc.aio.UnaryUnaryMultiCallable[Request, Reply]:
        """A method that answers with one message."""
        inner = self._inner.unary_unary(method, request_serializer, response_deserializer, **options)
        return _UnaryUnary(inner, self._deadline_seconds)

    def unary_stream(
        self,
        method: str,
        request_serializer: Callable[[Request], bytes] | None = None,
        response_deserializer: Callable[[bytes], Reply] | None = None,
        **options: Any,
    ) -> grpc.aio.UnaryStreamMultiCallable[Request, Reply]:
        """A method that answers with a stream."""
        return _UnaryStream(self._inner.unary_stream(method, request_serializer, response_deserializer, **options))

    def stream_unary(self, method: str, *_: object, **__: object) -> Never:
        raise NotImplementedError(f"{method}: streams of requests are not supported")

    def stream_stream(self, method: str, *_: object, **__: object) -> Never:
        raise NotImplementedError(f"{method}: streams of requests are not supported")

    async def close(self, grace: float | None = None) -> None:
        await self._inner.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        return self._inner.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._inner.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._inner.channel_ready()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.close()


class _UnaryUnary(grpc.aio.UnaryUnaryMultiCallable[Request, Reply]):
    def __init__(self, inner: grpc.aio.UnaryUnaryMultiCallable[Request, Reply], deadline_seconds: float) -> None:
        self._inner = inner
        self._deadline_seconds = deadline_seconds

    def __call__(
        self,
        request: Request,
        *,
        timeout: float | None = None,
        metadata: Any = None,  # Any: as grpc.aio takes it
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> grpc.aio.UnaryUnaryCall[Request, Reply]:
        seconds = self._deadline_seconds if timeout is None else timeout
        return _UnaryCall(
            self._inner(
                request,
                timeout=seconds,
                metadata=metadata,
                credentials=credentials,
                wait_for_ready=wait_for_ready,
                compression=compression,
            )
        )


class _UnaryStream(grpc.aio.UnaryStreamMultiCallable[Request, Reply]):
    def __init__(self, inner: grpc.aio.UnaryStreamMultiCallable[Request, Reply]) -> None:
        self._inner = inner

    def __call__(
        self,
        request: Request,
        *,
        timeout: float | None = None,
        metadata: Any = None,  # as above
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> grpc.aio.UnaryStreamCall[Request, Reply]:
        return _StreamCall(
            self._inner(
                request,
                timeout=timeout,
                metadata=metadata,
                credentials=credentials,
                wait_for_ready=wait_for_ready,
                compression=compression,
            )
        )


class _Call(grpc.aio.Call):
    def __init__(self, inner: grpc.aio.Call) -> None:
        self._inner = inner

    def cancelled(self) -> bool:
        return self._inner.cancelled()

    def done(self) -> bool:
        return self._inner.done()

    def time_remaining(self) -> float | None:
        return self._inner.time_remaining()

    def cancel(self) -> bool:
        return self._inner.cancel()

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self._inner.add_done_callback(lambda _: callback(self))

    async def initial_metadata(self) -> grpc.aio.Metadata:
        return await self._inner.initial_metadata()

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        return await self._inner.trailing_metadata()

    async def code(self) -> grpc.StatusCode:
        return await self._inner.code()

    async def details(self) -> str:
        return await self._inner.details()

    async def wait_for_connection(self) -> None:
        try:
            await self._inner.wait_for_connection()
        except grpc.aio.AioRpcError as error:
            raise error_of(error) from error


class _UnaryCall(_Call, grpc.aio.UnaryUnaryCall[Request, Reply]):
    _inner: grpc.aio.UnaryUnaryCall[Request, Reply]

    def __await__(self) -> Generator[Any, None, Reply]:
        try:
            return (yield from self._inner.__await__())
        except grpc.aio.AioRpcError as error:
            raise error_of(error) from error


class _StreamCall(_Call, grpc.aio.UnaryStreamCall[Request, Reply]):
    """Dropping it cancels the RPC at once; the network's own call would wait for the cycle collector."""

    _inner: grpc.aio.UnaryStreamCall[Request, Reply]
    _messages: AsyncIterator[Reply] | None = None

    def __init__(self, inner: grpc.aio.UnaryStreamCall[Request, Reply]) -> None:
        super().__init__(inner)
        self._loop = asyncio.get_running_loop()

    def __del__(self) -> None:
        if not self._loop.is_closed():
            self._inner.cancel()

    def __aiter__(self) -> AsyncIterator[Reply]:
        if self._messages is None:
            self._messages = aiter(self._inner)
        return self

    async def __anext__(self) -> Reply:
        assert self._messages is not None
        try:
            return await anext(self._messages)
        except grpc.aio.AioRpcError as error:
            raise error_of(error) from error

    async def read(self) -> Any:
        """The next message, or `grpc.aio.EOF`."""
        try:
            return await self._inner.read()
        except grpc.aio.AioRpcError as error:
            raise error_of(error) from error
