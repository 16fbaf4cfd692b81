"""Takes webhooks and answers 200, as cheaply as can be; remembers when each challenge's came."""

import asyncio
import re
import time
from types import TracebackType
from typing import Final, Self

OK: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
_LENGTH: Final = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_CHALLENGE: Final = re.compile(rb"challenge_sid=(YC[0-9a-f]{32})")


class WebhookCounter:
    """A server on a free port of this machine."""

    def __init__(self) -> None:
        self.arrived_at: dict[str, float] = {}
        self.deliveries = 0
        self._server: asyncio.Server | None = None
        self._news = asyncio.Condition()
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._serving.values():
            writer.close()
        await asyncio.gather(*self._serving)

    @property
    def url(self) -> str:
        """Where to deliver."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/webhooks"

    async def until(self, challenge_sids: set[str], seconds_max: float) -> int:
        """Waits until each of them has come; returns how many have not when the time is up."""
        try:
            async with asyncio.timeout(seconds_max), self._news:
                await self._news.wait_for(lambda: challenge_sids <= self.arrived_at.keys())
        except TimeoutError:
            pass
        return len(challenge_sids - self.arrived_at.keys())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        self._serving[serving] = writer
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                writer.write(OK)
                await self._count(body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever delivers keeps connections only for a while
        finally:
            del self._serving[serving]
            writer.close()

    async def _count(self, body: bytes) -> None:
        self.deliveries += 1
        if found := _CHALLENGE.search(body):
            self.arrived_at.setdefault(found[1].decode(), time.perf_counter())
        async with self._news:
            self._news.notify_all()
