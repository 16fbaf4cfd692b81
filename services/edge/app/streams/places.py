"""The places for streams that a factor has, over all edge processes: leased from notifier, kept while they are used.

A process that dies keeps nothing, so its places come free when their leases run out.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from pushward.api.notifier.v1.notifier_pb2 import (
    CloseDeviceStreamRequest,
    KeepDeviceStreamsRequest,
    OpenDeviceStreamRequest,
)
from pushward.api.notifier.v1.notifier_pb2_grpc import NotifierStub
from pushward.errors import PushwardError

KEEPS_A_LEASE: Final = 3  # two may fail
STREAMS_A_KEEP_MAX: Final = 1000

_log = structlog.get_logger(__name__)


class Places:
    """The places that this process holds."""

    def __init__(self, notifier: NotifierStub) -> None:
        self._notifier = notifier
        self._held: set[bytes] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def place(self, factor_sid: str) -> AsyncIterator[None]:
        """One of the factor's places, for as long as the block runs. Raises TooManyRequestsError if there is none."""
        reply = await self._notifier.OpenDeviceStream(OpenDeviceStreamRequest(factor_sid=factor_sid))
        self._held.add(reply.stream_id)
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(reply.lease_seconds / KEEPS_A_LEASE), name="edge-places")
        try:
            yield
        finally:
            self._held.discard(reply.stream_id)
            # In a task of its own: the block may be ending because it was cancelled.
            closing = asyncio.create_task(self._close(reply.stream_id))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def stop(self) -> None:
        """Keeps nothing any more; waits until what was given up is told."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._closing:
            await asyncio.wait(self._closing)

    async def _keep(self, interval_seconds: float) -> None:
        while True:
            await asyncio.sleep(interval_seconds)
            held = list(self._held)
            for start in range(0, len(held), STREAMS_A_KEEP_MAX):
                stream_ids = held[start : start + STREAMS_A_KEEP_MAX]
                try:
                    await self._notifier.KeepDeviceStreams(KeepDeviceStreamsRequest(stream_ids=stream_ids))
                except PushwardError as error:
                    _log.warning("stream_places_not_kept", cause=type(error).__name__)

    async def _close(self, stream_id: bytes) -> None:
        try:
            await self._notifier.CloseDeviceStream(CloseDeviceStreamRequest(stream_id=stream_id))
        except PushwardError as error:
            _log.warning("stream_place_not_closed", cause=type(error).__name__)
