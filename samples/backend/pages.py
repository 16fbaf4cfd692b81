"""The web app at `/`, the device at `/device/`, the library of both at `/lib/pushward-device/`: files as they are.

No build step and no copy: what the browser gets is what the repository holds. Only kinds of files that pages need are
served. Everything comes from this origin; the policy lets pages talk to it and to Pushward, and to nobody else.
"""

import os
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import NotModifiedResponse, PathLike, StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ROOT: Final = Path(__file__).parents[2]
LIBRARY: Final = ROOT / "clients" / "web" / "src"
PAGES: Final = ROOT / "samples" / "web"
LIBRARY_PATH: Final = "/lib/pushward-device"

MEDIA_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""Our own: the system's table differs from machine to machine, and a module of another type isn't run."""


def mounts() -> list[BaseRoute]:
    """The library first: `/` takes whatever is left."""
    return [
        Mount(LIBRARY_PATH, SourceFiles(directory=LIBRARY)),
        Mount("/", SourceFiles(directory=PAGES, html=True)),
    ]


class SourceFiles(StaticFiles):
    """Files of the kinds above; others aren't there. A browser asks each time whether its copy is still right."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        media_type = MEDIA_TYPES.get(PurePath(full_path).suffix)
        if media_type is None:
            raise HTTPException(404)
        file = FileResponse(full_path, status_code, media_type=media_type, stat_result=stat_result)
        return NotModifiedResponse(file.headers) if self.is_not_modified(file.headers, Headers(scope=scope)) else file


class SecurityHeaders:
    """Puts the policy on every answer, and keeps answers out of caches unless they were checked."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": content_security_policy(base_url),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("Cache-Control", "no-cache" if "etag" in headers else "no-store")
            await send(message)

        await self._app(scope, receive, send_marked if scope["type"] == "http" else send)


def content_security_policy(base_url: str) -> str:
    """Nothing but this origin, and Pushward's to connect to."""
    parts = urlsplit(base_url)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {parts.scheme}://{parts.netloc}",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
