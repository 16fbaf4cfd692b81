"""Device streams over a real server, a real channel and a scripted notifier."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from google.protobuf.message import Message

from pushward.api.notifier.v1.notifier_pb2 import Signal
from pushward.api.registry.v1.registry_pb2 import AuthenticateReply, AuthenticateRequest
from pushward.errors import NotFoundError, UnauthenticatedError, UnavailableError
from services.edge.app.streams import follower
from services.edge.wiring import Edge
from tests.integration.edge.samples import PROMPT
from tests.integration.edge.world import (
    AC,
    ACCOUNT_AUTH,
    DEVICE_AUTH,
    VA,
    YC,
    YE,
    YF,
    World,
    account,
    device,
    network_client_of,
)
from tests.support.waiting import eventually

PATH = "/pushward/v1/device/stream"
CREATED = Signal(challenge_created=Signal.ChallengeCreated(factor_sid=YF, challenge_sid=YC))
ANOTHERS = Signal(challenge_created=Signal.ChallengeCreated(factor_sid=f"YF{'0' * 32}", challenge_sid=YC))
ANNOUNCED = {"type": "verify_push_challenge", "challenge_sid": YC, "factor_sid": YF, "message": PROMPT.message}
CHALLENGE = f"event: challenge\ndata: {json.dumps(ANNOUNCED, separators=(',', ':'))}"


class Events:
    """What a device hears, event by event."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._text = answer.aiter_text()
        self._rest = ""

    async def next(self) -> str:
        """The next event or comment; empty at the end."""
        while "\n\n" not in self._rest:
            try:
                self._rest += await anext(self._text)
            except StopAsyncIteration:
                return ""
        event, _, self._rest = self._rest.partition("\n\n")
        return event


@pytest.fixture(autouse=True)
def as_device(world: World) -> None:
    """Whoever asks is a device, and its challenge has a prompt."""
    world.authenticated_as(device())
    world.challenge.replies["GetPrompt"] = PROMPT


@asynccontextmanager
async def _listening(edge: Edge) -> AsyncIterator[Events]:
    """A device whose stream is open."""
    async with network_client_of(edge, DEVICE_AUTH) as client, client.stream("GET", PATH) as answer:
        assert answer.status_code == 200, await answer.aread()
        events = Events(answer)
        assert await events.next() == ": listening"
        yield events


async def _names(world: World) -> list[str]:
    return world.challenge.names()


async def _refused(edge: Edge, auth: tuple[str, str] = DEVICE_AUTH) -> httpx.Response:
    async with network_client_of(edge, auth) as client:
        return await client.get(PATH)


async def test_a_device_hears_of_its_challenge(world: World, edge: Edge) -> None:
    """With the members that apps know from pushes, and headers that no proxy buffers or caches."""
    async with _listening(edge) as events:
        world.notifier.signal(CREATED)
        assert await events.next() == CHALLENGE
        assert events.answer.headers["Content-Type"] == "text/event-stream"
        assert events.answer.headers["Cache-Control"] == "no-store"
        assert events.answer.headers["X-Accel-Buffering"] == "no"


async def test_a_challenge_of_another_factor_costs_no_call(world: World, edge: Edge) -> None:
    """The prompt is asked for only when somebody here listens."""
    async with _listening(edge) as events:
        world.notifier.signal(ANOTHERS)
        world.notifier.signal(CREATED)
        assert await events.next() == CHALLENGE
    assert world.challenge.names() == ["GetPrompt"]


async def test_a_challenge_answered_meanwhile_is_not_shown(world: World, edge: Edge) -> None:
    """Its prompt isn't found; the stream goes on."""
    async with _listening(edge) as events:
        world.challenge.replies["GetPrompt"] = NotFoundError("answered")
        world.notifier.signal(CREATED)
        await eventually(lambda: _names(world), ["GetPrompt"])
        world.challenge.replies["GetPrompt"] = PROMPT
        world.notifier.signal(CREATED)
        assert await events.next() == CHALLENGE


async def test_a_prompt_that_cannot_be_had_ends_the_stream(world: World, edge: Edge) -> None:
    """The device would have missed a challenge: it polls instead."""
    world.challenge.replies["GetPrompt"] = UnavailableError("away")
    async with _listening(edge) as events:
        world.notifier.signal(CREATED)
        assert await events.next() == ""


@pytest.mark.parametrize(
    "signal",
    [
        Signal(factor_deleted=Signal.FactorDeleted(factor_sid=YF)),
        Signal(entity_deleted=Signal.EntityDeleted(entity_sid=YE)),
        Signal(service_deleted=Signal.ServiceDeleted(service_sid=VA)),
    ],
)
async def test_a_deletion_ends_the_stream(world: World, edge: Edge, signal: Signal) -> None:
    """Of the factor, its entity or its service."""
    async with _listening(edge) as events:
        world.notifier.signal(signal)
        assert await events.next() == 'event: end\ndata: {"reason":"factor_deleted"}'
        assert await events.next() == ""


