"""A clock that tests turn, and pauses that last until the test ends them."""

import asyncio
from collections.abc import Callable

from fake_edge import FakeEdge


class FakeClock:
    """The edge's time, off by so many seconds."""

    def __init__(self, edge: FakeEdge, off_by_seconds: float = 0) -> None:
        self._edge = edge
        self.off_by_seconds = off_by_seconds
        self._pauses: asyncio.Queue[tuple[float, asyncio.Event]] = asyncio.Queue()

    def now(self) -> float:
        return self._edge.now + self.off_by_seconds

    async def sleep(self, seconds: float) -> None:
        over = asyncio.Event()
        self._pauses.put_nowait((seconds, over))
        try:
            await over.wait()
        finally:
            over.set()

    async def end_pause(self, which: Callable[[float], bool] = lambda _: True) -> float:
        """Wait until somebody pauses, let the time pass at once, and say how long it was."""
        others = []
        while True:
            seconds, over = await self._pauses.get()
            if over.is_set():
                continue
            if which(seconds):
                break
            others.append((seconds, over))
        for other in others:
            self._pauses.put_nowait(other)
        self._edge.now += seconds
        over.set()
        return seconds
