"""A clock that tests turn, and pauses that last until the test ends them."""

import asyncio

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
        await over.wait()

    async def end_pause(self) -> float:
        """Wait until somebody pauses, let the time pass at once, and say how long it was."""
        seconds, over = await self._pauses.get()
        self._edge.now += seconds
        over.set()
        return seconds
