"""Silent approval: the one challenge that the app began, in the foreground, or nothing."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypedDict

import httpx
import pytest
from fake_checks import load_public_key, signed_jws
from fake_clock import FakeClock
from fake_edge import BASE_URL, FakeEdge, OpenStream, envelope, sid
from pushward_device import (
    AnotherChallengeError,
    Challenge,
    ChallengeExpiredError,
    ChallengeNotArrivedError,
    ChallengeNotPendingError,
    ChallengeStatus,
    Device,
    Factor,
    FactorDeletedError,
    FactorUnknownError,
    MemoryKeyStore,
    NetworkError,
    NotInForegroundError,
    PermissionDeniedError,
)
from pushward_device.strict_json import JsonObject

WITHIN_SECONDS = 30.0
STREAM_PATH = "/device/stream$"
LIST_PATH = "/Challenges$"

Approval = Coroutine[Any, Any, Challenge]


class Expected(TypedDict, total=False):
    """One of the two."""

    expect_challenge_sid: str
    expect_transaction_id: str


class Front:
    """Whether the user sees the app; tests send it to the background."""

    def __init__(self) -> None:
        self.is_seen = True

    def __call__(self) -> bool:
        return self.is_seen


@pytest.fixture
def front() -> Front:
    """The app, in front."""
    return Front()


@pytest.fixture
async def device(edge: FakeEdge, clock: FakeClock, store: MemoryKeyStore, front: Front) -> AsyncIterator[Device]:
    """A device whose app can go to the background."""
    async with Device(BASE_URL, store, transport=edge, clock=clock, foreground=front) as device:
        yield device


@pytest.fixture(params=["by SID", "by transaction id"])
def is_by_sid(request: pytest.FixtureRequest) -> bool:
    """How the expected challenge is named."""
    return bool(request.param == "by SID")


@pytest.fixture
def expected_sid() -> str:
    """The challenge that the app began."""
    return sid("YC")


@pytest.fixture
def expectation(is_by_sid: bool, expected_sid: str) -> Expected:
    """What the app was told by its backend."""
    return {"expect_challenge_sid": expected_sid} if is_by_sid else {"expect_transaction_id": "t-1"}


HIDDEN: JsonObject = {"transaction_id": "t-1"}


def approval_of(device: Device, factor: Factor, expectation: Expected) -> asyncio.Task[Challenge]:
    """A silent approval that goes on while the test does something else."""
    coming = device.approve_silently(factor.sid, within_seconds=WITHIN_SECONDS, **expectation)
    return asyncio.ensure_future(coming)


async def waiting(edge: FakeEdge, approval: asyncio.Task[Challenge]) -> OpenStream:
    """The approval's stream, once it has looked at what is there."""
    stream = await edge.streams.get()
    await stream.all_taken.wait()
    assert not approval.done()
    return stream


async def end_deadline(clock: FakeClock) -> None:
    """Let the time that was given pass."""
    await clock.end_pause(lambda seconds: seconds == WITHIN_SECONDS)


def nothing_was_signed(edge: FakeEdge) -> bool:
    """No answer reached the server."""
    return edge.count("POST", "/Challenges/") == 0 and not edge.receipts


async def test_what_is_there_already_is_approved_at_once_and_says_how(
    edge: FakeEdge, device: Device, factor: Factor, expected_sid: str, expectation: Expected
) -> None:
    """The signature covers the mode, and the server keeps it."""
    edge.ask(factor.sid, hidden=HIDDEN, challenge_sid=expected_sid)
    approved = await device.approve_silently(factor.sid, **expectation)

    assert (approved.sid, approved.status) == (expected_sid, ChallengeStatus.APPROVED)
    key = load_public_key(device.factors.public_key_spki_b64(factor.sid))
    signed = signed_jws(edge.receipts[expected_sid], key)
    assert signed is not None
    assert (signed[1]["mode"], signed[1]["status"]) == ("silent", "approved")
    assert edge.challenges[expected_sid]["metadata"] == {"mode": "silent"}


