"""A stream of replies: order, end, errors, back-pressure, and what ends it early."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import grpc
import pytest

from pushward.api.notifier.v1 import notifier_pb2
from pushward.errors import TooManyRequestsError, UnavailableError
from pushward.rpc.limits import MAX_MESSAGE_BYTES
from tests.contract.rpc.conftest import Connect
from tests.contract.rpc.peers import Context, Signal, StreamHandler

FOLLOW = notifier_pb2.FollowRequest()
SOON_SECONDS = 0.05


def signal(text: str) -> Signal:
    """A signal that can be told from others."""
    return Signal(factor_deleted=Signal.FactorDeleted(factor_sid=text))


class Endless:
    """Two signals and then none, until it is ended."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()

    async def __call__(self, request: notifier_pb2.FollowRequest, context: Context) -> AsyncIterator[Signal]:
        self.begun.set()
        try:
            yield signal("1")
            yield signal("2")
            await asyncio.Event().wait()
        finally:
            self.ended.set()


async def test_a_stream_arrives_in_order_and_ends(connect: Connect) -> None:
    """More than any buffer holds."""

    async def count(request: notifier_pb2.FollowRequest, context: Context) -> AsyncIterator[Signal]:
        for number in range(200):
            yield signal(str(number))

    peer = await connect(stream=count)
    call = peer.our_stub.Follow(FOLLOW)
    assert [message.factor_deleted.factor_sid async for message in call] == [str(number) for number in range(200)]
    assert await call.code() is grpc.StatusCode.OK
    assert not call.cancelled()


async def test_a_stream_can_be_read_one_by_one(connect: Connect) -> None:
    """EOF after the last, and again."""

    async def two(request: notifier_pb2.FollowRequest, context: Context) -> AsyncIterator[Signal]:
        yield signal("1")
        yield signal("2")

    peer = await connect(stream=two)
    call = peer.our_stub.Follow(FOLLOW)
    assert [await call.read(), await call.read()] == [signal("1"), signal("2")]
    assert await call.read() is grpc.aio.EOF
    assert await call.read() is grpc.aio.EOF


async def test_reading_and_iterating_do_not_mix(connect: Connect) -> None:
    """As grpc.aio has it."""
    peer = await connect(stream=Endless())
    call = peer.our_stub.Follow(FOLLOW)
    await call.read()
    with pytest.raises(grpc.aio.UsageError):
        aiter(call)


async def test_a_message_arrives_when_it_is_sent(connect: Connect) -> None:
    """Nothing waits for a buffer to fill."""
    peer = await connect(stream=Endless())
    call = peer.our_stub.Follow(FOLLOW)
    assert await call.read() == signal("1")
    assert await call.read() == signal("2")
    assert not call.done()


async def test_what_was_sent_before_an_error_arrives_before_it(connect: Connect) -> None:
    """Messages first, then the status."""

    async def fail(request: notifier_pb2.FollowRequest, context: Context) -> AsyncIterator[Signal]:
        yield signal("1")
        yield signal("2")
        raise TooManyRequestsError("Enough.", retry_after_seconds=7)

    peer = await connect(stream=fail)
    messages = aiter(peer.our_stub.Follow(FOLLOW))
    assert [await anext(messages), await anext(messages)] == [signal("1"), signal("2")]
    with pytest.raises(TooManyRequestsError, match=r"Enough\.") as caught:
        await anext(messages)
    assert caught.value.retry_after_seconds == 7


async def test_an_abort_ends_a_stream(connect: Connect) -> None:
    """With gRPC's own error on the bare channel."""

    async def refuse(request: notifier_pb2.FollowRequest, context: Context) -> AsyncIterator[Signal]:
        yield signal("1")
        await context.abort(grpc.StatusCode.ABORTED, "no more", (("why", "x"),))

    peer = await connect(stream=refuse)
    call = peer.stub.Follow(FOLLOW)
    await call.read()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert caught.value.code() is grpc.StatusCode.ABORTED
    assert caught.value.trailing_metadata() == grpc.aio.Metadata(("why", "x"))


