"""A unary call: what the servicer is given, what the caller gets."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import cast

import grpc
import pytest

from pushward.api.notifier.v1 import notifier_pb2, notifier_pb2_grpc
from tests.contract.rpc.conftest import Connect
from tests.contract.rpc.peers import Context, Reply, Request, answer


async def test_a_call_gets_the_reply_of_the_servicer(connect: Connect) -> None:
    """Request in, reply out, status OK."""
    peer = await connect()
    call = peer.stub.OpenDeviceStream(Request(factor_sid="YF1"))
    assert await call == Reply(stream_id=b"YF1", lease_seconds=30)
    assert await call.code() is grpc.StatusCode.OK
    assert await call.details() == ""
    assert call.done()
    assert not call.cancelled()


async def test_a_call_may_be_awaited_again(connect: Connect) -> None:
    """The reply stays with the call."""
    peer = await connect()
    call = peer.stub.OpenDeviceStream(Request(factor_sid="YF1"))
    assert await call == await call


async def test_a_call_is_under_way_before_anybody_awaits_it(connect: Connect) -> None:
    """Making the call starts it."""
    arrived = asyncio.Event()

    async def note(request: Request, context: Context) -> Reply:
        arrived.set()
        return Reply()

    peer = await connect(note)
    call = peer.our_stub.OpenDeviceStream(Request())
    await arrived.wait()
    assert await call == Reply()


async def test_many_calls_run_at_the_same_time(connect: Connect) -> None:
    """No call waits for another: each of these returns only when all have arrived."""
    barrier = asyncio.Barrier(20)

    async def meet(request: Request, context: Context) -> Reply:
        await barrier.wait()
        return await answer(request, context)

    peer = await connect(meet)
    replies = await asyncio.gather(*(peer.our_stub.OpenDeviceStream(Request(factor_sid=f"YF{i}")) for i in range(20)))
    assert [reply.stream_id for reply in replies] == [f"YF{i}".encode() for i in range(20)]


async def test_neither_side_sees_a_message_change_that_it_holds(connect: Connect) -> None:
    """A received message is never mutated: what was sent and what was answered are as they were."""
    kept = Reply(stream_id=b"kept", lease_seconds=1)

    async def keep(request: Request, context: Context) -> Reply:
        assert request.factor_sid == "YF1"
        return kept

    peer = await connect(keep)
    request = Request(factor_sid="YF1")
    first = await peer.our_stub.OpenDeviceStream(request)
    second = await peer.our_stub.OpenDeviceStream(request)
    assert request == Request(factor_sid="YF1")
    assert first == second == kept == Reply(stream_id=b"kept", lease_seconds=1)


async def test_a_servicer_sees_the_metadata_the_peer_and_the_time_left(connect: Connect) -> None:
    """What `grpc.aio.ServicerContext` says of a call."""
    seen: dict[str, object] = {}

    async def look(request: Request, context: Context) -> Reply:
        seen["metadata"] = [(key, value) for key, value in context.invocation_metadata() or () if key != "user-agent"]
        seen["kind"] = type(context.invocation_metadata())
        seen["remaining"] = context.time_remaining()
        seen["peer"] = context.peer()
        seen["code"] = context.code()
        return Reply()

    peer = await connect(look)
    metadata = (("a", "1"), ("b-bin", b"\x00\xff"), ("a", "2"), ("empty", ""), ("c_d.e-1", " x "))
    await peer.stub.OpenDeviceStream(Request(), metadata=metadata, timeout=30)
    assert sorted(cast(list[tuple[str, object]], seen["metadata"]), key=lambda pair: pair[0]) == sorted(
        metadata, key=lambda pair: pair[0]
    )
    assert seen["kind"] is tuple
    assert 20 < cast(float, seen["remaining"]) < 31
    assert seen["peer"]
    assert seen["code"] is None


async def test_a_call_without_a_deadline_has_no_time_left_to_tell(connect: Connect) -> None:
    """None, not a large number."""
    seen = []

    async def look(request: Request, context: Context) -> Reply:
        seen.append(context.time_remaining())
        return Reply()

    peer = await connect(look)
    call = peer.stub.OpenDeviceStream(Request())
    await call
    assert seen == [None]
    assert call.time_remaining() is None


async def test_metadata_comes_back_with_a_reply(connect: Connect) -> None:
    """Initial and trailing, text and binary."""

    async def tell(request: Request, context: Context) -> Reply:
        await context.send_initial_metadata((("first", "1"),))
        context.set_trailing_metadata((("last", "2"), ("last-bin", b"\xff")))
        return Reply()

    peer = await connect(tell)
    call = peer.stub.OpenDeviceStream(Request())
    await call
    assert await call.initial_metadata() == grpc.aio.Metadata(("first", "1"))
    assert await call.trailing_metadata() == grpc.aio.Metadata(("last", "2"), ("last-bin", b"\xff"))


async def test_an_abort_reaches_the_caller_with_details_and_metadata(connect: Connect) -> None:
    """Status, text of any script, trailing metadata."""

    async def refuse(request: Request, context: Context) -> Reply:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "naïve\n✓", (("why-bin", b"\x01"),))

    peer = await connect(refuse)
    call = peer.stub.OpenDeviceStream(Request())
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert caught.value.details() == "naïve\n✓"
    assert caught.value.trailing_metadata() == grpc.aio.Metadata(("why-bin", b"\x01"))
    assert await call.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert await call.details() == "naïve\n✓"
    assert not call.cancelled()


async def test_an_abort_takes_over_what_was_set_before(connect: Connect) -> None:
    """Details and trailing metadata that were set, where the abort names none."""

    async def refuse(request: Request, context: Context) -> Reply:
        context.set_details("kept")
        context.set_trailing_metadata((("why", "kept"),))
        await context.abort(grpc.StatusCode.ABORTED)

    peer = await connect(refuse)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.stub.OpenDeviceStream(Request())
    assert caught.value.details() == "kept"
    assert caught.value.trailing_metadata() == grpc.aio.Metadata(("why", "kept"))


async def test_a_status_that_was_set_discards_the_reply(connect: Connect) -> None:
    """A reply under a status that isn't OK never arrives."""

    async def refuse(request: Request, context: Context) -> Reply:
        context.set_code(grpc.StatusCode.NOT_FOUND)
        context.set_details("gone")
        return Reply(lease_seconds=1)

    peer = await connect(refuse)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.stub.OpenDeviceStream(Request())
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert caught.value.details() == "gone"


