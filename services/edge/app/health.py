"""GET /healthz and /readyz: does this process run, and can it serve."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from starlette.types import Receive, Scope, Send

from pushward.errors import UnavailableError
from services.edge.app.responses import send_json, send_method_not_allowed
from services.edge.app.urls import UrlSource

LIVE_PATH: Final = "/healthz"
READY_PATH: Final = "/readyz"

Readiness = Callable[[], Awaitable[str | None]]
"""None when requests can be served; otherwise, in one line, why not."""


class HealthBody(msgspec.Struct):
    """That all is well."""

    status: str


async def always() -> str | None:
    """For liveness: who can answer at all, lives."""
    return None


class HealthEndpoint:
    """An ASGI application: 200, or 503 with the reason in the envelope. Takes no credentials, tells no secrets."""

    def __init__(self, readiness: Readiness, urls: UrlSource) -> None:
        self._readiness = readiness
        self._urls = urls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or raises UnavailableError."""
        if scope["method"] not in ("GET", "HEAD"):
            await send_method_not_allowed(send, self._urls.urls(scope), "GET, HEAD")
            return
        reason = await self._readiness()
        if reason is not None:
            raise UnavailableError(f"Not ready: {reason.rstrip('.')}.")
        await send_json(send, 200, HealthBody(status="ok"))
