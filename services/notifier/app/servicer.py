"""The RPCs for edge: the tail, and the places of device streams."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final
from uuid import UUID, uuid4

from google.protobuf.empty_pb2 import Empty
from grpc import aio

from pushward.api.notifier.v1 import notifier_pb2
from pushward.api.notifier.v1.notifier_pb2_grpc import NotifierServicer
from pushward.errors import BadRequestError, TooManyRequestsError
from services.notifier.app.ports import StreamPlaces
from services.notifier.app.tail import Tail
from services.notifier.domain.places import KEPT_AT_ONCE_MAX, LEASE_SECONDS, STREAMS_PER_FACTOR_MAX

Context = aio.ServicerContext[Any, Any]  # Any: as grpc declares it
STREAM_ID_BYTES: Final = 16


class Notifier(NotifierServicer):
    """Serves edge."""

    def __init__(self, tail: Tail, places: StreamPlaces, new_id: Callable[[], UUID] = uuid4) -> None:
        self._tail = tail
        self._places = places
        self._new_id = new_id

    async def Follow(self, request: notifier_pb2.FollowRequest, context: Context) -> AsyncIterator[notifier_pb2.Signal]:
        """`Following` first; then all that happens, until one side ends it."""
        async with self._tail.following() as follower:
            yield notifier_pb2.Signal(following=notifier_pb2.Signal.Following())
            while True:
                yield await follower.next()

    async def OpenDeviceStream(
        self, request: notifier_pb2.OpenDeviceStreamRequest, context: Context
    ) -> notifier_pb2.OpenDeviceStreamReply:
        """Takes a place. Raises TooManyRequestsError (20429) when all of the factor's are taken."""
        stream_id = self._new_id()
        if not await self._places.open(stream_id, request.factor_sid):
            raise TooManyRequestsError(
                f"This factor has {STREAMS_PER_FACTOR_MAX} streams open, which is the most. Close one first.",
                retry_after_seconds=LEASE_SECONDS,
            )
        return notifier_pb2.OpenDeviceStreamReply(stream_id=stream_id.bytes, lease_seconds=LEASE_SECONDS)

    async def KeepDeviceStreams(self, request: notifier_pb2.KeepDeviceStreamsRequest, context: Context) -> Empty:
        """Prolongs leases."""
        if len(request.stream_ids) > KEPT_AT_ONCE_MAX:
            raise BadRequestError(f"At most {KEPT_AT_ONCE_MAX} streams can be kept at once.")
        await self._places.keep([_stream_id(raw) for raw in request.stream_ids])
        return Empty()

    async def CloseDeviceStream(self, request: notifier_pb2.CloseDeviceStreamRequest, context: Context) -> Empty:
        """Gives a place back; one that is gone already is no matter."""
        await self._places.close(_stream_id(request.stream_id))
        return Empty()


def _stream_id(raw: bytes) -> UUID:
    if len(raw) != STREAM_ID_BYTES:
        raise BadRequestError(f"A stream id has {STREAM_ID_BYTES} bytes.")
    return UUID(bytes=raw)
