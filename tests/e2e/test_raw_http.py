"""Bytes that no HTTP client sends: refused with the envelope, or served; never a 5xx, never silence, never a hang."""

import base64
from typing import Final

import pytest

from tests.support.raw_http import RawAnswer, talk
from tests.support.tenant import Tenant

FORM: Final = b"Content-Type: application/x-www-form-urlencoded\r\n"
CLOSE: Final = b"Connection: close\r\n"
HEAD_BYTES_MAX: Final = 32 * 1024


def head(tenant: Tenant, line: bytes, *fields: bytes) -> bytes:
    """A request's head with the tenant's credentials; each of ``fields`` ends in CRLF."""
    credentials = base64.b64encode(f"{tenant.account.sid}:{tenant.account.auth_token}".encode())
    return (
        line + b"\r\nHost: edge.example\r\nAuthorization: Basic " + credentials + b"\r\n" + b"".join(fields) + b"\r\n"
    )


async def only(tenant: Tenant, *pieces: bytes) -> RawAnswer:
    """The one answer."""
    (answer,) = await talk(tenant.base_url, *pieces)
    return answer


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nFriendlyName=a\r\n0\r\n\r\n",
        b"-1\r\na\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\na\r\n0\r\n\r\n",
        b"5\r\nabcdefgh\r\n0\r\n\r\n",
        b"\r\n\r\n",
        b"1;" + b"x" * 65_536 + b"\r\na\r\n0\r\n\r\n",
    ],
    ids=["no number", "negative", "beyond 64 bits", "longer than it says", "nothing", "endless extension"],
)
async def test_malformed_chunks_are_a_bad_request(tenant: Tenant, body: bytes) -> None:
    """With the envelope; then the connection is closed, since nobody knows where the next request begins."""
    request = head(tenant, b"POST /v2/Services HTTP/1.1", FORM, b"Transfer-Encoding: chunked\r\n", CLOSE)
    assert (await only(tenant, request + body)).refused() in (400, 431)


async def test_what_is_refused_for_its_body_is_not_done(tenant: Tenant, service: str) -> None:
    """A deletion has a body that means nothing; but who is told 400 must find everything as it was."""
    target = f"DELETE /v2/Services/{service} HTTP/1.1".encode()
    request = head(tenant, target, b"Transfer-Encoding: chunked\r\n", CLOSE)
    assert (await only(tenant, request + b"zz\r\n")).refused() == 400
    assert (await tenant.client.get(f"/v2/Services/{service}")).status_code == 200
    assert (await only(tenant, request + b"1\r\na\r\n0\r\n\r\n")).status == 204


async def test_chunks_are_put_together(tenant: Tenant) -> None:
    """Whatever their sizes, extensions and trailers; in as many pieces as they like."""
    request = head(tenant, b"POST /v2/Services HTTP/1.1", FORM, b"Transfer-Encoding: chunked\r\n", CLOSE)
    chunks = [b"8;a=b\r\nFriendly\r\n", b"1\r\nN\r\n", b"00008\r\name=Rohe", b"\r\n0\r\nTrailer: x\r\n\r\n"]
    answer = await only(tenant, request, *chunks)
    assert answer.status == 201
    assert b'"friendly_name":"Rohe"' in answer.body


@pytest.mark.parametrize(
    "fields",
    [
        (b"Content-Length: 1\r\n", b"Transfer-Encoding: chunked\r\n"),
        (b"Content-Length: 1\r\n", b"Content-Length: 2\r\n"),
        (b"Content-Length: -1\r\n",),
        (b"Content-Length: 1e3\r\n",),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n",),
        (b"Transfer-Encoding: gzip\r\n",),
        (b"Transfer-Encoding : chunked\r\n",),
        (b"Bad\0name: x\r\n",),
        (b"X: a\0b\r\n",),
        (b" X: folded\r\n",),
    ],
    ids=["both lengths", "two", "negative", "exponent", "5000 digits", "coding", "space", "nul", "nul value", "folded"],
)
async def test_heads_that_two_servers_may_read_differently_are_refused(
    tenant: Tenant, fields: tuple[bytes, ...]
) -> None:
    """What request smuggling is made of (RFC 9112, section 11.2)."""
    for answer in await talk(tenant.base_url, head(tenant, b"POST /v2/Services HTTP/1.1", FORM, *fields, CLOSE) + b"a"):
        assert answer.refused() == 400


@pytest.mark.parametrize(
    "fields",
    [
        (b"X: " + b"a" * (HEAD_BYTES_MAX - 1024) + b"\r\n",),
        tuple(b"X-%d: a\r\n" % number for number in range(1000)),
        (b"Authorization: Basic " + b"A" * 10_000 + b"\r\n",),
    ],
    ids=["long", "many", "two credentials"],
)
async def test_large_heads_are_served(tenant: Tenant, fields: tuple[bytes, ...]) -> None:
    """Up to the bound, in pieces; of two headers that must come once, the first counts."""
    request = head(tenant, b"GET /v2/Services?PageSize=1 HTTP/1.1", *fields, CLOSE)
    answer = await only(tenant, *(request[start : start + 8192] for start in range(0, len(request), 8192)))
    assert answer.status == 200


async def test_http_1_0_is_served(tenant: Tenant) -> None:
    """And the connection closed, though nobody asked for it; without a Host too."""
    answer = await only(tenant, head(tenant, b"GET /v2/Services?PageSize=1 HTTP/1.0"))
    assert answer.status == 200
    assert (await only(tenant, b"GET /healthz HTTP/1.0\r\n\r\n")).status == 200


