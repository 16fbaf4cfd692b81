"""The outbound client against real servers on this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from pushward.outbound.client import (
    ANSWER_BYTES_MAX,
    OutboundClient,
    TargetRefusedError,
    TimedOutError,
    UnreachableError,
)
from pushward.outbound.guard import AddressRefusedError, GuardedResolver, GuardedSockets
from pushward.outbound.urls import PUBLIC_ONLY, Reach
from tests.integration.outbound.tls import Tls

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]
LOOPBACK = Reach(loopback=True)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves a handler on a free port of 127.0.0.1; gives the base URL."""
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


async def test_a_post_arrives_as_it_was_sent_and_is_answered(serve: Serve) -> None:
    """Path, query, headers and body are the caller's; a status of any kind is an answer."""
    seen: list[tuple[str, str, bytes]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.raw_path, request.headers["X-Mark"], await request.read()))
        return web.Response(status=503, text="later")

    base = await serve(handler)
    async with OutboundClient(LOOPBACK) as client:
        answer = await client.post(f"{base}/a%2Fb?x=%20&y=1", {"X-Mark": "m"}, b"body")
    assert (answer.status, answer.body) == (503, b"later")
    assert seen == [("/a%2Fb?x=%20&y=1", "m", b"body")]


async def test_a_redirect_is_an_answer_and_is_not_followed(serve: Serve) -> None:
    """A public receiver can't send us on to an inner address."""
    paths: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=307, headers={"Location": "/inner"})

    base = await serve(handler)
    async with OutboundClient(LOOPBACK) as client:
        answer = await client.post(f"{base}/start", {}, b"")
    assert answer.status == 307
    assert paths == ["/start"]


async def test_an_endless_answer_is_cut(serve: Serve) -> None:
    """Only the first ANSWER_BYTES_MAX bytes are read; the connection isn't used again."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 4096)
        except ConnectionError:
            return response

    base = await serve(handler)
    async with OutboundClient(LOOPBACK) as client:
        answer = await client.post(base, {}, b"")
    assert answer.status == 200
    assert len(answer.body) == ANSWER_BYTES_MAX


async def test_a_receiver_that_does_not_answer_is_given_up(serve: Serve) -> None:
    """The bound covers the whole call."""
    hang = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        await hang.wait()
        return web.Response()

    base = await serve(handler)
    async with OutboundClient(LOOPBACK, answer_seconds=0.05) as client:
        with pytest.raises(TimedOutError):
            await client.post(base, {}, b"")
    hang.set()


async def test_a_certificate_must_be_trusted_and_name_the_host(tls: Tls) -> None:
    """Both, as browsers have it."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(text="secret place")

    async with tls.serving(handler) as port:
        async with OutboundClient(LOOPBACK, tls=tls.trusting()) as trusting:
            assert (await trusting.post(f"https://localhost:{port}/", {}, b"")).status == 200
            with pytest.raises(UnreachableError):
                await trusting.post(f"https://127.0.0.1:{port}/", {}, b"")
        async with OutboundClient(LOOPBACK) as client:
            with pytest.raises(UnreachableError):
                await client.post(f"https://localhost:{port}/", {}, b"")


async def test_a_port_where_nobody_listens_is_unreachable(unused_port: int) -> None:
    """A refused connection is the receiver's failure, told apart from our refusal."""
    async with OutboundClient(LOOPBACK) as client:
        with pytest.raises(UnreachableError):
            await client.post(f"http://127.0.0.1:{unused_port}/", {}, b"")


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://10.1.2.3/", "http://127.0.0.1/", "https://localhost/"])
async def test_a_literal_inner_address_is_refused_before_anything_is_sent(url: str) -> None:
    """By the URL's text."""
    async with OutboundClient() as client:
        with pytest.raises(TargetRefusedError):
            await client.post(url, {}, b"")


async def test_a_name_that_leads_to_this_machine_is_refused_when_it_is_resolved() -> None:
    """A name's text says nothing; each of its addresses must be within reach."""
    resolver = GuardedResolver(PUBLIC_ONLY)
    with pytest.raises(AddressRefusedError):
        await resolver.resolve("localhost", 443)
    await resolver.close()


def test_no_socket_is_made_for_an_inner_address() -> None:
    """The last look is at the address that the socket would connect to, whatever was resolved before."""
    sockets = GuardedSockets(PUBLIC_ONLY)
    for family, sockaddr in ((socket.AF_INET, ("127.0.0.1", 443)), (socket.AF_INET6, ("fe80::1%1", 443, 0, 1))):
        with pytest.raises(AddressRefusedError):
            sockets((family, socket.SOCK_STREAM, 0, "", sockaddr))
