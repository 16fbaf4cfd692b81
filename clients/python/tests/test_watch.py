"""Watching: each challenge once, whatever happens to the stream."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import httpx
import pytest
from fake_clock import FakeClock
from fake_edge import FakeEdge, OpenStream, basic_credentials, envelope, sid
from pushward_device import (
    AuthenticationError,
    Challenge,
    ChallengeStatus,
    Device,
    Factor,
    FactorDeletedError,
    FactorUnknownError,
)
from pushward_device.watch import AWAY_SECONDS_MAX, POLL_SECONDS_MAX, STEADY_SECONDS

STREAM_PATH = "/device/stream$"
LIST_PATH = "/Challenges$"


@pytest.fixture
async def watched(device: Device, factor: Factor) -> AsyncIterator[AsyncGenerator[Challenge, None]]:
    """The factor's watch."""
    watch = device.watch(factor.sid)
    yield watch
    await watch.aclose()


Watched = AsyncGenerator[Challenge, None]


def next_of(watch: Watched) -> asyncio.Future[Challenge]:
    """Go on watching while the test does something else."""
    return asyncio.ensure_future(anext(watch))


async def opened(edge: FakeEdge, watch: Watched) -> tuple[asyncio.Future[Challenge], OpenStream]:
    """The watch at rest on an open stream."""
    coming = next_of(watch)
    return coming, await edge.streams.get()


async def test_what_is_pending_comes_first_then_what_is_announced_each_once_and_ready_to_answer(
    edge: FakeEdge, device: Device, factor: Factor, watched: Watched
) -> None:
    """Listed or announced or both, a challenge is handed out one time, fetched."""
    first = edge.ask(factor.sid)
    assert (await anext(watched)).sid == first
    coming, stream = await opened(edge, watched)

    second = edge.ask(factor.sid)
    for challenge_sid in (first, second, second):
        stream.announce(factor.sid, challenge_sid)
    shown = await coming
    assert shown.sid == second
    assert (await device.challenges.approve(shown)).status is ChallengeStatus.APPROVED

    third = edge.ask(factor.sid)
    stream.announce(factor.sid, third)
    assert (await anext(watched)).sid == third


async def test_it_listens_before_it_lists(edge: FakeEdge, factor: Factor, watched: Watched) -> None:
    """What is created between the two is in the stream; nothing falls through."""
    edge.ask(factor.sid)
    await anext(watched)
    stream, listing = edge.requests[-3:-1]
    assert stream.url.path == "/pushward/v1/device/stream"
    assert listing.url.path.endswith("/Challenges")


async def test_the_jwt_is_in_the_header_and_silence_is_bounded(
    edge: FakeEdge, factor: Factor, watched: Watched
) -> None:
    """Nothing in the URL; a stream without a keep-alive is given up."""
    coming, stream = await opened(edge, watched)
    request = next(request for request in edge.requests if request.url.path.endswith("/stream"))
    assert basic_credentials(request)[1].count(".") == 2
    assert str(request.url) == "https://edge.test/pushward/v1/device/stream"
    assert request.extensions["timeout"]["read"] == 60
    stream.announce(factor.sid, edge.ask(factor.sid))
    await coming


async def test_what_is_not_for_this_device_or_over_already_is_passed_over(
    edge: FakeEdge, factor: Factor, watched: Watched
) -> None:
    """Other events, other types, another factor's, answered ones, vanished ones."""
    answered, asked = edge.ask(factor.sid), edge.ask(factor.sid)
    edge.challenges[answered]["status"] = "approved"
    edge.challenges[asked]["status"] = "denied"
    coming, stream = await opened(edge, watched)
    edge.challenges[asked]["status"] = "pending"
    stream.say("weather", {"rain": True})
    stream.say("challenge", {"type": "something_new"})
    stream.announce(sid("YF"), asked)
    stream.announce(factor.sid, sid("YC"))
    stream.announce(factor.sid, answered)
    stream.announce(factor.sid, asked)
    assert (await coming).sid == asked
    assert edge.count("GET", answered) == 1