async def test_a_handler_may_write_instead_of_yielding(connect: Connect) -> None:
    """As gRPC's own servicers do."""

    async def write(request: notifier_pb2.FollowRequest, context: Context) -> None:
        await context.write(signal("1"))
        await context.write(signal("2"))

    peer = await connect(stream=cast(StreamHandler, write))  # gRPC takes it; the type stubs don't say so
    assert [message async for message in peer.our_stub.Follow(FOLLOW)] == [signal("1"), signal("2")]


async def test_a_slow_reader_holds_the_writer(connect: Connect) -> None:
    """What is under way stays bounded, however much there is to send."""
    sent = 0
    text = "x" * 100_000

    async def flood(request: notifier_pb2.FollowRequest, context: Context) -> AsyncIterator[Signal]:
        nonlocal sent
        for _ in range(5_000):
            sent += 1
            yield signal(text)

    peer = await connect(stream=flood)
    call = peer.our_stub.Follow(FOLLOW)
    for received in range(50):
        await call.read()
        assert sent - received < 200


async def test_cancelling_a_stream_ends_its_handler(connect: Connect) -> None:
    """CancelledError for the reader, the handler's ``finally`` runs."""
    endless = Endless()
    peer = await connect(stream=endless)
    call = peer.our_stub.Follow(FOLLOW)
    await call.read()
    assert call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call.read()
    assert await call.code() is grpc.StatusCode.CANCELLED
    await endless.ended.wait()


async def test_a_cancelled_read_ends_the_handler(connect: Connect) -> None:
    """Whoever waits for the next message takes the stream with it."""
    endless = Endless()
    peer = await connect(stream=endless)
    call = peer.our_stub.Follow(FOLLOW)
    messages = aiter(call)
    assert [await anext(messages), await anext(messages)] == [signal("1"), signal("2")]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(messages), SOON_SECONDS)
    assert call.cancelled()
    await endless.ended.wait()


async def test_leaving_the_loop_and_dropping_the_call_ends_the_handler(connect: Connect) -> None:
    """Nobody has to remember to cancel."""
    endless = Endless()
    peer = await connect(stream=endless)
    async for message in peer.our_stub.Follow(FOLLOW):
        assert message == signal("1")
        break
    await endless.ended.wait()


async def test_a_deadline_ends_a_stream_and_its_handler(connect: Connect) -> None:
    """On the bare channel DEADLINE_EXCEEDED, on ours an error that says: try again."""
    endless = Endless()
    peer = await connect(stream=endless)
    while not endless.begun.is_set():  # a busy machine may not even begin in time
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            _ = [message async for message in peer.stub.Follow(FOLLOW, timeout=SOON_SECONDS)]
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await endless.ended.wait()
    with pytest.raises(UnavailableError):
        _ = [message async for message in peer.our_stub.Follow(FOLLOW, timeout=SOON_SECONDS)]


async def test_a_stream_has_no_deadline_of_its_own(connect: Connect) -> None:
    """It lasts until one side ends it."""

    async def tell(request: notifier_pb2.FollowRequest, context: Context) -> AsyncIterator[Signal]:
        yield signal(str(context.time_remaining()))

    peer = await connect(stream=tell)
    assert await peer.our_stub.Follow(FOLLOW).read() == signal("None")


async def test_a_message_of_a_stream_has_a_bound(connect: Connect) -> None:
    """Too long: RESOURCE_EXHAUSTED, and the handler ends."""
    ended = asyncio.Event()

    async def flood(request: notifier_pb2.FollowRequest, context: Context) -> AsyncIterator[Signal]:
        try:
            yield signal("x" * (MAX_MESSAGE_BYTES + 1))
            await asyncio.Event().wait()
        finally:
            ended.set()

    peer = await connect(stream=flood)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.stub.Follow(FOLLOW).read()
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await ended.wait()