async def test_an_answer_of_the_user_says_no_mode(edge: FakeEdge, device: Device, factor: Factor) -> None:
    """So that an auditor can tell."""
    shown = await device.challenges.get(factor.sid, edge.ask(factor.sid))
    await device.challenges.approve(shown)
    assert edge.challenges[shown.sid]["metadata"] is None


async def test_it_listens_before_it_looks(
    edge: FakeEdge, device: Device, factor: Factor, expected_sid: str, expectation: Expected
) -> None:
    """What is created between the two is in the stream; and the stream is given back."""
    edge.ask(factor.sid, hidden=HIDDEN, challenge_sid=expected_sid)
    enrolled = len(edge.requests)
    await device.approve_silently(factor.sid, **expectation)
    assert edge.requests[enrolled].url.path == "/pushward/v1/device/stream"
    assert (await edge.streams.get()).closed.is_set()


async def test_what_comes_later_is_approved_when_it_comes(
    edge: FakeEdge, device: Device, factor: Factor, expected_sid: str, expectation: Expected
) -> None:
    """Announced on the stream."""
    approval = approval_of(device, factor, expectation)
    stream = await waiting(edge, approval)
    edge.ask(factor.sid, hidden=HIDDEN, challenge_sid=expected_sid)
    stream.announce(factor.sid, expected_sid)
    assert (await approval).sid == expected_sid
    assert stream.closed.is_set()


async def test_without_a_stream_it_asks_again_and_again(
    edge: FakeEdge,
    clock: FakeClock,
    device: Device,
    factor: Factor,
    expected_sid: str,
    expectation: Expected,
) -> None:
    """A proxy that allows no streams costs some seconds."""
    edge.has_streams = False
    approval = approval_of(device, factor, expectation)
    for _ in range(3):
        await clock.end_pause(lambda seconds: seconds != WITHIN_SECONDS)
    edge.ask(factor.sid, hidden=HIDDEN, challenge_sid=expected_sid)
    assert (await approval).sid == expected_sid


async def test_others_are_left_alone_while_it_waits(
    edge: FakeEdge, device: Device, factor: Factor, expected_sid: str, expectation: Expected
) -> None:
    """Those that were there, those that come, with another transaction id or none."""
    others = [edge.ask(factor.sid), edge.ask(factor.sid, hidden={"transaction_id": "t-2"})]
    approval = approval_of(device, factor, expectation)
    stream = await waiting(edge, approval)
    others += [edge.ask(factor.sid, hidden={"transaction_id": "t-10"}), edge.ask(factor.sid, hidden={"id": "t-1"})]
    edge.ask(factor.sid, hidden=HIDDEN, challenge_sid=expected_sid)
    for challenge_sid in (*others[2:], expected_sid):
        stream.announce(factor.sid, challenge_sid)
    assert (await approval).sid == expected_sid
    assert [edge.challenges[other]["status"] for other in others] == ["pending"] * 4
    assert edge.receipts.keys() == {expected_sid}


async def test_if_only_others_came_it_says_which(
    edge: FakeEdge, clock: FakeClock, device: Device, factor: Factor, expectation: Expected
) -> None:
    """So that they can be shown to the user. Each is named once, and none was answered."""
    there, later = edge.ask(factor.sid), sid("YC")
    approval = approval_of(device, factor, expectation)
    stream = await waiting(edge, approval)
    edge.ask(factor.sid, challenge_sid=later)
    for challenge_sid in (there, later, later):
        stream.announce(factor.sid, challenge_sid)
    stream.all_taken.clear()
    await stream.all_taken.wait()
    await end_deadline(clock)
    with pytest.raises(AnotherChallengeError) as raised:
        await approval
    assert raised.value.challenge_sids == (there, later)
    assert nothing_was_signed(edge)
    assert edge.count("GET", later) <= 1
    assert stream.closed.is_set()


async def test_if_nothing_came_it_says_so(
    edge: FakeEdge, clock: FakeClock, device: Device, factor: Factor, expectation: Expected
) -> None:
    """After the time that it was given; challenges that are over don't count."""
    edge.challenges[edge.ask(factor.sid)]["status"] = "denied"
    approval = approval_of(device, factor, expectation)
    await waiting(edge, approval)
    await end_deadline(clock)
    with pytest.raises(ChallengeNotArrivedError, match="30 seconds") as raised:
        await approval
    assert raised.value.__cause__ is None
    assert nothing_was_signed(edge)


