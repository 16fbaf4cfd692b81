"""Tells followers that a shard has grown: at once what this process committed, by a poll what others did.

One query serves all followers of a process (DESIGN section 4, Relay: "a 50 ms poll of log.shard is the fallback").
A missed wake-up costs one poll interval, never an event: followers read from their own position, through ``tail``,
which keeps what this process has just committed so that nobody has to read it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from pushward.errors import UnavailableError
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.port import LogReader
from pushward.eventlog.tail import LogTail

POLL_SECONDS: Final = 0.05
AWAY_SECONDS: Final = 0.5

_log = structlog.get_logger(__name__)


class HeadWatch:
    """The known last position of each shard, and a way to wait until one of them moves."""

    def __init__(self, reader: LogReader, *, poll_seconds: float = POLL_SECONDS) -> None:
        self.tail = LogTail(reader)
        self._reader = reader
        self._poll_seconds = poll_seconds
        self._heads: dict[int, int] = {}
        self._moved: dict[int, asyncio.Event] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to poll."""
        self._task = asyncio.create_task(self._poll(), name="head-watch")

    async def stop(self) -> None:
        """Ends the poll."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def head(self, shard: int) -> int:
        """The last position of a shard that this process knows of; 0 if none."""
        return self._heads.get(shard, 0)

    def committed(self, events: Sequence[StoredEvent]) -> None:
        """This process has just committed these events of a shard (a CommitHook): wakes who waits for it."""
        self.tail.keep(events)
        self._moved_to(events[-1].shard, events[-1].position)

    async def beyond(self, shard: int, position: int) -> int:
        """Waits until the shard's head is greater than ``position``; returns the head."""
        while (head := self._heads.get(shard, 0)) <= position:
            moved = self._moved.setdefault(shard, asyncio.Event())
            moved.clear()
            await moved.wait()
        return head

    def _moved_to(self, shard: int, position: int) -> None:
        if position > self._heads.get(shard, 0):
            self._heads[shard] = position
            if (moved := self._moved.get(shard)) is not None:
                moved.set()

    async def _poll(self) -> None:
        while True:
            try:
                for shard, position in (await self._reader.heads()).items():
                    self._moved_to(shard, position)
                await asyncio.sleep(self._poll_seconds)
            except UnavailableError as error:
                _log.warning("heads_unavailable", reason=error.message)
                await asyncio.sleep(AWAY_SECONDS)
            except Exception:
                _log.exception("heads_failed")  # whoever follows the log depends on this loop: it never ends by itself
                await asyncio.sleep(AWAY_SECONDS)
