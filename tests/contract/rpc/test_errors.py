"""`PushwardError` crosses as itself; everything else crosses as nothing but a status and a constant text."""

import asyncio

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from pushward.errors import (
    MAPPINGS,
    ForbiddenError,
    InternalError,
    Mapping,
    NotFoundError,
    PushwardError,
    RevisionRefusedError,
    UnavailableError,
)
from pushward.rpc.errors import ERROR_METADATA_KEY, INTERNAL_TEXT, UNAVAILABLE_TEXT, error_of, told
from pushward.rpc.limits import MAX_ERROR_MESSAGE_BYTES
from tests.contract.rpc.conftest import Connect
from tests.contract.rpc.peers import Context, Reply, Request

CODE_MAX = 2**31 - 1


def received(error: PushwardError) -> PushwardError:
    """What the other side makes of ``error``."""
    status, text, metadata = told(error)
    return error_of(grpc.aio.AioRpcError(status, grpc.aio.Metadata(), grpc.aio.Metadata(*metadata), text))


@pytest.mark.parametrize("mapping", MAPPINGS, ids=lambda mapping: mapping.error.__name__)
async def test_every_error_of_the_table_crosses_as_itself(connect: Connect, mapping: Mapping) -> None:
    """Type, code, message and retry time, and the status of its row."""

    async def refuse(request: Request, context: Context) -> Reply:
        raise mapping.error("What is wrong, and what to do.", code=60322, retry_after_seconds=9)

    peer = await connect(refuse)
    with pytest.raises(PushwardError) as caught:
        await peer.our_stub.OpenDeviceStream(Request())
    assert type(caught.value) is mapping.error
    assert caught.value.code == 60322
    assert caught.value.retry_after_seconds == 9
    assert caught.value.message == (
        INTERNAL_TEXT if mapping.error is InternalError else "What is wrong, and what to do."
    )
    cause = caught.value.__cause__
    assert isinstance(cause, grpc.aio.AioRpcError)
    assert cause.code().name == mapping.grpc_status


async def test_an_error_passes_through_a_service_in_between(connect: Connect) -> None:
    """Raised by one service, let through by a second, seen by the first one's caller's caller."""
    answers: list[PushwardError] = [ForbiddenError("This challenge was answered already.", code=60322)]

    async def refuse(request: Request, context: Context) -> Reply:
        raise answers[0]

    inner = await connect(refuse)

    with pytest.raises(ForbiddenError) as first:
        await inner.our_stub.OpenDeviceStream(Request())
    answers[0] = first.value
    with pytest.raises(ForbiddenError) as second:
        await inner.our_stub.OpenDeviceStream(Request())
    assert (second.value.message, second.value.code) == ("This challenge was answered already.", 60322)


@given(
    mapping=st.sampled_from([mapping for mapping in MAPPINGS if mapping.error is not InternalError]),
    message=st.text(max_size=200),
    code=st.integers(0, CODE_MAX),
    retry_after_seconds=st.none() | st.integers(1, CODE_MAX),
)
def test_an_error_survives_the_way_there_and_back(
    mapping: Mapping, message: str, code: int, retry_after_seconds: int | None
) -> None:
    """For every row of the table and whatever it says (surrogates are no text and are replaced)."""
    there = received(mapping.error(message, code=code, retry_after_seconds=retry_after_seconds))
    assert type(there) is mapping.error
    assert there.message == message.encode("utf-8", "replace").decode()
    assert there.code == code
    assert there.retry_after_seconds == retry_after_seconds


