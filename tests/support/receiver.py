"""A tenant's webhook endpoint on a loopback port: keeps what came, answers what it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDictProxy

from tests.support.waiting import until

LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt, as it came."""

    url: str
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body's fields; each comes once."""
        pairs = parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True)
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)


class Receiver:
    """``statuses`` are answered first, one each, then 200; while ``answering`` is clear, nothing is."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.statuses: list[int] = []
        self.answering = asyncio.Event()
        self.answering.set()
        self.url = ""

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> AsyncIterator["Receiver"]:
        """A receiver that listens as long as the block runs."""
        receiver = cls()
        app = web.Application()
        app.router.add_post("/hook", receiver._take)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, 0).start()
            receiver.url = f"http://{LOOPBACK}:{runner.addresses[0][1]}/hook"
            yield receiver
        finally:
            receiver.answering.set()
            await runner.cleanup()

    async def received(self, count: int) -> list[Delivery]:
        """The first ``count`` attempts, once they have come."""

        async def enough() -> bool:
            return len(self.deliveries) >= count

        await until(enough)
        return self.deliveries[:count]

    async def of_type(self, event_type: str) -> Delivery:
        """The first attempt to deliver an event of this type."""

        async def came() -> bool:
            return any(delivery.form["type"] == event_type for delivery in self.deliveries)

        await until(came)
        return next(delivery for delivery in self.deliveries if delivery.form["type"] == event_type)

    async def _take(self, request: web.Request) -> web.Response:
        url = str(request.url)
        self.deliveries.append(Delivery(url, request.headers, await request.read()))
        status = self.statuses.pop(0) if self.statuses else 200
        await self.answering.wait()
        return web.Response(status=status)
