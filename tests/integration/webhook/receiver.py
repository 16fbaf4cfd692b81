"""A tenant's backend that receives webhooks: counts them, checks nothing, answers as it is told."""

import asyncio
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Received:
    """A call as it came."""

    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body's fields, as a framework would parse them."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))


class Receiver:
    """Listens on a free port of 127.0.0.1. ``answering`` can be held up, for all or for some paths."""

    def __init__(self) -> None:
        self.calls: list[Received] = []
        self.statuses: list[int] = []
        self.answering = asyncio.Event()
        self.answering.set()
        self.hanging_paths: set[str] = set()
        self._let_go = asyncio.Event()
        self.base = ""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0)

    async def start(self) -> None:
        """Listens."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def let_go(self) -> None:
        """Answers also to the paths that hang."""
        self.hanging_paths.clear()
        self._let_go.set()

    async def stop(self) -> None:
        """Closes the port."""
        self.answering.set()
        self.let_go()
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.calls.append(Received(f"{self.base}{request.raw_path}", dict(request.headers), body))
        status = self.statuses.pop(0) if self.statuses else 200
        await self.answering.wait()
        if request.path in self.hanging_paths:
            await self._let_go.wait()
        return web.Response(status=status)