async def test_without_a_stream_it_polls_with_growing_pauses(
    edge: FakeEdge, clock: FakeClock, factor: Factor, watched: Watched
) -> None:
    """Up to some seconds, with jitter; a challenge is found all the same."""
    edge.has_streams = False
    coming = next_of(watched)
    pauses = [await clock.end_pause() for _ in range(6)]
    longest = [2, 4, *[POLL_SECONDS_MAX] * 4]
    assert all(bound / 2 <= pause <= bound for pause, bound in zip(pauses, longest, strict=True)), pauses
    challenge_sid = edge.ask(factor.sid)
    assert (await coming).sid == challenge_sid


async def test_a_cut_stream_leads_to_a_list_and_then_to_a_new_stream(
    edge: FakeEdge, clock: FakeClock, factor: Factor, watched: Watched
) -> None:
    """What came while it was cut is found at once, without the stream."""
    coming, stream = await opened(edge, watched)
    missed = edge.ask(factor.sid)
    stream.cut()
    assert (await coming).sid == missed
    assert stream.closed.is_set()

    coming = next_of(watched)
    await clock.end_pause()
    stream = await edge.streams.get()
    found = edge.ask(factor.sid)
    stream.announce(factor.sid, found)
    assert (await coming).sid == found


async def test_a_stream_that_held_long_is_replaced_sooner_than_one_that_did_not(
    edge: FakeEdge, clock: FakeClock, factor: Factor, watched: Watched
) -> None:
    """A proxy that cuts every minute is no reason to slow down."""
    coming, stream = await opened(edge, watched)
    for _ in range(4):
        edge.now += STEADY_SECONDS
        stream.cut()
        assert await clock.end_pause() <= 1
        stream = await edge.streams.get()
    for bound in (2, 4, POLL_SECONDS_MAX):
        stream.cut()
        assert bound / 2 <= await clock.end_pause() <= bound
        stream = await edge.streams.get()
    coming.cancel()


@pytest.mark.parametrize("reason", ["token_expired", "shutdown", "a reason of tomorrow"])
async def test_a_stream_that_ends_in_good_order_is_opened_again(
    edge: FakeEdge, clock: FakeClock, factor: Factor, watched: Watched, reason: str
) -> None:
    """At the JWT's end with a new one; after a restart; for whatever else the server may say."""
    coming, stream = await opened(edge, watched)
    first = basic_credentials(edge.requests[-1])
    edge.now += 600
    missed = edge.ask(factor.sid)
    stream.end(reason)
    assert await clock.end_pause() <= 1
    stream = await edge.streams.get()
    assert (await coming).sid == missed
    assert basic_credentials(edge.requests[-1]) != first
    assert edge.count("GET", STREAM_PATH) == 2


async def test_a_stream_that_ends_without_a_word_is_a_lost_one(
    edge: FakeEdge, clock: FakeClock, factor: Factor, watched: Watched
) -> None:
    """A killed server can't say why."""
    coming, stream = await opened(edge, watched)
    missed = edge.ask(factor.sid)
    stream.queue.put_nowait(None)
    assert (await coming).sid == missed


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(204), httpx.Response(405)])
async def test_an_answer_that_is_no_stream_is_none(
    edge: FakeEdge, factor: Factor, watched: Watched, answer: httpx.Response
) -> None:
    """Whatever a proxy makes of it: poll."""
    challenge_sid = edge.ask(factor.sid)
    edge.put_in_the_way("GET", STREAM_PATH, answer)
    assert (await anext(watched)).sid == challenge_sid