async def test_a_failed_call_that_nobody_awaits_makes_no_noise(connect: Connect) -> None:
    """A failure is told to whoever asks, and to nobody else (a warning would fail this test)."""

    async def refuse(request: Request, context: Context) -> Reply:
        await context.abort(grpc.StatusCode.ABORTED)

    peer = await connect(refuse)
    assert await peer.stub.OpenDeviceStream(Request()).code() is grpc.StatusCode.ABORTED


async def test_a_method_that_nobody_registered_is_unimplemented(connect: Connect) -> None:
    """A service or a method that isn't there."""
    peer = await connect()
    method = peer.channel.unary_unary("/pushward.api.absent.v1.Absent/Get", Request.SerializeToString, Reply.FromString)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await method(Request())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_method_that_nobody_wrote_is_unimplemented(connect: Connect) -> None:
    """The generated base of a servicer."""
    bare = cast(Callable[[], notifier_pb2_grpc.NotifierServicer], notifier_pb2_grpc.NotifierServicer)()
    peer = await connect(servicer=bare)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.stub.KeepDeviceStreams(notifier_pb2.KeepDeviceStreamsRequest())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.stub.Follow(notifier_pb2.FollowRequest()).read()
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_context_variables_stay_on_their_side(connect: Connect) -> None:
    """Logging context and spans of a caller and of a handler don't mix."""
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    seen = []

    async def set_and_look(request: Request, context: Context) -> Reply:
        seen.append(variable.get())
        variable.set("the handler's")
        return Reply()

    peer = await connect(set_and_look)
    variable.set("the caller's")
    await peer.our_stub.OpenDeviceStream(Request())
    await peer.our_stub.OpenDeviceStream(Request())
    assert seen == ["unset", "unset"]
    assert variable.get() == "the caller's"


async def test_callbacks_run_when_a_call_is_done(connect: Connect) -> None:
    """Before the end, and after it."""
    peer = await connect()
    call = peer.our_stub.OpenDeviceStream(Request())
    early, late = asyncio.Event(), asyncio.Event()
    call.add_done_callback(lambda _: early.set())
    await call
    await early.wait()
    call.add_done_callback(lambda _: late.set())
    await late.wait()
