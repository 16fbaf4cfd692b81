"""Which web pages may call us, and what of an answer they may read (contract section 10, CORS).

Never with credentials of the browser's own: callers send an Authorization header, so a page can only use what it knows.
In development every origin on this machine is allowed, whatever port the sample app has.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Message, Scope, Send

from pushward.config.loopback import is_loopback
from services.edge.app.headers import Headers, header
from services.edge.app.responses import send_empty

PREFLIGHT_SECONDS: Final = 7200

_VARY: Final = (b"vary", b"Origin")
_EXPOSE: Final = (b"access-control-expose-headers", b"Date, Twilio-Verify-Signature-Fields, Retry-After")
_PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"GET, POST, DELETE"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Accept, Cache-Control"),
    (b"access-control-max-age", b"%d" % PREFLIGHT_SECONDS),
)


class Cors:
    """Answers preflights and marks answers for the origins that are allowed."""

    def __init__(self, origins: Iterable[str], development: bool) -> None:
        self._origins = frozenset(origin.rstrip("/").encode("ascii") for origin in origins)
        self._development = development

    def is_preflight(self, scope: Scope) -> bool:
        """Whether a browser asks if it may ask."""
        return scope["method"] == "OPTIONS" and header(scope, b"access-control-request-method") is not None

    async def answer_preflight(self, scope: Scope, send: Send) -> None:
        """204; without the permission if the origin has none."""
        allowed = self._marks(header(scope, b"origin"))
        await send_empty(send, 204, (*allowed, *_PREFLIGHT) if allowed else (_VARY,))

    def marked(self, scope: Scope, send: Send) -> Send:
        """`send` with the headers that let the page read the answer; as it is for whoever isn't a page."""
        origin = header(scope, b"origin")
        if origin is None:
            return send
        allowed = self._marks(origin)
        marks = (*allowed, _EXPOSE) if allowed else (_VARY,)

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *marks]
            await send(message)

        return send_marked

    def _marks(self, origin: bytes | None) -> Headers:
        if origin is None or not self._allows(origin):
            return ()
        return ((b"access-control-allow-origin", origin), _VARY)

    def _allows(self, origin: bytes) -> bool:
        return origin in self._origins or (self._development and _is_local(origin))


def _is_local(origin: bytes) -> bool:
    try:
        parts = urlsplit(origin.decode("ascii"))
        return parts.scheme in ("http", "https") and parts.hostname is not None and is_loopback(parts.hostname)
    except ValueError:
        return False
