"""The HTTP server: uvicorn (httptools) in this process's own event loop, on a listening socket that may be shared.

    start() ──► serving ──stop()──► draining ──► closed

Draining: nothing new is accepted, idle connections close, requests in flight are answered, for `drain_seconds` at
most. The server touches no signals: whoever runs the process decides when it ends.
"""

import asyncio
import contextlib
import math
import socket
import sys
from collections.abc import Iterator
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp

from services.edge.adapters.http_protocol import BoundedHttpProtocol

BACKLOG: Final = 2048
KEEP_ALIVE_SECONDS: Final = 75
"""Longer than the pools of common clients and proxies keep a connection, so that they close first."""
UNACKNOWLEDGED_MS_MAX: Final = 30_000
"""A peer that acknowledges nothing, or takes nothing, for this long is gone."""
GIVE_UP_SECONDS_MAX: Final = 1.0

_log = structlog.get_logger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket, not yet listening; processes that share it share its connections. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


class HttpServer:
    """Serves one ASGI application on one socket, once."""

    def __init__(self, app: ASGIApp, listener: socket.socket, drain_seconds: float) -> None:
        self._listener = listener
        self._server = _Server(
            uvicorn.Config(
                app,
                http=BoundedHttpProtocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=True,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=math.ceil(drain_seconds),
            )
        )
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    async def start(self) -> None:
        """Returns when connections are accepted. Raises what kept it from serving."""
        if sys.platform == "linux":  # accepted sockets inherit it
            self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS_MAX)
        self._serving = asyncio.create_task(self._server.serve([self._listener]), name="edge-http")
        accepting = asyncio.create_task(self._server.accepting.wait())
        await asyncio.wait([accepting, self._serving], return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            accepting.cancel()
            await self._serving
        _log.info("http_serving", port=self.port)

    async def stop(self) -> None:
        """Drains; returns when the last connection is closed or the time is up. Cancelled, it waits no longer."""
        if self._serving is None:
            return
        self._server.should_exit = True
        try:
            await self._serving
        finally:
            await self._give_up()
        _log.info("http_drained")

    async def _give_up(self) -> None:
        """Cancels what is still in flight: its application says so to its client, in a moment."""
        left = set(self._server.server_state.tasks)
        for task in left:
            task.cancel()
        if left:
            _log.warning("http_requests_given_up", count=len(left))
            await asyncio.wait(left, timeout=GIVE_UP_SECONDS_MAX)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which would take over the process, and with a word when it accepts."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()
