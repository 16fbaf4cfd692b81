"""Serves what is told about the interface, to anybody: bytes that are made once.

/pushward/v1/openapi.json       the document
/pushward/v1/docs               the same for people
/pushward/v1/errors/{code}      what a code means, as HTML or, if that is preferred, as JSON
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pushward.error_codes import DICTIONARY, ErrorCode
from pushward.errors import NotFoundError
from services.edge.app.headers import Headers, header
from services.edge.app.openapi import errors, markup, page
from services.edge.app.openapi.beside import DOCUMENT_PATH, PAGE_PATH
from services.edge.app.openapi.document import document
from services.edge.app.operation import Operation
from services.edge.app.resource import NO_SUCH_RESOURCE
from services.edge.app.responses import send_method_not_allowed
from services.edge.app.urls import UrlSource

FRESH_SECONDS: Final = 300

_COMMON: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"public, max-age=%d" % FRESH_SECONDS),
)
_JSON: Final = ((b"content-type", b"application/json"), *_COMMON)
_HTML: Final = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", markup.POLICY.encode("ascii")),
    *_COMMON,
)
_VARY: Final = ((b"vary", b"Accept"),)


class Told:
    """Bytes with their headers."""

    __slots__ = ("body", "headers")

    def __init__(self, body: bytes, headers: Headers) -> None:
        self.body = body
        self.headers = (*headers, (b"content-length", b"%d" % len(body)))

    async def send(self, send: Send) -> None:
        """200 with these."""
        await send({"type": "http.response.start", "status": 200, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body})


class ToldEndpoint:
    """An ASGI application that always says the same."""

    def __init__(self, told: Told, urls: UrlSource) -> None:
        self._told = told
        self._urls = urls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers."""
        if scope["method"] not in ("GET", "HEAD"):
            await send_method_not_allowed(send, self._urls.urls(scope), "GET, HEAD")
            return
        await self._told.send(send)


class ErrorEndpoint:
    """An ASGI application for the pages of the dictionary."""

    def __init__(self, urls: UrlSource) -> None:
        self._urls = urls
        self._pages: Mapping[str, Told] = {
            str(entry.code): Told(errors.page(entry).encode(), (*_HTML, *_VARY)) for entry in DICTIONARY
        }
        self._bodies: Mapping[str, Told] = {str(entry.code): _body(entry) for entry in DICTIONARY}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or raises NotFoundError for a code that isn't in the dictionary."""
        if scope["method"] not in ("GET", "HEAD"):
            await send_method_not_allowed(send, self._urls.urls(scope), "GET, HEAD")
            return
        known = self._bodies if prefers_json(header(scope, b"accept")) else self._pages
        told = known.get(scope["path_params"]["code"])
        if told is None:
            raise NotFoundError(NO_SUCH_RESOURCE)
        await told.send(send)


def told_routes(operations: Sequence[Operation], public_url: str | None, urls: UrlSource) -> list[Route]:
    """Routes to all of it, made now."""
    made = document(operations, public_url)
    return [
        Route(DOCUMENT_PATH, ToldEndpoint(Told(msgspec.json.encode(made), _JSON), urls)),
        Route(PAGE_PATH, ToldEndpoint(Told(page.html(made).encode(), _HTML), urls)),
        Route(errors.PATH, ErrorEndpoint(urls)),
    ]


def prefers_json(accept: bytes | None) -> bool:
    """Whether a client wants JSON rather than HTML (RFC 9110, section 12.5.1); HTML if it likes both the same."""
    return accept is not None and _quality(accept, b"application/json") > _quality(accept, b"text/html")


def _quality(accept: bytes, kind: bytes) -> float:
    """How much a media type is wanted: by its own range, else its type's, else any."""
    wanted: dict[bytes, float] = {}
    for part in accept.lower().split(b","):
        name, *parameters = (piece.strip() for piece in part.split(b";"))
        weights = [parameter[2:] for parameter in parameters if parameter.startswith(b"q=")]
        wanted[name] = _weight(weights[0]) if weights else 1.0
    for name in (kind, kind.split(b"/")[0] + b"/*", b"*/*"):
        if name in wanted:
            return wanted[name]
    return 0.0


def _weight(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _body(entry: ErrorCode) -> Told:
    return Told(msgspec.json.encode(errors.body(entry)), (*_JSON, *_VARY))
