"""An RPC inside one process that answers with a stream: a bounded buffer between the handler and its reader.

A full buffer makes the handler wait; an empty one the reader. What a handler sent before it ended is still read; what
it sent before it was broken off (cancelled, deadline, server stopped) is dropped.
"""

import asyncio
from collections import deque
from typing import Any

import grpc
from google.protobuf.message import Message

from pushward.rpc.exchange import Behaviour, Exchange
from pushward.rpc.limits import STREAM_BUFFER_MESSAGES


class StreamExchange(Exchange):
    """An `Exchange` whose reply is a stream."""

    _reader: "asyncio.Future[None] | None" = None
    _writer: "asyncio.Future[None] | None" = None

    def __init__(self, *args: Any) -> None:  # Any: as `Exchange`
        super().__init__(*args)
        self._buffer: deque[Message] = deque()

    async def next_message(self) -> Any:
        """The next message, or `grpc.aio.EOF` after the last. Raises what the RPC ended with.

        Cancelling it cancels the RPC.
        """
        while not self._buffer:
            if self.status is grpc.StatusCode.OK:
                return grpc.aio.EOF
            if self.status is not None:
                raise self.error()
            self._reader = self.loop.create_future()
            try:
                await self._reader
            except asyncio.CancelledError:
                self.cancel_by_caller()
                raise
        message = self._buffer.popleft()
        _wake(self._writer)
        return message

    async def write(self, message: Any) -> None:
        while self.status is None and len(self._buffer) >= STREAM_BUFFER_MESSAGES:
            self._writer = self.loop.create_future()
            await self._writer
        if self.status is not None:
            raise grpc.aio.UsageError("RPC already finished.")
        if self.fits(message):
            self._buffer.append(message)
            _wake(self._reader)

    def settle(self, status: grpc.StatusCode, text: str = "") -> bool:
        if not super().settle(status, text):
            return False
        _wake(self._reader)
        _wake(self._writer)
        return True

    def break_off(self, status: grpc.StatusCode, text: str) -> bool:
        if not super().break_off(status, text):
            return False
        self._buffer.clear()
        return True

    async def _run(self, behaviour: Behaviour, request: Message) -> None:
        replies = behaviour(request, self)
        try:
            async for message in replies:
                await self.write(message)
        finally:
            await replies.aclose()
        if self._code is None:
            self.settle(grpc.StatusCode.OK)
        else:
            self.settle(self._code, self._details)


def _wake(waiter: "asyncio.Future[None] | None") -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
