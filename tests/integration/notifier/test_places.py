"""Places of device streams, shared by all processes."""

import asyncio
from uuid import uuid4

import pytest

from pushward.api.notifier.v1.notifier_pb2 import (
    CloseDeviceStreamRequest,
    KeepDeviceStreamsRequest,
    OpenDeviceStreamRequest,
)
from pushward.api.notifier.v1.notifier_pb2_grpc import NotifierStub
from pushward.errors import BadRequestError, TooManyRequestsError
from services.notifier.domain.places import LEASE_SECONDS, STREAMS_PER_FACTOR_MAX
from tests.integration.notifier.conftest import World


async def opened(stub: NotifierStub, factor_sid: str = "YF1") -> bytes | None:
    """A stream's id, None where there was no place."""
    try:
        return (await stub.OpenDeviceStream(OpenDeviceStreamRequest(factor_sid=factor_sid))).stream_id
    except TooManyRequestsError:
        return None


async def test_of_many_that_open_at_once_only_as_many_get_a_place_as_there_are(world: World) -> None:
    """Whichever process they come to; another factor has its own places."""
    async with world.process() as one, world.process() as other:
        results = await asyncio.gather(*(opened(stub) for stub in (one, other) for _ in range(8)))
        assert sum(result is not None for result in results) == STREAMS_PER_FACTOR_MAX
        assert await opened(one, "YF2") is not None
        with pytest.raises(TooManyRequestsError) as refused:
            await one.OpenDeviceStream(OpenDeviceStreamRequest(factor_sid="YF1"))
    assert refused.value.code == 20429


async def test_a_closed_stream_gives_its_place_back(world: World) -> None:
    """Closing it again changes nothing."""
    async with world.process() as stub:
        streams = [await opened(stub) for _ in range(STREAMS_PER_FACTOR_MAX)]
        assert await opened(stub) is None
        assert streams[0] is not None
        for _ in range(2):
            await stub.CloseDeviceStream(CloseDeviceStreamRequest(stream_id=streams[0]))
        assert await opened(stub) is not None
        assert await opened(stub) is None


async def test_a_stream_that_is_not_kept_loses_its_place(world: World) -> None:
    """A dead edge process blocks nobody for longer than the lease; one that lives keeps its places."""
    async with world.process() as stub:
        kept, *_ = [await opened(stub) for _ in range(STREAMS_PER_FACTOR_MAX)]
        assert kept is not None
        # Nearly over: a lease that has lapsed may be pruned at any time, and then there is nothing to keep.
        await world.database.execute(
            "UPDATE notifier.device_stream SET expires_at = clock_timestamp() + interval '5 s'"
        )
        await stub.KeepDeviceStreams(KeepDeviceStreamsRequest(stream_ids=[kept, uuid4().bytes]))
        await world.database.execute(
            "UPDATE notifier.device_stream SET expires_at = expires_at - make_interval(secs => $1)", LEASE_SECONDS / 2
        )
        results = [await opened(stub) for _ in range(STREAMS_PER_FACTOR_MAX)]
        assert sum(result is not None for result in results) == STREAMS_PER_FACTOR_MAX - 1


async def test_what_is_no_stream_id_is_refused(world: World) -> None:
    """Before the database sees it."""
    async with world.process() as stub:
        with pytest.raises(BadRequestError):
            await stub.CloseDeviceStream(CloseDeviceStreamRequest(stream_id=b"short"))
