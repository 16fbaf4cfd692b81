"""Metrics over HTTP: ``GET /metrics`` of one process, for Prometheus, on a listening socket that was bound before.

uvicorn in the process's own event loop, without threads. It takes no part in draining: it answers until the process has
nothing left to tell. The socket is not the edge's: what is counted here is for operators.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import structlog
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from pushward.telemetry.metrics import CONTENT_TYPE, Metrics

PATH: Final = "/metrics"
CONNECTIONS_MAX: Final = 16
KEEP_ALIVE_SECONDS: Final = 5
STOP_SECONDS: Final = 1
PLAIN_TEXT: Final = "text/plain; charset=utf-8"

_log = structlog.get_logger(__name__)


class MetricsServer:
    """Serves one process's metrics, once. Owns ``listening`` from the start on."""

    def __init__(self, metrics: Metrics, listening: socket.socket) -> None:
        self._listening = listening
        self._server = _Server(
            uvicorn.Config(
                metrics_app(metrics),
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=CONNECTIONS_MAX,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to answer."""
        self._serving = asyncio.create_task(self._server.serve([self._listening]), name="metrics-http")
        host, port = self._listening.getsockname()[:2]
        _log.info("metrics_serving", host=host, port=port)

    async def stop(self) -> None:
        """Finishes an answer under way, and closes the socket."""
        if self._serving is None:
            self._listening.close()
            return
        self._server.should_exit = True
        await self._serving


def metrics_app(metrics: Metrics) -> ASGIApp:
    """The application: ``/metrics``, and nothing else."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != PATH:
            await _answer(send, 404, PLAIN_TEXT, f"Metrics are at {PATH}.\n".encode())
        elif scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, PLAIN_TEXT, b"Metrics are read by GET.\n")
        else:
            await _answer(send, 200, CONTENT_TYPE, metrics.text())

    return app


async def _answer(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: whoever runs the process decides when it ends."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