async def test_disabling_the_account_ends_the_stream(world: World, edge: Edge) -> None:
    """With a reason that isn't final: the account may be enabled again. Another account's is no matter."""
    async with _listening(edge) as events:
        world.notifier.signal(Signal(account_disabled=Signal.AccountDisabled(account_sid="AC" + "0" * 32)))
        world.notifier.signal(CREATED)
        assert await events.next() == CHALLENGE
        world.notifier.signal(Signal(account_disabled=Signal.AccountDisabled(account_sid=AC)))
        assert await events.next() == 'event: end\ndata: {"reason":"account_disabled"}'
        assert await events.next() == ""


async def test_a_factor_deleted_before_it_was_listed_is_not_served(world: World, edge: Edge) -> None:
    """Its signal came too early for the stream; so who asks is asked again once signals would arrive."""
    live = AuthenticateReply(principal=device())
    replies: Iterator[Message | Exception] = iter([live, UnauthenticatedError("This factor was deleted.")])

    async def deleted_meanwhile(_: AuthenticateRequest) -> Message:
        reply = next(replies)
        if isinstance(reply, Exception):
            raise reply
        return reply

    world.registry.replies["Authenticate"] = deleted_meanwhile
    assert (await _refused(edge)).status_code == 401


async def test_a_stream_ends_with_its_token(world: World, edge: Edge) -> None:
    """At the JWT's `exp`."""
    world.authenticated_as(device(expires_in_seconds=1))
    async with _listening(edge) as events:
        assert await events.next() == 'event: end\ndata: {"reason":"token_expired"}'
        assert await events.next() == ""


async def test_draining_ends_the_streams(world: World, edge: Edge) -> None:
    """With a reason, so that devices come back elsewhere; stopping doesn't wait for them."""
    async with _listening(edge) as events:
        async with asyncio.timeout(3):
            await edge.stop()
        assert await events.next() == 'event: end\ndata: {"reason":"shutdown"}'


async def test_losing_the_notifier_ends_the_streams(world: World, edge: Edge) -> None:
    """Without a reason that a device could do anything about; once it is back, so are streams."""
    async with _listening(edge) as events:
        world.notifier.lose()
        assert await events.next() == ""
    async with _listening(edge) as events:
        world.notifier.signal(CREATED)
        assert await events.next() == CHALLENGE


async def test_without_a_notifier_there_are_no_streams(
    world: World, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with when to try again, instead of a stream that would miss everything."""
    monkeypatch.setattr(follower, "FOLLOWING_SECONDS_MAX", 0.05)
    await world.notifier.server.stop(0)
    answer = await _refused(edge)
    assert (answer.status_code, answer.json()["code"]) == (503, 20503)
    assert answer.headers["Retry-After"] == "5"


async def test_a_factor_has_three_places(world: World, edge: Edge) -> None:
    """The fourth is refused; one that closes frees its place."""
    async with _listening(edge), _listening(edge):
        async with _listening(edge):
            assert (await _refused(edge)).status_code == 429
        await world.notifier.closed.wait()
        async with _listening(edge):
            pass


async def test_places_are_kept_while_they_are_used(world: World, edge: Edge) -> None:
    """Before their lease runs out."""
    world.notifier.lease_seconds = 1
    async with _listening(edge):
        await world.notifier.kept.wait()


async def test_only_devices_have_streams(world: World, edge: Edge) -> None:
    """An account is 403, never 401."""
    world.authenticated_as(account())
    answer = await _refused(edge, ACCOUNT_AUTH)
    assert (answer.status_code, answer.json()["code"]) == (403, 20403)


async def test_a_token_in_the_query_is_not_looked_at(world: World, edge: Edge) -> None:
    """It would be in every log on the way."""
    async with network_client_of(edge, auth=None) as client:
        answer = await client.get(PATH, params={"token": "header.payload.signature"})
    assert answer.status_code == 401
    assert world.asked() == []


async def test_a_device_that_reads_nothing_is_dropped(
    world: World, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection, its queue and its place are free again."""
    monkeypatch.setattr("services.edge.app.streams.stream.SEND_SECONDS_MAX", 0.1)
    prompt = type(PROMPT)()
    prompt.CopyFrom(PROMPT)
    prompt.message = "x" * 1_000_000
    world.challenge.replies["GetPrompt"] = prompt
    credentials = base64.b64encode(":".join(DEVICE_AUTH).encode()).decode()
    request = f"GET {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {credentials}\r\n\r\n"
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(deaf, ("127.0.0.1", edge.http_port))
        await loop.sock_sendall(deaf, request.encode())
        heard = b""
        while b"listening" not in heard:
            heard += await loop.sock_recv(deaf, 4096)
        for _ in range(12):
            world.notifier.signal(CREATED)
        await world.notifier.closed.wait()
