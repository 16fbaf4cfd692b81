"""SIGTERM in the middle of a request: it completes, nothing new is taken, and the process leaves with status 0."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support import plain_http
from tests.support.events import Event, events
from tests.support.installation import Account, Installation
from tests.support.phone import STREAM, Phone
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant, refused
from tests.support.waiting import until

BODY = b"FriendlyName=Drained"


@pytest.fixture(params=list(Shape), ids=str)
def leaving(request: pytest.FixtureRequest, installation: Installation, tmp_path: Path) -> Iterator[System]:
    """A system that may be asked to leave."""
    with running(request.param, installation.copy(), tmp_path) as system:
        yield system


async def test_what_is_under_way_completes(leaving: System, installation: Installation) -> None:
    """A request whose body is being read, and an open stream; whoever comes then is refused at once."""
    async with (
        Tenant(leaving.base_url, installation.account) as tenant,
        Phone.enrolled(tenant, await tenant.new_service()) as phone,
        phone.client.stream("GET", STREAM, auth=("token", phone.token())) as stream,
        _half_sent(leaving, installation.account) as (reader, writer),
    ):
        assert stream.status_code == 200
        leaving.edge.terminate()
        assert [event async for event in events(stream)] == [Event("end", {"reason": "shutdown"})]
        await until(lambda: _refuses_connections(leaving))
        writer.write(BODY[5:])
        head, body = await _answer(reader)
    assert head.startswith(b"HTTP/1.1 201 "), head + body
    assert await asyncio.to_thread(leaving.edge.wait) == 0
    await asyncio.to_thread(leaving.start)
    async with Tenant(leaving.base_url, installation.account) as tenant:
        services = (await tenant.get("/v2/Services", PageSize="1000"))["services"]
        assert "Drained" in [service["friendly_name"] for service in services]


@asynccontextmanager
async def _half_sent(
    system: System, account: Account
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A POST whose body the server waits for: `100 Continue` is its word that it does."""
    address = urlsplit(system.base_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        credentials = base64.b64encode(f"{account.sid}:{account.auth_token}".encode())
        writer.write(
            b"POST /v2/Services HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %b\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % (credentials, len(BODY))
        )
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(BODY[:5])
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of an answer, after which the connection closes."""
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    return head, body


async def _refuses_connections(system: System) -> bool:
    """Nobody listens any more; until then whoever asks is told that we drain, or finds the connection closed."""
    try:
        async with plain_http.client(system.base_url) as client:
            answer = await client.get("/readyz")
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    assert answer.status_code == 200 or refused(answer)[0] == 503
    return False
