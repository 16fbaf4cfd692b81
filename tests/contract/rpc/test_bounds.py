"""Bounds and refusals: messages, concurrent calls, metadata, servers and channels that are closed."""

import asyncio

import grpc
import pytest

from pushward.rpc.limits import MAX_MESSAGE_BYTES
from tests.contract.rpc.conftest import Connect
from tests.contract.rpc.peers import Context, Reply, Request, answer

TAG_BYTES = 5  # of a field of more than 2 MiB: one for its number, four for its length


async def test_messages_of_exactly_the_bound_pass(connect: Connect) -> None:
    """Both ways."""

    async def fill(request: Request, context: Context) -> Reply:
        return Reply(stream_id=request.factor_sid.encode())

    peer = await connect(fill)
    request = Request(factor_sid="x" * (MAX_MESSAGE_BYTES - TAG_BYTES))
    assert request.ByteSize() == MAX_MESSAGE_BYTES
    reply = await peer.our_stub.OpenDeviceStream(request)
    assert reply.ByteSize() == MAX_MESSAGE_BYTES


async def test_a_request_that_is_too_long_never_reaches_the_handler(connect: Connect) -> None:
    """RESOURCE_EXHAUSTED."""
    seen = []

    async def note(request: Request, context: Context) -> Reply:
        seen.append(len(request.factor_sid))
        return Reply()

    peer = await connect(note)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.stub.OpenDeviceStream(Request(factor_sid="x" * (MAX_MESSAGE_BYTES - TAG_BYTES + 1)))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert f"larger than max ({MAX_MESSAGE_BYTES + 1} vs. {MAX_MESSAGE_BYTES})" in str(caught.value.details())
    assert seen == []


async def test_a_reply_that_is_too_long_never_reaches_the_caller(connect: Connect) -> None:
    """RESOURCE_EXHAUSTED."""

    async def fill(request: Request, context: Context) -> Reply:
        return Reply(stream_id=b"x" * (MAX_MESSAGE_BYTES - TAG_BYTES + 1))

    peer = await connect(fill)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.stub.OpenDeviceStream(Request())
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert f"larger than max ({MAX_MESSAGE_BYTES + 1} vs. {MAX_MESSAGE_BYTES})" in str(caught.value.details())


async def test_a_full_server_refuses_one_call_more(connect: Connect) -> None:
    """RESOURCE_EXHAUSTED, until a place is free again."""
    begun, go = asyncio.Semaphore(0), asyncio.Event()

    async def wait(request: Request, context: Context) -> Reply:
        begun.release()
        await go.wait()
        return await answer(request, context)

    peer = await connect(wait, max_concurrent_rpcs=2)
    running = [peer.stub.OpenDeviceStream(Request()) for _ in range(2)]
    for _ in running:
        await begun.acquire()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.stub.OpenDeviceStream(Request())
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    go.set()
    await asyncio.gather(*running)
    await peer.stub.OpenDeviceStream(Request())


@pytest.mark.parametrize(
    ("key", "value"), [("Upper", "x"), ("a b", "x"), ("", "x"), (":a", "x"), ("a", "é"), ("a", "line\nbreak")]
)
async def test_metadata_that_cannot_be_sent_is_refused(connect: Connect, key: str, value: str) -> None:
    """Keys are lower case, values printable ASCII; the handler never runs."""
    seen = []

    async def note(request: Request, context: Context) -> Reply:
        seen.append(context)
        return Reply()

    peer = await connect(note)
    with pytest.raises(grpc.aio.InternalError):
        await peer.stub.OpenDeviceStream(Request(), metadata=((key, value),))
    assert seen == []


async def test_binary_metadata_must_be_bytes(connect: Connect) -> None:
    """Under a key that ends in -bin; bytes under another key arrive as text."""
    seen: list[str | bytes] = []

    async def note(request: Request, context: Context) -> Reply:
        seen.extend(value for key, value in context.invocation_metadata() or () if key == "a")
        return Reply()

    peer = await connect(note)
    with pytest.raises(TypeError):
        await peer.stub.OpenDeviceStream(Request(), metadata=(("a-bin", "text"),))
    await peer.stub.OpenDeviceStream(Request(), metadata=(("a", b"bytes"),))
    assert seen == ["bytes"]


async def test_a_stopped_server_is_unavailable(connect: Connect) -> None:
    """For every later call."""
    peer = await connect()
    await peer.our_stub.OpenDeviceStream(Request())
    await peer.stop(0)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.stub.OpenDeviceStream(Request())
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_stopping_server_lets_calls_finish(connect: Connect) -> None:
    """Nothing accepted is lost."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def wait(request: Request, context: Context) -> Reply:
        begun.set()
        await go.wait()
        return await answer(request, context)

    peer = await connect(wait)
    call = peer.our_stub.OpenDeviceStream(Request(factor_sid="YF1"))
    await begun.wait()
    stopping = asyncio.ensure_future(peer.stop(30))
    while await peer.stub.OpenDeviceStream(Request(), timeout=0.05).code() is not grpc.StatusCode.UNAVAILABLE:
        pass  # taken before the stop began
    go.set()
    assert (await call).stream_id == b"YF1"
    await stopping


async def test_a_stopping_server_breaks_off_what_outlasts_its_grace(connect: Connect) -> None:
    """UNAVAILABLE here, a cancellation there."""
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def hang(request: Request, context: Context) -> Reply:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    peer = await connect(hang)
    call = peer.stub.OpenDeviceStream(Request())
    await begun.wait()
    await peer.stop(0.05)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    await cancelled.wait()


async def test_a_server_may_be_stopped_twice(connect: Connect) -> None:
    """The second time changes nothing."""
    peer = await connect()
    await peer.stop(0)
    await peer.stop(0)


async def test_closing_a_channel_cancels_its_calls_and_refuses_new_ones(connect: Connect) -> None:
    """CancelledError for those under way, UsageError for later ones."""
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def hang(request: Request, context: Context) -> Reply:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        raise AssertionError

    peer = await connect(hang)
    call = peer.stub.OpenDeviceStream(Request())
    await begun.wait()
    await peer.client.close()
    with pytest.raises(asyncio.CancelledError):
        await call
    await cancelled.wait()
    with pytest.raises(grpc.aio.UsageError):
        await peer.stub.OpenDeviceStream(Request())


async def test_leaving_a_channels_block_closes_it(connect: Connect) -> None:
    """``async with`` on the bare channel and on ours."""
    peer = await connect()
    async with peer.client as client:
        await client.channel_ready()
        assert client.get_state() is grpc.ChannelConnectivity.READY
    with pytest.raises(grpc.aio.UsageError):
        await peer.stub.OpenDeviceStream(Request())