async def test_if_the_server_was_away_that_is_the_cause(
    edge: FakeEdge, clock: FakeClock, device: Device, factor: Factor, expectation: Expected
) -> None:
    """Not arrived, because nobody could ask."""
    for path in (STREAM_PATH, LIST_PATH, "/Challenges/"):
        edge.put_in_the_way("GET", path, httpx.ConnectError("away"))
    approval = approval_of(device, factor, expectation)
    await end_deadline(clock)
    with pytest.raises(ChallengeNotArrivedError) as raised:
        await approval
    assert isinstance(raised.value.__cause__, NetworkError)


async def test_a_server_that_is_back_is_no_cause(
    edge: FakeEdge, clock: FakeClock, device: Device, factor: Factor, expectation: Expected
) -> None:
    """It was asked, and there was nothing."""
    for path in (STREAM_PATH, LIST_PATH, "/Challenges/"):
        edge.put_in_the_way("GET", path, httpx.ConnectError("away"))
    approval = approval_of(device, factor, expectation)
    await clock.end_pause(lambda seconds: seconds != WITHIN_SECONDS)
    edge.outcomes.clear()
    await waiting(edge, approval)
    await end_deadline(clock)
    with pytest.raises(ChallengeNotArrivedError) as raised:
        await approval
    assert raised.value.__cause__ is None


async def test_an_expected_challenge_that_has_expired_is_told_apart(
    edge: FakeEdge, device: Device, factor: Factor, expected_sid: str, expectation: Expected
) -> None:
    """At once: waiting wouldn't help."""
    edge.ask(factor.sid, hidden=HIDDEN, challenge_sid=expected_sid)
    edge.challenges[expected_sid]["status"] = "expired"
    with pytest.raises(ChallengeExpiredError):
        await device.approve_silently(factor.sid, **expectation)
    assert nothing_was_signed(edge)


@pytest.mark.parametrize("status", ["approved", "denied"])
async def test_an_expected_challenge_that_was_answered_is_told_apart(
    edge: FakeEdge, device: Device, factor: Factor, expected_sid: str, expectation: Expected, status: str
) -> None:
    """At once, and it isn't answered again."""
    edge.ask(factor.sid, hidden=HIDDEN, challenge_sid=expected_sid)
    edge.challenges[expected_sid]["status"] = status
    with pytest.raises(ChallengeNotPendingError, match=status):
        await device.approve_silently(factor.sid, **expectation)
    assert nothing_was_signed(edge)


@pytest.mark.parametrize(
    ("code", "error"),
    [(60322, ChallengeNotPendingError), (60323, ChallengeExpiredError), (60324, PermissionDeniedError)],
)
async def test_what_happened_between_looking_and_signing_is_told_in_the_same_words(
    edge: FakeEdge,
    device: Device,
    factor: Factor,
    expected_sid: str,
    expectation: Expected,
    code: int,
    error: type[Exception],
) -> None:
    """Answered elsewhere, expired; anything else as the server says it."""
    edge.ask(factor.sid, hidden=HIDDEN, challenge_sid=expected_sid)
    edge.put_in_the_way("POST", expected_sid, envelope(403, code, "No."))
    with pytest.raises(error):
        await device.approve_silently(factor.sid, **expectation)
    assert edge.challenges[expected_sid]["status"] == "pending"


async def test_a_pending_challenge_comes_before_one_that_is_over(
    edge: FakeEdge, device: Device, factor: Factor
) -> None:
    """A backend may use a transaction id again."""
    expected_sid = edge.ask(factor.sid, hidden=HIDDEN)
    edge.challenges[edge.ask(factor.sid, hidden=HIDDEN)]["status"] = "denied"
    approved = await device.approve_silently(factor.sid, expect_transaction_id="t-1")
    assert approved.sid == expected_sid


