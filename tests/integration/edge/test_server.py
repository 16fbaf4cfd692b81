"""The edge as a server: sockets, bounds, draining."""

import asyncio
import contextlib
from base64 import b64encode
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from google.protobuf.message import Message

from pushward.config.settings import Environment, Settings
from services.edge.adapters import http_protocol
from services.edge.adapters.http_protocol import HEAD_BYTES_MAX, REQUEST_BYTES_MAX
from services.edge.adapters.http_server import listen
from services.edge.wiring import Edge, build
from tests.integration.edge.samples import SERVICE
from tests.integration.edge.world import AC, VA, World, network_client_of

SERVICE_PATH = f"/v2/Services/{VA}"


@pytest.fixture
async def client(edge: Edge) -> AsyncIterator[httpx.AsyncClient]:
    """A tenant's client of the server."""
    async with network_client_of(edge) as client:
        yield client


async def _talk(edge: Edge, request: bytes) -> bytes:
    """What the server says to these bytes until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.http_port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_an_unauthenticated_answer_says_the_time(edge: Edge) -> None:
    """RFC 1123, with a body: device SDKs correct their clock by it (contract section 3.5)."""
    async with network_client_of(edge, auth=None) as client:
        answer = await client.get(SERVICE_PATH)
    assert answer.status_code == 401
    assert answer.json()["code"] == 20003
    assert len(answer.headers.get_list("Date")) == 1
    assert answer.headers["Date"].endswith(" GMT")
    assert parsedate_to_datetime(answer.headers["Date"]).tzinfo is not None
    assert "Server" not in answer.headers


async def test_connections_are_kept(world: World, client: httpx.AsyncClient) -> None:
    """Two requests, one connection; a 204 in between has no body."""
    world.registry.replies["GetService"] = SERVICE
    first = await client.get(SERVICE_PATH)
    second = await client.get(SERVICE_PATH)
    assert first.extensions["network_stream"] is second.extensions["network_stream"]


async def test_a_head_request_has_no_body(world: World, client: httpx.AsyncClient) -> None:
    """But the length that a GET would have."""
    world.registry.replies["GetService"] = SERVICE
    answer = await client.head(SERVICE_PATH)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


@pytest.mark.parametrize("chunked", [False, True])
async def test_whoever_sends_too_much_hears_so(world: World, client: httpx.AsyncClient, chunked: bool) -> None:
    """Even a client that reads only after it has sent everything; the connection goes on."""
    world.registry.replies["GetService"] = SERVICE
    for _ in range(5):
        answer = await client.post("/v2/Services", content=_zeros(900_000) if chunked else bytes(900_000))
        assert (answer.status_code, answer.json()["code"]) == (413, 20413)
    assert (await client.get(SERVICE_PATH)).status_code == 200


async def test_a_body_without_end_is_not_read_for_ever(client: httpx.AsyncClient) -> None:
    """What is discarded is bounded; then the connection closes."""
    with pytest.raises((httpx.WriteError, httpx.ReadError)):
        await client.post("/v2/Services", content=_zeros(1 << 40))


@pytest.mark.parametrize("endless", [b"a:\r\n" * 4096, b"a" * 16_384], ids=["many", "one"])
async def test_trailers_without_end_are_not_kept(edge: Edge, endless: bytes) -> None:
    """They are no body, so nobody reads them, nor would they be discarded: they would fill the memory, of anybody."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.http_port)
    writer.write(b"POST /v2/Services HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < 4 * REQUEST_BYTES_MAX and not reader.at_eof():
            writer.write(endless)
            sent += len(endless)
            await writer.drain()
    writer.close()
    assert sent < 4 * REQUEST_BYTES_MAX


async def test_trailers_are_no_headers(world: World, edge: Edge) -> None:
    """Not even credentials: whoever stands in front of us has looked at headers only (RFC 9110, section 6.5.1)."""
    credentials = b"Authorization: Basic " + b64encode(f"{AC}:token".encode()) + b"\r\n"
    head = b"POST /v2/Services HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
    chunks = b"e\r\nFriendlyName=a\r\n0\r\n"
    world.registry.replies["CreateService"] = SERVICE
    answer = await _talk(edge, head + b"\r\n" + chunks + credentials + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 401 ")
    answer = await _talk(edge, head + credentials + b"\r\n" + chunks + b"Content-Type: text/plain\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 201 ")


async def test_a_refused_body_that_never_ends_is_not_waited_for(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection closes after a while."""
    monkeypatch.setattr(http_protocol, "DISCARDED_SECONDS_MAX", 0.05)
    answer = await _talk(edge, b"POST /v2/Services HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_a_pipelined_body_may_take_its_time(world: World, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer before it doesn't make it one that is discarded."""
    monkeypatch.setattr(http_protocol, "DISCARDED_SECONDS_MAX", 0.05)
    world.registry.replies["CreateService"] = SERVICE
    credentials = b"Authorization: Basic " + b64encode(f"{AC}:token".encode()) + b"\r\n"
    first = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    head = (
        b"POST /v2/Services HTTP/1.1\r\nHost: a\r\n" + credentials + b"Connection: close\r\nContent-Length: 14\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.http_port)
    writer.write(first + head + b"Friendly")
    await asyncio.sleep(0.2)
    writer.write(b"Name=a")
    answer = await reader.read()
    writer.close()
    assert answer.count(b"HTTP/1.1 20") == 2


async def _zeros(count: int) -> AsyncIterator[bytes]:
    for _ in range(count // 1000):
        yield bytes(1000)


@pytest.mark.parametrize(
    "request_bytes", [b"HELO there\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n\r\n"]
)
async def test_what_is_not_http_gets_the_envelope(edge: Edge, request_bytes: bytes) -> None:
    """400, and the connection closes."""
    answer = await _talk(edge, request_bytes)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"status":400' in answer


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"3\r\nabc\r\n-1\r\n", b"3\r\nabcdef\r\n", b"\r\n\r\n"])
async def test_a_body_that_is_not_http_gets_the_envelope(edge: Edge, chunks: bytes) -> None:
    """Once; nothing that its application may still say follows."""
    credentials = b64encode(f"{AC}:token".encode())
    head = b"POST /v2/Services HTTP/1.1\r\nHost: a\r\nAuthorization: Basic " + credentials + b"\r\n"
    answer = await _talk(edge, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"\r\n\r\n") == 1
    assert b'"status":400' in answer


async def test_a_request_is_answered_once(edge: Edge) -> None:
    """Also if its body turns out not to be HTTP when it had its answer: a second one would be taken for the next's."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.http_port)
    writer.write(b"POST /v2/Services HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    first = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"zz\r\n")
    rest = await reader.read()
    writer.close()
    assert first.startswith(b"HTTP/1.1 401 ")
    assert b"HTTP/1.1 400 " not in rest


async def test_a_head_that_is_too_long_is_refused(edge: Edge) -> None:
    """Before it is whole: one header without end would fill the memory."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.http_port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    await writer.drain()
    line = asyncio.create_task(reader.readline())
    for _ in range(HEAD_BYTES_MAX // 512):
        if line.done():
            break
        writer.write(b"a" * 1024)
        await writer.drain()
        await asyncio.wait([line], timeout=0.01)
    assert (await line).startswith(b"HTTP/1.1 431 ")
    writer.close()


async def test_a_head_that_takes_too_long_is_refused(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends byte by byte holds a connection for a bounded time."""
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS_MAX", 0.05)
    assert (await _talk(edge, b"GET / HTTP/1.1\r\nHost:")).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_without_a_request_is_closed(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silently: nothing was asked."""
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS_MAX", 0.05)
    assert await _talk(edge, b"") == b""


async def test_a_connection_too_many_is_dropped(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound holds whatever is asked on it."""
    monkeypatch.setattr(http_protocol, "CONNECTIONS_MAX", 0)
    assert await _talk(edge, b"") == b""


async def test_a_request_in_flight_is_answered_while_draining(world: World, edge: Edge) -> None:
    """Stopping waits for it, takes no new connection, and then the port is closed."""
    arrived, release = asyncio.Event(), asyncio.Event()

    async def slow(_: Any) -> Message:
        arrived.set()
        await release.wait()
        return SERVICE

    world.registry.replies["GetService"] = slow
    async with network_client_of(edge) as client:
        request = asyncio.create_task(client.get(SERVICE_PATH))
        await arrived.wait()
        stopping = asyncio.create_task(edge.stop())
        await _until_refused(edge)
        assert not stopping.done()
        assert await edge.ready() == "edge: draining"
        release.set()
        answer = await request
        await stopping
    assert answer.json()["sid"] == VA
    assert answer.headers["Connection"] == "close"


async def test_a_cancelled_stop_gives_up_what_is_in_flight(world: World) -> None:
    """Somebody is in a hurry: the caller is told to try again."""
    arrived = asyncio.Event()

    async def stuck(_: Any) -> Message:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    world.registry.replies["GetService"] = stuck
    edge = world.edge(serving=True)
    await edge.start()
    async with network_client_of(edge) as client:
        request = asyncio.create_task(client.get(SERVICE_PATH))
        await arrived.wait()
        stopping = asyncio.create_task(edge.stop())
        await _until_refused(edge)
        stopping.cancel()
        assert (await request).status_code == 503
        await asyncio.wait([stopping])
    assert stopping.cancelled()


async def test_workers_share_a_listening_socket(world: World) -> None:
    """Two edges accept from one socket; when one has drained, the other still answers."""
    world.registry.replies["GetService"] = SERVICE
    listener = listen("127.0.0.1", 0)
    settings = Settings(env=Environment.DEVELOPMENT, drain_seconds=5)
    workers = [build(settings, world.runtime(), listener=shared) for shared in (listener, listener.dup())]
    for worker in workers:
        await worker.start()
    async with network_client_of(workers[1]) as client:
        await workers[0].stop()
        answers = [(await client.get(SERVICE_PATH, headers={"Connection": "close"})).status_code for _ in range(5)]
    await workers[1].stop()
    assert answers == [200] * 5


async def _until_refused(edge: Edge) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", edge.http_port)
        except OSError:
            return
        writer.close()
