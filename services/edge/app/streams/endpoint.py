"""GET /pushward/v1/device/stream: from a device's token to its open stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.types import Receive, Scope, Send

from pushward.clock import Clock
from services.edge.app.authentication import Authentication
from services.edge.app.headers import SECURITY_HEADERS
from services.edge.app.responses import send_method_not_allowed
from services.edge.app.streams.hub import StreamHub
from services.edge.app.streams.stream import DeviceStream, EndReason
from services.edge.app.urls import EXTENSIONS, UrlSource

PATH: Final = f"{EXTENSIONS}/device/stream"
ABORT_EXTENSION: Final = "pushward.abort"
"""ASGI scope extension of our server: drops the connection with whatever it hasn't taken."""

_HEADERS: Final = ((b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no"), *SECURITY_HEADERS)


class StreamEndpoint:
    """An ASGI application for the path of device streams."""

    def __init__(self, authentication: Authentication, hub: StreamHub, urls: UrlSource, clock: Clock) -> None:
        self._authentication = authentication
        self._hub = hub
        self._urls = urls
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Streams until the device, its token, its factor or this process goes. Raises before anything was sent."""
        if scope["method"] != "GET":
            await send_method_not_allowed(send, self._urls.urls(scope), "GET")
            return
        device = await self._authentication.device(scope)
        async with self._hub.open(device) as stream:
            # Again, now that a deletion would reach the stream: one that came before it was listed would be missed.
            await self._authentication.device(scope)
            expires_in_seconds = device.expires_at_seconds - self._clock.now().timestamp()
            timer = asyncio.get_running_loop().call_later(expires_in_seconds, stream.end, EndReason.TOKEN_EXPIRED)
            try:
                await self._serve(stream, scope, receive, send)
            finally:
                timer.cancel()

    async def _serve(self, stream: DeviceStream, scope: Scope, receive: Receive, send: Send) -> None:
        async with _gone(stream, receive) as gone:
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            try:
                await stream.write(send)
            except TimeoutError:
                abort = scope.get("extensions", {}).get(ABORT_EXTENSION)
                if abort is not None:
                    abort["call"]()
                    await gone


@asynccontextmanager
async def _gone(stream: DeviceStream, receive: Receive) -> AsyncIterator[asyncio.Task[None]]:
    """Ends the stream when its connection goes."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        stream.end(None)

    watching = asyncio.create_task(watch())
    try:
        yield watching
    finally:
        watching.cancel()
        await asyncio.wait([watching])
