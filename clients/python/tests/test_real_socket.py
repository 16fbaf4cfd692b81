"""Over a real connection: httpx's own transport, chunks and all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import httpx
import pytest
from fake_edge import FakeEdge
from pushward_device import ChallengeStatus, Device, MemoryKeyStore


async def test_enrolling_watching_and_answering_work_over_a_socket() -> None:
    """An event is read as soon as it is written, while the stream stays open."""
    edge = FakeEdge()
    async with serving(edge) as base_url, Device(base_url, MemoryKeyStore(), clock=_EdgeClock(edge)) as device:
        factor = await device.register_factor(edge.issue(), "Test phone", app_id="com.example.app")
        async with aclosing(device.watch(factor.sid)) as challenges:
            coming = asyncio.ensure_future(anext(challenges))
            stream = await edge.streams.get()
            stream.announce(factor.sid, edge.ask(factor.sid))
            answered = await device.challenges.approve(await coming)
            assert answered.status is ChallengeStatus.APPROVED
        await stream.closed.wait()


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens there; and somebody who did would read the tokens."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    edge = FakeEdge()
    async with serving(edge) as base_url, Device(base_url, MemoryKeyStore(), clock=_EdgeClock(edge)) as device:
        await device.register_factor(edge.issue(), "Test phone", app_id="com.example.app")


class _EdgeClock:
    """The edge's time, and the loop's own pauses."""

    def __init__(self, edge: FakeEdge) -> None:
        self._edge = edge

    def now(self) -> float:
        return self._edge.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def serving(edge: FakeEdge) -> AsyncIterator[str]:
    """The fake edge behind a loopback socket; every answer is chunked and ends its connection."""

    async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        request_line, *lines = head.strip().split("\r\n")
        method, target, _ = request_line.split(" ")
        headers = httpx.Headers({name: value for name, _, value in (line.partition(": ") for line in lines)})
        body = await reader.readexactly(int(headers.get("Content-Length", "0")))
        response = await edge.handle_async_request(
            httpx.Request(method, f"http://{headers['Host']}{target}", headers=headers, content=body)
        )
        kept = {name: value for name, value in response.headers.items() if name.lower() != "content-length"}
        sent = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
        writer.write(f"HTTP/1.1 {response.status_code} .\r\n{sent}Transfer-Encoding: chunked\r\n".encode())
        writer.write(b"Connection: close\r\n\r\n")
        sending = asyncio.ensure_future(_send(response, writer))
        left = asyncio.ensure_future(reader.read())
        await asyncio.wait([sending, left], return_when=asyncio.FIRST_COMPLETED)
        sending.cancel()
        left.cancel()
        await response.aclose()
        writer.close()

    server = await asyncio.start_server(exchange, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"


async def _send(response: httpx.Response, writer: asyncio.StreamWriter) -> None:
    async for chunk in response.aiter_bytes():
        writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()
