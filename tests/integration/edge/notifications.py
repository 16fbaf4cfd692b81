"""A notifier that signals what a test tells it to: the streams are real, the log behind them isn't."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from google.protobuf.empty_pb2 import Empty

from pushward.api.notifier.v1.notifier_pb2 import (
    CloseDeviceStreamRequest,
    FollowRequest,
    KeepDeviceStreamsRequest,
    OpenDeviceStreamReply,
    OpenDeviceStreamRequest,
    Signal,
)
from pushward.api.notifier.v1.notifier_pb2_grpc import NotifierServicer, add_NotifierServicer_to_server
from pushward.errors import TooManyRequestsError
from pushward.rpc.inprocess import InProcessServer

STREAMS_A_FACTOR_MAX: Final = 3


class ScriptedNotifier(NotifierServicer):
    """Hands each signal to every follower; `lose` ends them all."""

    def __init__(self) -> None:
        self.server = InProcessServer()
        add_NotifierServicer_to_server(self, self.server)
        self.lease_seconds = 30
        self.open: dict[bytes, str] = {}
        self.kept = asyncio.Event()
        self.closed = asyncio.Event()
        self._followers: set[asyncio.Queue[Signal | None]] = set()

    def signal(self, signal: Signal) -> None:
        """Something happened."""
        for follower in self._followers:
            follower.put_nowait(signal)

    def lose(self) -> None:
        """Followers are let down."""
        for follower in self._followers:
            follower.put_nowait(None)

    # Any, here and below: the context's own types don't matter to whoever ignores it.
    async def Follow(self, request: FollowRequest, context: Any) -> AsyncIterator[Signal]:
        signals = asyncio.Queue[Signal | None]()
        self._followers.add(signals)
        try:
            yield Signal(following=Signal.Following())
            while (signal := await signals.get()) is not None:
                yield signal
        finally:
            self._followers.remove(signals)

    async def OpenDeviceStream(self, request: OpenDeviceStreamRequest, context: Any) -> OpenDeviceStreamReply:
        if list(self.open.values()).count(request.factor_sid) >= STREAMS_A_FACTOR_MAX:
            raise TooManyRequestsError("This factor has three open streams.")
        stream_id = len(self.open).to_bytes(16)
        self.open[stream_id] = request.factor_sid
        return OpenDeviceStreamReply(stream_id=stream_id, lease_seconds=self.lease_seconds)

    async def KeepDeviceStreams(self, request: KeepDeviceStreamsRequest, context: Any) -> Empty:
        assert set(request.stream_ids) <= self.open.keys()
        self.kept.set()
        return Empty()

    async def CloseDeviceStream(self, request: CloseDeviceStreamRequest, context: Any) -> Empty:
        del self.open[request.stream_id]
        self.closed.set()
        return Empty()
