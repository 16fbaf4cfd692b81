"""The caller's side of an RPC inside one process: the call objects that a stub's methods return."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, Generic, TypeVar

import grpc

from pushward.rpc.exchange import Exchange
from pushward.rpc.stream import StreamExchange

Reply = TypeVar("Reply")


class _Call(grpc.aio.Call):
    """What both kinds of call share. The RPC is under way from the moment the call exists."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def cancelled(self) -> bool:
        return self._exchange.cancelled_by_caller

    def done(self) -> bool:
        return self._exchange.status is not None

    def time_remaining(self) -> float | None:
        return self._exchange.time_remaining()

    def cancel(self) -> bool:
        return self._exchange.cancel_by_caller()

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self._exchange.add_done_callback(lambda _: callback(self))

    async def initial_metadata(self) -> grpc.aio.Metadata:
        await self._exchange.wait_settled()
        return grpc.aio.Metadata(*self._exchange.initial)

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        await self._exchange.wait_settled()
        return grpc.aio.Metadata(*self._exchange.trailing)

    async def code(self) -> grpc.StatusCode:
        await self._exchange.wait_settled()
        assert self._exchange.status is not None
        return self._exchange.status

    async def details(self) -> str:
        await self._exchange.wait_settled()
        return self._exchange.status_text

    async def wait_for_connection(self) -> None:
        """There is nothing to connect; raises if the call has failed already."""
        if self._exchange.status not in (None, grpc.StatusCode.OK):
            raise self._exchange.error()


class UnaryCall(_Call, grpc.aio.UnaryUnaryCall[Any, Reply], Generic[Reply]):
    """Await it for the reply. A cancelled await cancels the RPC."""

    def __await__(self) -> Generator[Any, None, Reply]:
        exchange = self._exchange
        if exchange.status is None:
            try:
                yield from exchange.settled
            except asyncio.CancelledError:
                exchange.cancel_by_caller()
                raise
        if exchange.status is grpc.StatusCode.OK:
            reply: Reply = exchange.response
            return reply
        raise exchange.error()


class StreamCall(_Call, grpc.aio.UnaryStreamCall[Any, Reply], Generic[Reply]):
    """Iterate over it, or ``read``, not both. A cancelled read, and dropping the call, cancel the RPC."""

    _exchange: StreamExchange
    _reads: bool | None = None

    def __init__(self, exchange: StreamExchange) -> None:
        super().__init__(exchange)

    def __del__(self) -> None:
        if not self._exchange.loop.is_closed():
            self._exchange.cancel_by_caller()

    def __aiter__(self) -> AsyncIterator[Reply]:
        self._use(reads=False)
        return self

    async def __anext__(self) -> Reply:
        message: Reply = await self._exchange.next_message()
        if message is grpc.aio.EOF:
            raise StopAsyncIteration
        return message

    async def read(self) -> Any:
        """The next message, or `grpc.aio.EOF`."""
        self._use(reads=True)
        return await self._exchange.next_message()

    def _use(self, *, reads: bool) -> None:
        if self._reads not in (None, reads):
            raise grpc.aio.UsageError("The iterator and read/write APIs may not be mixed on a single RPC.")
        self._reads = reads
