"""Deadlines and cancellation: what the caller sees, what becomes of the handler."""

import asyncio

import grpc
import pytest

from pushward.rpc.limits import DEFAULT_DEADLINE_SECONDS
from tests.contract.rpc.conftest import Connect
from tests.contract.rpc.peers import Context, Peer, Reply, Request

SOON_SECONDS = 0.05
TIMEOUT_PRECISION = 0.1  # of gRPC's header, which rounds up, and of a busy machine


class Stuck:
    """A handler that waits for ever, and says when it has begun and when it was cancelled."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self, request: Request, context: Context) -> Reply:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        raise AssertionError


async def _exceeded(peer: Peer, begun: asyncio.Event) -> grpc.aio.UnaryUnaryCall[Request, Reply]:
    """A call whose deadline passed after its handler had begun. One that didn't even begin in time is made again."""
    while True:
        call = peer.stub.OpenDeviceStream(Request(), timeout=SOON_SECONDS)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert caught.value.details() == "Deadline Exceeded"
        if begun.is_set():
            return call


async def test_a_deadline_ends_the_call_and_cancels_the_handler(connect: Connect) -> None:
    """DEADLINE_EXCEEDED here, a cancellation there."""
    stuck = Stuck()
    peer = await connect(stuck)
    call = await _exceeded(peer, stuck.begun)
    assert call.done()
    assert not call.cancelled()
    assert call.time_remaining() == 0
    await stuck.cancelled.wait()


async def test_a_deadline_that_has_passed_fails_at_once(connect: Connect) -> None:
    """Nothing is waited for."""
    peer = await connect(Stuck())
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.stub.OpenDeviceStream(Request(), timeout=-1)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_handler_that_resists_does_not_hold_its_caller(connect: Connect) -> None:
    """The deadline is the caller's; the handler's cleaning up is its own affair."""
    begun, release, released = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def resist(request: Request, context: Context) -> Reply:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await release.wait()
            released.set()
        raise AssertionError

    peer = await connect(resist)
    await _exceeded(peer, begun)
    assert not released.is_set()
    release.set()
    await released.wait()


async def test_what_a_handler_shields_goes_on(connect: Connect) -> None:
    """A cancelled caller loses its answer, never a commit."""
    begun, commit, committed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def write() -> None:
        begun.set()
        await commit.wait()
        committed.set()

    async def append(request: Request, context: Context) -> Reply:
        await asyncio.shield(asyncio.ensure_future(write()))
        return Reply()

    peer = await connect(append)
    await _exceeded(peer, begun)
    commit.set()
    await committed.wait()


async def test_cancelling_the_call_cancels_the_handler(connect: Connect) -> None:
    """The awaiting caller gets CancelledError, the call says CANCELLED."""
    stuck = Stuck()
    peer = await connect(stuck)
    call = peer.our_stub.OpenDeviceStream(Request())
    await stuck.begun.wait()
    assert call.cancel()
    assert not call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert call.cancelled()
    assert call.done()
    assert await call.code() is grpc.StatusCode.CANCELLED
    await stuck.cancelled.wait()


async def test_cancelling_who_awaits_cancels_the_handler(connect: Connect) -> None:
    """A cancelled task takes its call with it."""
    stuck = Stuck()
    peer = await connect(stuck)
    call = peer.our_stub.OpenDeviceStream(Request())

    async def wait() -> None:
        await call

    task = asyncio.create_task(wait())
    await stuck.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert call.cancelled()
    await stuck.cancelled.wait()


async def test_a_timeout_around_a_call_cancels_the_handler(connect: Connect) -> None:
    """`asyncio.timeout` works as everywhere."""
    stuck = Stuck()
    peer = await connect(stuck)
    while not stuck.begun.is_set():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(SOON_SECONDS):
                await peer.our_stub.OpenDeviceStream(Request())
    await stuck.cancelled.wait()


async def test_a_call_cancelled_at_once_is_cancelled(connect: Connect) -> None:
    """Before the handler had a chance to begin."""
    peer = await connect(Stuck())
    call = peer.our_stub.OpenDeviceStream(Request())
    assert call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await call.code() is grpc.StatusCode.CANCELLED


async def test_a_call_that_is_done_cannot_be_cancelled(connect: Connect) -> None:
    """Its reply stays."""
    peer = await connect()
    call = peer.our_stub.OpenDeviceStream(Request(factor_sid="YF1"))
    await call
    assert not call.cancel()
    assert (await call).stream_id == b"YF1"


async def test_asking_for_the_status_does_not_tie_the_call_to_who_asks(connect: Connect) -> None:
    """A cancelled `code()` leaves the call alone."""
    go = asyncio.Event()

    async def wait(request: Request, context: Context) -> Reply:
        await go.wait()
        return Reply(lease_seconds=1)

    peer = await connect(wait)
    call = peer.our_stub.OpenDeviceStream(Request())
    asking = asyncio.ensure_future(call.code())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asking, SOON_SECONDS)
    go.set()
    assert await call == Reply(lease_seconds=1)


async def test_our_calls_have_a_deadline_by_default_and_keep_their_own(connect: Connect) -> None:
    """No call of ours waits for ever."""
    seen = []

    async def look(request: Request, context: Context) -> Reply:
        seen.append(context.time_remaining())
        return Reply()

    peer = await connect(look)
    await peer.our_stub.OpenDeviceStream(Request())
    await peer.our_stub.OpenDeviceStream(Request(), timeout=100)
    assert seen == [
        pytest.approx(DEFAULT_DEADLINE_SECONDS, rel=TIMEOUT_PRECISION),
        pytest.approx(100, rel=TIMEOUT_PRECISION),
    ]