@given(st.text(min_size=MAX_ERROR_MESSAGE_BYTES // 4, max_size=2 * MAX_ERROR_MESSAGE_BYTES))
def test_a_long_message_is_cut_between_characters(message: str) -> None:
    """It travels in headers, which are bounded."""
    there = received(NotFoundError(message)).message
    whole = message.encode("utf-8", "replace").decode()
    assert whole.startswith(there)
    assert len(there.encode()) <= MAX_ERROR_MESSAGE_BYTES
    assert there == whole or len(there.encode()) > MAX_ERROR_MESSAGE_BYTES - 4


async def test_the_longest_message_of_the_widest_characters_crosses(connect: Connect) -> None:
    """The bound leaves room in the headers, where each such byte takes three."""

    async def refuse(request: Request, context: Context) -> Reply:
        raise NotFoundError("✓" * 10_000)

    peer = await connect(refuse)
    with pytest.raises(NotFoundError) as caught:
        await peer.our_stub.OpenDeviceStream(Request())
    assert caught.value.message == "✓" * (MAX_ERROR_MESSAGE_BYTES // 3)


def test_a_subclass_crosses_as_its_parent() -> None:
    """The other side can't know more than the table says."""
    there = received(RevisionRefusedError("Another release owns the tables."))
    assert type(there) is UnavailableError
    assert there.message == "Another release owns the tables."


async def test_the_text_of_an_internal_error_stays_inside_and_is_logged(connect: Connect) -> None:
    """The caller learns that it was us, the log learns what."""

    async def fail(request: Request, context: Context) -> Reply:
        raise InternalError("row 7 has no factor")

    peer = await connect(fail)
    with capture_logs() as logs, pytest.raises(InternalError) as caught:
        await peer.our_stub.OpenDeviceStream(Request())
    assert caught.value.message == INTERNAL_TEXT
    assert [entry["event"] for entry in logs] == ["rpc_handler_failed"]


async def test_any_other_exception_crosses_as_internal_without_its_text(connect: Connect) -> None:
    """INTERNAL, a constant text, no trace of the inside; the log has method and traceback."""

    async def fail(request: Request, context: Context) -> Reply:
        raise KeyError("secret")

    peer = await connect(fail)
    with capture_logs() as logs, pytest.raises(grpc.aio.AioRpcError) as caught:
        await peer.stub.OpenDeviceStream(Request())
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert caught.value.details() == INTERNAL_TEXT
    assert "secret" not in repr(caught.value)
    assert b"secret" not in dict(caught.value.trailing_metadata() or ())[ERROR_METADATA_KEY]
    (entry,) = logs
    assert entry["event"] == "rpc_handler_failed"
    assert entry["method"] == "/pushward.api.notifier.v1.Notifier/OpenDeviceStream"
    assert isinstance(entry["exc_info"], KeyError)


async def test_a_cancellation_that_nobody_asked_for_is_our_defect(connect: Connect) -> None:
    """The handler awaited something that was cancelled: INTERNAL, and no waiting for the deadline."""

    async def fail(request: Request, context: Context) -> Reply:
        gone: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        gone.cancel()
        return await gone

    peer = await connect(fail)
    with capture_logs() as logs, pytest.raises(InternalError):
        await peer.our_stub.OpenDeviceStream(Request())
    assert [entry["event"] for entry in logs] == ["rpc_handler_failed"]


async def test_a_peer_that_is_away_is_unavailable(connect: Connect) -> None:
    """Code 20503 and a text of ours; what gRPC said is the cause."""
    peer = await connect()
    await peer.stop(0)
    with pytest.raises(UnavailableError) as caught:
        await peer.our_stub.OpenDeviceStream(Request())
    assert (caught.value.message, caught.value.code) == (UNAVAILABLE_TEXT, 20503)
    assert isinstance(caught.value.__cause__, grpc.aio.AioRpcError)


async def test_a_peer_that_takes_too_long_is_unavailable(connect: Connect) -> None:
    """Code 20503."""

    async def hang(request: Request, context: Context) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    peer = await connect(hang)
    with pytest.raises(UnavailableError) as caught:
        await peer.our_stub.OpenDeviceStream(Request(), timeout=0.05)
    assert (caught.value.message, caught.value.code) == (UNAVAILABLE_TEXT, 20503)


@pytest.mark.parametrize("status", [status for status in grpc.StatusCode if status is not grpc.StatusCode.OK])
@pytest.mark.parametrize("metadata", [(), ((ERROR_METADATA_KEY, b"\xff\xff"),), (("other-bin", b""),)])
def test_a_status_without_our_details_becomes_an_error_of_its_row(
    status: grpc.StatusCode, metadata: tuple[tuple[str, bytes], ...]
) -> None:
    """Whatever gRPC or a stranger says: an error with a text of ours, never theirs."""
    error = error_of(grpc.aio.AioRpcError(status, grpc.aio.Metadata(), grpc.aio.Metadata(*metadata), "inner text"))
    rows = [mapping.error for mapping in MAPPINGS if mapping.grpc_status == status.name]
    if status is grpc.StatusCode.DEADLINE_EXCEEDED:
        rows = [UnavailableError]
    assert type(error) is (rows[0] if rows else InternalError)
    assert error.message
    assert "inner" not in error.message