async def test_pipelined_requests_are_answered_in_their_order(tenant: Tenant) -> None:
    """Also those behind a refusal; each has its own answer."""
    form = b"FriendlyName=Piped"
    requests = [
        head(tenant, b"GET /v2/Services?PageSize=1 HTTP/1.1"),
        head(tenant, b"GET /v2/Services?PageSize=0 HTTP/1.1"),
        head(tenant, b"POST /v2/Services HTTP/1.1", FORM, b"Content-Length: %d\r\n" % len(form)) + form,
        head(tenant, b"GET /nothing HTTP/1.1"),
        head(tenant, b"GET /healthz HTTP/1.1", CLOSE),
    ]
    said = await talk(tenant.base_url, b"".join(requests))
    assert [answer.status for answer in said] == [200, 400, 201, 404, 200]


@pytest.mark.parametrize(
    "path",
    [
        b"/v2/Services/%ff%fe",
        b"/v2/Services/%c0%ae%c0%ae",
        b"/v2/Services/%00",
        b"/v2/Services/%",
        b"/v2/Services/%zz",
        b"/v2/Services/VA%0d%0aX:y",
        b"/v2/../v2/Services/x",
        b"//v2/Services",
        b"/v2/Services/" + b"a" * 8000,
        b"/v2/Services/\xc3\xa4",
        b"/%E2%80%AE",
    ],
    ids=repr,
)
async def test_paths_that_cannot_be_are_refused(tenant: Tenant, path: bytes) -> None:
    """400 or 404 with the envelope: invalid UTF-8, U+0000, broken escapes, raw bytes."""
    answer = await only(tenant, head(tenant, b"GET " + path + b" HTTP/1.1", CLOSE))
    assert answer.refused() in (400, 404)


@pytest.mark.parametrize(
    "line",
    [
        b"GET http://other.example/v2/Services/x HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"CONNECT other.example:443 HTTP/1.1",
        b"TRACE /v2/Services HTTP/1.1",
        b"PATCH /v2/Services HTTP/1.1",
        b"BREW /v2/Services HTTP/1.1",
        b"GET /v2/Services HTTP/3.7",
        b"PRI * HTTP/2.0",
        b"get /v2/Services HTTP/1.1",
    ],
    ids=repr,
)
async def test_request_lines_that_mean_nothing_here_are_refused(tenant: Tenant, line: bytes) -> None:
    """Other methods, other forms of a target, other protocols."""
    answer = await only(tenant, head(tenant, line, CLOSE))
    assert answer.refused() in (400, 404, 405)


@pytest.mark.parametrize(
    "content_type",
    [
        b"multipart/form-data; boundary=x",
        b"application/json",
        b"text/plain",
        b"application/x-www-form-urlencodedx",
        b"\xff\xfe",
        b";;;",
    ],
    ids=repr,
)
async def test_bodies_of_another_type_are_refused(tenant: Tenant, content_type: bytes) -> None:
    """Whatever is in them."""
    fields = (b"Content-Type: " + content_type + b"\r\n", b"Content-Length: 14\r\n", CLOSE)
    answer = await only(tenant, head(tenant, b"POST /v2/Services HTTP/1.1", *fields) + b"FriendlyName=a")
    assert answer.refused() == 400


@pytest.mark.parametrize(
    "content_type",
    [b"", b"Content-Type: APPLICATION/x-www-form-urlencoded ; charset=utf-8\r\n"],
    ids=["none", "charset"],
)
async def test_forms_are_taken_however_their_type_is_spelled(tenant: Tenant, content_type: bytes) -> None:
    """Or not said at all."""
    request = head(tenant, b"POST /v2/Services HTTP/1.1", content_type, b"Content-Length: 14\r\n", CLOSE)
    assert (await only(tenant, request + b"FriendlyName=a")).status == 201


async def test_a_body_that_comes_byte_by_byte_is_taken(tenant: Tenant) -> None:
    """As long as it comes in time."""
    form = b"FriendlyName=Langsam"
    request = head(tenant, b"POST /v2/Services HTTP/1.1", FORM, b"Content-Length: %d\r\n" % len(form), CLOSE)
    answer = await only(tenant, request, *(form[place : place + 1] for place in range(len(form))))
    assert answer.status == 201


async def test_a_client_waits_for_100_continue(tenant: Tenant) -> None:
    """It is told to go on, and then answered."""
    request = head(
        tenant, b"POST /v2/Services HTTP/1.1", FORM, b"Content-Length: 14\r\n", b"Expect: 100-continue\r\n", CLOSE
    )
    said = await talk(tenant.base_url, request, b"FriendlyName=a")
    assert [answer.status for answer in said] == [100, 201]


async def test_a_get_with_a_body_is_served(tenant: Tenant) -> None:
    """The body means nothing, and isn't taken for the next request."""
    body = b"GET /healthz HTTP/1.1\r\n\r\n"
    first = head(tenant, b"GET /v2/Services?PageSize=1 HTTP/1.1", b"Content-Length: %d\r\n" % len(body)) + body
    said = await talk(tenant.base_url, first, head(tenant, b"GET /nothing HTTP/1.1", CLOSE))
    assert [answer.status for answer in said] == [200, 404]


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket"])
async def test_nothing_is_upgraded(tenant: Tenant, upgrade: bytes) -> None:
    """The request is served as it is."""
    fields = (b"Upgrade: " + upgrade + b"\r\n", b"Connection: Upgrade, close\r\n", b"HTTP2-Settings: AAMAAABk\r\n")
    answer = await only(tenant, head(tenant, b"GET /v2/Services?PageSize=1 HTTP/1.1", *fields))
    assert answer.status == 200
