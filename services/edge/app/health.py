"""GET /healthz and /readyz: does this process run, and can it serve.

Anybody may ask: which component isn't ready is told, why only in development; operators find it in the log.
"""

from typing import Final

import msgspec
from starlette.types import Receive, Scope, Send

from pushward.errors import UnavailableError
from services.edge.app.readiness import Check, NotReady
from services.edge.app.responses import send_json, send_method_not_allowed
from services.edge.app.urls import UrlSource

LIVE_PATH: Final = "/healthz"
READY_PATH: Final = "/readyz"


class HealthBody(msgspec.Struct):
    """That all is well."""

    status: str


async def always() -> NotReady | None:
    """For liveness: who can answer at all, lives."""
    return None


class HealthEndpoint:
    """An ASGI application: 200, or 503 with the component in the envelope, the reason too if ``tells_reason``."""

    def __init__(self, check: Check, urls: UrlSource, *, tells_reason: bool) -> None:
        self._check = check
        self._urls = urls
        self._tells_reason = tells_reason

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or raises UnavailableError."""
        if scope["method"] not in ("GET", "HEAD"):
            await send_method_not_allowed(send, self._urls.urls(scope), "GET, HEAD")
            return
        found = await self._check()
        if found is not None:
            told = str(found) if self._tells_reason else found.component
            raise UnavailableError(f"Not ready: {told.rstrip('.')}.")
        await send_json(send, 200, HealthBody(status="ok"))