async def test_while_the_server_is_away_pauses_grow_to_a_minute_and_end_when_it_is_back(
    edge: FakeEdge, clock: FakeClock, factor: Factor, watched: Watched
) -> None:
    """Nobody hammers a server that is starting."""
    for _ in range(8):
        edge.put_in_the_way("GET", STREAM_PATH, httpx.ConnectError("away"))
        edge.put_in_the_way("GET", LIST_PATH, envelope(503, 20503, "Later"))
    coming = next_of(watched)
    pauses = [await clock.end_pause() for _ in range(8)]
    longest = [2, 4, 8, 16, 32, AWAY_SECONDS_MAX, AWAY_SECONDS_MAX, AWAY_SECONDS_MAX]
    assert all(bound / 2 <= pause <= bound for pause, bound in zip(pauses, longest, strict=True)), pauses
    stream = await edge.streams.get()
    stream.announce(factor.sid, edge.ask(factor.sid))
    await coming


async def test_it_waits_as_long_as_the_server_asks(
    edge: FakeEdge, clock: FakeClock, factor: Factor, watched: Watched
) -> None:
    """429 with Retry-After."""
    for path in (STREAM_PATH, LIST_PATH):
        edge.put_in_the_way("GET", path, envelope(429, 20429, "Too many", {"Retry-After": "40"}))
    coming = next_of(watched)
    assert await clock.end_pause() == 40
    coming.cancel()


async def test_a_factor_that_is_deleted_while_it_listens_ends_the_watch(
    edge: FakeEdge, factor: Factor, watched: Watched
) -> None:
    """The server says so on the stream."""
    coming, stream = await opened(edge, watched)
    stream.end("factor_deleted")
    with pytest.raises(FactorDeletedError, match="enrol"):
        await coming
    assert stream.closed.is_set()


async def test_a_factor_that_was_deleted_meanwhile_ends_the_watch(
    edge: FakeEdge, factor: Factor, watched: Watched
) -> None:
    """Its key is no longer accepted."""
    edge.factors.clear()
    with pytest.raises(AuthenticationError, match="enrol"):
        await anext(watched)


async def test_an_entity_or_service_that_was_deleted_ends_the_watch(
    edge: FakeEdge, factor: Factor, watched: Watched
) -> None:
    """404 in the server's own words."""
    edge.put_in_the_way("GET", LIST_PATH, envelope(404, 20404, "Not found"))
    edge.put_in_the_way("GET", LIST_PATH, envelope(404, 20404, "Not found"))
    with pytest.raises(FactorDeletedError):
        await anext(watched)


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_proxys_own_refusal_does_not_end_the_watch(
    edge: FakeEdge, clock: FakeClock, factor: Factor, watched: Watched, status: int
) -> None:
    """Without the envelope it isn't the server's word."""
    edge.put_in_the_way("GET", STREAM_PATH, httpx.Response(status, text="<html>"))
    edge.put_in_the_way("GET", LIST_PATH, httpx.Response(status, text="<html>"))
    coming = next_of(watched)
    await clock.end_pause()
    challenge_sid = edge.ask(factor.sid)
    (await edge.streams.get()).announce(factor.sid, challenge_sid)
    assert (await coming).sid == challenge_sid


async def test_closing_the_watch_closes_the_stream(edge: FakeEdge, factor: Factor, watched: Watched) -> None:
    """Also from between two challenges."""
    challenge_sid = edge.ask(factor.sid)
    assert (await anext(watched)).sid == challenge_sid
    await watched.aclose()
    assert (await edge.streams.get()).closed.is_set()
    with pytest.raises(StopAsyncIteration):
        await anext(watched)


async def test_cancelling_the_wait_closes_the_stream(edge: FakeEdge, watched: Watched) -> None:
    """An app that goes to the background leaves nothing open."""
    coming, stream = await opened(edge, watched)
    coming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await coming
    assert stream.closed.is_set()


async def test_a_factor_that_is_not_here_cannot_be_watched(device: Device) -> None:
    """Said at once, not at the first wait."""
    with pytest.raises(FactorUnknownError):
        device.watch(sid("YF"))
