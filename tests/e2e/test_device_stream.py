"""A device's open stream: what it hears, when it ends, how many a factor may have."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Final

import httpx
import pytest

from tests.e2e.conftest import Enrol
from tests.support.events import Event, events
from tests.support.phone import STREAM, Phone
from tests.support.system import Shape
from tests.support.tenant import Tenant, refused
from tests.support.waiting import until

EVERY_SHAPE = pytest.mark.parametrize("system", list(Shape), indirect=True, ids=str, scope="session")
STREAMS_MAX: Final = 3
LIFETIME_SECONDS: Final = 2


@asynccontextmanager
async def listening(phone: Phone, token: str | None = None) -> AsyncIterator[AsyncGenerator[Event, None]]:
    """An open stream: from now on nothing is missed."""
    async with phone.client.stream("GET", STREAM, auth=("token", token or phone.token())) as stream:
        assert stream.status_code == 200, await stream.aread()
        assert stream.headers["content-type"] == "text/event-stream"
        async with aclosing(events(stream)) as heard:
            yield heard


async def attempt(phone: Phone) -> httpx.Response:
    """The answer to one more stream; its body only if it is a refusal."""
    async with phone.client.stream("GET", STREAM, auth=("token", phone.token())) as stream:
        if stream.status_code != 200:
            await stream.aread()
        return stream


@EVERY_SHAPE
@pytest.mark.exercises("GET /pushward/v1/device/stream")
async def test_a_challenge_is_heard_at_once(tenant: Tenant, phone: Phone, enrol: Enrol) -> None:
    """Its SID, its factor's, its message: what a push payload has. Another factor's isn't heard."""
    tablet = await enrol(phone.factor.service_sid, identity=phone.factor.identity)
    async with listening(phone) as heard, listening(phone) as heard_twice:
        await tenant.challenge(phone.entity, tablet.sid, "Not for you")
        created = await tenant.challenge(phone.entity, phone.sid, "Log in? ✓")
        expected = Event(
            "challenge",
            {
                "type": "verify_push_challenge",
                "challenge_sid": created["sid"],
                "factor_sid": phone.sid,
                "message": "Log in? ✓",
            },
        )
        assert await anext(heard) == expected
        assert await anext(heard_twice) == expected


@EVERY_SHAPE
async def test_the_library_watches_and_answers(tenant: Tenant, phone: Phone) -> None:
    """What was pending before, then what comes: each challenge once, ready to be answered."""
    before = await tenant.challenge(phone.entity, phone.sid, "Before")
    async with aclosing(phone.device.watch(phone.sid)) as watched:
        first = await anext(watched)
        assert (first.sid, first.message) == (before["sid"], "Before")
        after = await tenant.challenge(phone.entity, phone.sid, "After")
        second = await anext(watched)
        assert (second.sid, second.message) == (after["sid"], "After")
        assert (await phone.device.challenges.approve(second)).status == "approved"


async def test_a_stream_ends_when_its_token_does(phone: Phone) -> None:
    """With a last word, at the token's `exp`."""
    now = int(time.time())
    async with listening(phone, phone.token(claims={"nbf": now, "exp": now + LIFETIME_SECONDS})) as heard:
        assert [event async for event in heard] == [Event("end", {"reason": "token_expired"})]
    assert time.time() >= now + LIFETIME_SECONDS


@pytest.mark.parametrize("deleted", ["factor", "entity", "service"])
async def test_a_stream_ends_when_its_factor_is_deleted(tenant: Tenant, phone: Phone, deleted: str) -> None:
    """Itself, with its entity, or with its service."""
    service = f"/v2/Services/{phone.factor.service_sid}"
    async with listening(phone) as heard:
        await tenant.delete({"factor": phone.path, "entity": phone.entity, "service": service}[deleted])
        assert [event async for event in heard] == [Event("end", {"reason": "factor_deleted"})]
    assert refused(await attempt(phone)) == (401, 20003)


@EVERY_SHAPE
@pytest.mark.provokes(20429)
async def test_a_factor_has_three_streams(phone: Phone, enrol: Enrol) -> None:
    """The fourth is 429; another factor's is not; when one closes, its place is free again."""
    sibling = await enrol(phone.factor.service_sid, identity=phone.factor.identity)
    async with AsyncExitStack() as open_streams:
        for _ in range(STREAMS_MAX):
            await open_streams.enter_async_context(listening(phone))
        assert refused(await attempt(phone)) == (429, 20429)
        assert (await attempt(sibling)).status_code == 200

    async def has_place() -> bool:
        return (await attempt(phone)).status_code == 200

    await until(has_place)


async def test_a_stream_is_for_devices_alone(tenant: Tenant, phone: Phone) -> None:
    """A backend is 403; nobody is 401; a token in the URL is not looked at."""
    assert refused(await tenant.client.get(STREAM)) == (403, 20403)
    assert refused(await phone.client.get(STREAM)) == (401, 20003)
    assert refused(await phone.client.get(STREAM, params={"token": phone.token()})) == (401, 20003)
    assert refused(await phone.client.get(STREAM, auth=("token", "x"))) == (401, 20003)