async def test_in_the_background_nothing_is_asked(
    edge: FakeEdge, device: Device, factor: Factor, front: Front, expected_sid: str, expectation: Expected
) -> None:
    """Not even for the expected challenge."""
    edge.ask(factor.sid, hidden=HIDDEN, challenge_sid=expected_sid)
    front.is_seen = False
    before = len(edge.requests)
    with pytest.raises(NotInForegroundError, match="nothing was signed"):
        await device.approve_silently(factor.sid, **expectation)
    assert len(edge.requests) == before


async def test_an_app_that_went_to_the_background_meanwhile_signs_nothing(
    edge: FakeEdge, device: Device, factor: Factor, front: Front, expected_sid: str, expectation: Expected
) -> None:
    """Looked at again right before the signature."""
    approval = approval_of(device, factor, expectation)
    stream = await waiting(edge, approval)
    edge.ask(factor.sid, hidden=HIDDEN, challenge_sid=expected_sid)
    front.is_seen = False
    stream.announce(factor.sid, expected_sid)
    with pytest.raises(NotInForegroundError):
        await approval
    assert nothing_was_signed(edge)
    assert edge.challenges[expected_sid]["status"] == "pending"


async def test_a_list_is_not_believed(edge: FakeEdge, clock: FakeClock, device: Device, factor: Factor) -> None:
    """What is signed is what must be the expected one, not what a list said of it."""
    other = edge.ask(factor.sid)

    def claim(members: JsonObject) -> None:
        for entry in members.get("challenges") or []:  # type: ignore[union-attr]
            entry["hidden_details"] = {"transaction_id": "t-1"}  # type: ignore[index, call-overload]

    edge.alter_answer = claim
    approval = approval_of(device, factor, {"expect_transaction_id": "t-1"})
    await waiting(edge, approval)
    await end_deadline(clock)
    with pytest.raises(AnotherChallengeError) as raised:
        await approval
    assert raised.value.challenge_sids == (other,)
    assert nothing_was_signed(edge)


async def test_another_factors_challenge_is_not_this_ones(
    edge: FakeEdge, clock: FakeClock, device: Device, factor: Factor, expected_sid: str, expectation: Expected
) -> None:
    """Even on the same device: the factor is named too."""
    other = await device.register_factor(edge.issue(), "Other", app_id="com.example.app")
    edge.ask(other.sid, hidden=HIDDEN, challenge_sid=expected_sid)
    approval = approval_of(device, factor, expectation)
    await waiting(edge, approval)
    await end_deadline(clock)
    with pytest.raises(ChallengeNotArrivedError):
        await approval
    assert nothing_was_signed(edge)


async def test_a_factor_that_is_deleted_while_it_waits_ends_it(
    edge: FakeEdge, device: Device, factor: Factor, expectation: Expected
) -> None:
    """Nothing will come any more."""
    approval = approval_of(device, factor, expectation)
    (await waiting(edge, approval)).end("factor_deleted")
    with pytest.raises(FactorDeletedError):
        await approval


async def test_giving_up_closes_the_stream(
    edge: FakeEdge, device: Device, factor: Factor, expectation: Expected
) -> None:
    """A cancelled approval leaves nothing open."""
    approval = approval_of(device, factor, expectation)
    stream = await waiting(edge, approval)
    approval.cancel()
    with pytest.raises(asyncio.CancelledError):
        await approval
    assert stream.closed.is_set()


async def test_a_factor_that_is_not_here_approves_nothing(device: Device) -> None:
    """Said at once."""
    with pytest.raises(FactorUnknownError):
        await device.approve_silently(sid("YF"), expect_challenge_sid=sid("YC"))


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"expect_challenge_sid": "YC1", "expect_transaction_id": "t-1"},
        {"expect_challenge_sid": ""},
        {"expect_transaction_id": ""},
        {"expect_challenge_sid": "YC1", "within_seconds": 0},
    ],
)
async def test_what_is_expected_must_be_said_clearly(
    edge: FakeEdge, device: Device, factor: Factor, wrong: dict[str, Any]
) -> None:
    """By one of the two, and within some time."""
    before = len(edge.requests)
    with pytest.raises(ValueError, match=r"expected|within_seconds"):
        await device.approve_silently(factor.sid, **wrong)
    assert len(edge.requests) == before
