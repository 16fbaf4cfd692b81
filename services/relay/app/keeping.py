"""Writes acknowledged positions to the leases: all shards in one statement, one statement at a time.

A kept position that lags costs duplicates where retention has emptied a partition, never a hole. So no send waits for
it, and what is acknowledged while a write runs goes with the next.
"""

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from pushward.errors import UnavailableError
from services.relay.app.ports import Leases, Progress
from services.relay.app.trust import LeaseLostError

KEEP_SECONDS: Final = 0.05
"""Between two writes: twenty a second are enough to keep, and nothing to the database."""
AWAY_SECONDS: Final = 0.5

_log = structlog.get_logger(__name__)


class Keeping:
    """What is acknowledged and not yet kept. ``lost`` is told of shards that turn out to be another's."""

    def __init__(self, leases: Leases, owner: UUID, lost: Callable[[Progress], None]) -> None:
        self._leases = leases
        self._owner = owner
        self._lost = lost
        self._waiting: dict[int, Progress] = {}
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()

    def add(self, progress: Progress) -> None:
        """Will be kept soon."""
        self._waiting[progress.shard] = progress
        self._news.set()

    async def at_once(self, progress: Progress) -> None:
        """Is kept when this returns, and nothing older comes after it. Raises LeaseLostError, UnavailableError."""
        async with self._writing:
            self._waiting.pop(progress.shard, None)  # not before: a write that fails puts back what it took
            held = await self._leases.keep(self._owner, [progress])
        if progress.shard not in held:
            raise LeaseLostError

    async def run(self) -> None:
        """Keeps until it is cancelled."""
        while True:
            await self._news.wait()
            try:
                await self.flush()
                await asyncio.sleep(KEEP_SECONDS)
            except UnavailableError as error:
                _log.warning("positions_not_kept", reason=error.message)
                await asyncio.sleep(AWAY_SECONDS)
            except Exception:
                _log.exception("keeping_failed")  # the loops go on without it, so it never ends by itself
                await asyncio.sleep(AWAY_SECONDS)

    async def flush(self) -> None:
        """Keeps what waits. Raises UnavailableError; then it still waits."""
        async with self._writing:
            self._news.clear()
            taken, self._waiting = self._waiting, {}
            if not taken:
                return
            try:
                held = await self._leases.keep(self._owner, list(taken.values()))
            except BaseException:
                self._waiting = {**taken, **self._waiting}
                self._news.set()
                raise
        for shard, progress in taken.items():
            if shard not in held:
                self._lost(progress)
