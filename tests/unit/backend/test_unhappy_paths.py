"""A Pushward that is away, slow, or refuses: the app is told what happened and when to come again."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from samples.backend import app as backend_app
from samples.backend.app import create_app
from samples.backend.settings import Settings
from samples.backend.verification import CALLS_AT_ONCE_MAX, WAITING_MAX
from tests.support.waiting import until

SERVICE = "VA" + "0" * 32
LOOPBACK = "127.0.0.1"
JO = {"username": "jo"}

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Upstream:
    """Stands where Pushward is expected, and answers as it is told; ``requests`` counts."""

    def __init__(self) -> None:
        self.base_url = ""
        self.requests: list[str] = []
        self.answer: Answer = refuses(500)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        self.requests.append(f"{request.method} {request.path}")
        return await self.answer(request)


def refuses(status: int, **headers: str) -> Answer:
    """The contract's envelope."""

    async def answer(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        envelope = {"code": 20000 + status, "message": "No.", "more_info": "", "status": status}
        return web.json_response(envelope, status=status, headers=named)

    return answer


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """One that listens."""
    upstream = Upstream()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", upstream.take)
    runner = web.AppRunner(application, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    upstream.base_url = f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    yield upstream
    await runner.cleanup()


def settings_for(base_url: str, directory: Path) -> Settings:
    """A backend that takes this for Pushward."""
    return Settings(base_url, "AC" + "0" * 32, "t" * 32, SERVICE, f"http://{LOOPBACK}:8081", directory / "secret")


def client_for(base_url: str, directory: Path) -> httpx.AsyncClient:
    """The app's view of such a backend."""
    transport = httpx.ASGITransport(create_app(settings_for(base_url, directory)))
    return httpx.AsyncClient(transport=transport, base_url=f"http://{LOOPBACK}:8081")


@pytest.fixture
async def client(upstream: Upstream, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The app's view of a backend in front of it."""
    async with client_for(upstream.base_url, tmp_path) as client:
        yield client


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (refuses(429, Retry_After="7"), (429, "rate_limited", "7")),
        (refuses(503, Retry_After="3"), (503, "pushward_away", "3")),
        (refuses(500), (503, "pushward_away", "2")),
        (refuses(401), (502, "refused", None)),
        (refuses(400), (502, "refused", None)),
    ],
)
async def test_what_pushward_says_becomes_what_the_app_can_use(
    upstream: Upstream, client: httpx.AsyncClient, answer: Answer, told: tuple[int, str, str | None]
) -> None:
    """With its Retry-After; and without its inner text."""
    upstream.answer = answer
    for path in ("/access-token", "/login"):
        said = await client.post(path, json=JO)
        assert (said.status_code, said.json()["code"], said.headers.get("retry-after")) == told
        assert "No." not in said.text


async def test_what_is_no_json_is_no_answer(upstream: Upstream, client: httpx.AsyncClient) -> None:
    """A proxy's page with 200 is not an access token."""

    async def page(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>", status=201)

    upstream.answer = page
    said = await client.post("/access-token", json=JO)
    assert (said.status_code, said.json()["code"]) == (503, "pushward_away")


async def test_what_nobody_foresaw_is_told_without_its_inside(upstream: Upstream, tmp_path: Path) -> None:
    """The envelope, with 500: here an answer that lacks what it must have."""

    async def lacks_its_date(request: web.Request) -> web.StreamResponse:
        ready = {"sid": "YF1", "factor_type": "push", "status": "verified"}
        return web.json_response(ready, status=201 if request.method == "POST" else 200)

    upstream.answer = lacks_its_date
    application = create_app(settings_for(upstream.base_url, tmp_path))
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{LOOPBACK}:8081") as client:
        said = await client.post("/login", json={**JO, "factor_sid": f"YF{'0' * 32}"})
    assert (said.status_code, said.json()["code"]) == (500, "failed")
    assert "NoneType" not in said.text


async def test_nobody_there_is_told_as_such(tmp_path: Path) -> None:
    """And the call is shown, with no status."""
    with socket.socket() as nobody:
        nobody.bind((LOOPBACK, 0))
        async with client_for(f"http://{LOOPBACK}:{nobody.getsockname()[1]}", tmp_path) as client:
            said = await client.post("/login", json=JO)
            assert (said.status_code, said.json()["code"], said.headers["retry-after"]) == (503, "pushward_away", "2")
            [call] = (await client.get("/calls")).json()["calls"]
            assert (call["method"], call["status"]) == ("GET", None)
            assert "ConnectionError" in call["response_body"]


async def test_a_slow_pushward_holds_up_few(upstream: Upstream, client: httpx.AsyncClient) -> None:
    """So many at once, so many wait; further ones are refused at once, and other routes go on."""
    go_on = asyncio.Event()
    later = refuses(429)

    async def waits(request: web.Request) -> web.StreamResponse:
        await go_on.wait()
        return await later(request)

    upstream.answer = waits
    taken = [asyncio.create_task(client.post("/login", json=JO)) for _ in range(CALLS_AT_ONCE_MAX + WAITING_MAX)]

    async def all_at_work() -> bool:
        return len(upstream.requests) == CALLS_AT_ONCE_MAX

    await until(all_at_work)
    refused = await client.post("/login", json=JO)
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert (await client.get("/config")).status_code == 200
    go_on.set()
    assert {answer.status_code for answer in await asyncio.gather(*taken)} == {429}


async def test_the_webhook_comes_once_pushward_does(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backend starts without Pushward, and goes on asking."""
    monkeypatch.setattr(backend_app, "WEBHOOK_RETRY_SECONDS_MIN", 0.01)
    created = asyncio.Event()

    async def comes_back(request: web.Request) -> web.StreamResponse:
        if len(upstream.requests) < 3:
            return await refuses(503)(request)
        if request.method == "GET":
            return web.json_response({"webhooks": [], "meta": {"key": "webhooks", "next_page_url": None}})
        created.set()
        return web.json_response({}, status=201)

    upstream.answer = comes_back
    application = create_app(settings_for(upstream.base_url, tmp_path))
    async with application.router.lifespan_context(application):
        await asyncio.wait_for(created.wait(), 10)
    assert upstream.requests[-1] == f"POST /v2/Services/{SERVICE}/Webhooks"
