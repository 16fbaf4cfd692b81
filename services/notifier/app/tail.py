"""The tail of all shards, read once in this process and handed to every follower.

    idle ──first follower──► reading, from the heads as they are then ──last one leaves──► idle

A follower that joins sees all that is committed from then on. It has a bounded queue; one that doesn't empty it is
ended with an error, and comes back when it can. The database being away delays signals and loses none; a log with a
hole ends all followers: what comes after it can't be trusted to be all.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from pushward.api.notifier.v1.notifier_pb2 import Signal
from pushward.errors import UnavailableError
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.port import LogReader
from services.notifier.app.signals import signal_of

WAITING_SIGNALS_MAX: Final = 4_096
READ_EVENTS_MAX: Final = 500
AWAY_SECONDS: Final = 0.2

_log = structlog.get_logger(__name__)


class Follower:
    """One follower's signals, in the order of each shard."""

    def __init__(self) -> None:
        self._signals: deque[Signal] = deque()
        self._news = asyncio.Event()
        self._ended: str | None = None

    def tell(self, signal: Signal) -> None:
        """A signal for the follower; one too many ends it."""
        if len(self._signals) >= WAITING_SIGNALS_MAX:
            self.end("The follower is too slow. Follow again.")
        else:
            self._signals.append(signal)
            self._news.set()

    def end(self, reason: str) -> None:
        """Nothing more comes."""
        if self._ended is None:
            self._ended = reason
            self._signals.clear()
            self._news.set()

    async def next(self) -> Signal:
        """The next signal. Raises UnavailableError once the follower was ended."""
        while not self._signals:
            if self._ended is not None:
                raise UnavailableError(self._ended)
            self._news.clear()
            await self._news.wait()
        return self._signals.popleft()


class Tail:
    """Reads while somebody follows."""

    def __init__(self, reader: LogReader, heads: HeadWatch) -> None:
        self._reader = reader
        self._heads = heads
        self._followers: set[Follower] = set()
        self._reading: list[asyncio.Task[None]] = []
        self._beginning = asyncio.Lock()
        self._stopped = False

    @asynccontextmanager
    async def following(self) -> AsyncIterator[Follower]:
        """A follower from which nothing is kept that is committed from now on. Raises UnavailableError."""
        async with self._beginning:
            if self._stopped:
                raise UnavailableError("This process is stopping.")
            if not self._reading:
                heads = await self._reader.heads()
                self._reading = [
                    asyncio.create_task(self._read(shard, head), name=f"notifier-tail-{shard}")
                    for shard, head in heads.items()
                ]
            follower = Follower()
            self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)
            if not self._followers:
                self._rest()

    async def stop(self) -> None:
        """Ends all followers."""
        self._stopped = True
        reading = self._reading
        self._end_all("This process is stopping.")
        await asyncio.gather(*reading, return_exceptions=True)

    async def _read(self, shard: int, position: int) -> None:
        while True:
            try:
                await self._heads.beyond(shard, position)
                for event in await self._reader.read(shard, position, READ_EVENTS_MAX):
                    position = event.position
                    if (signal := signal_of(event)) is not None:
                        for follower in tuple(self._followers):
                            follower.tell(signal)
            except UnavailableError as error:
                _log.warning("tail_unavailable", shard=shard, reason=error.message)
                await asyncio.sleep(AWAY_SECONDS)
            except Exception:
                _log.critical("tail_broken", shard=shard, exc_info=True)
                self._end_all("The log can't be followed now.")
                return

    def _end_all(self, reason: str) -> None:
        for follower in self._followers:
            follower.end(reason)
        self._followers.clear()
        self._rest()

    def _rest(self) -> None:
        current = asyncio.current_task()
        for task in self._reading:
            if task is not current:
                task.cancel()
        self._reading = []
