"""Work that is done again and again in the background: sweeping, pruning. Crash-only, in no order among processes."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from pushward.errors import PushwardError

_log = structlog.get_logger(__name__)


class Periodic:
    """Takes a turn, pauses, takes the next. A turn that fails is logged; the next one may do.

    ``turn`` says whether there is more to do at once, instead of after the pause.
    """

    def __init__(self, name: str, turn: Callable[[], Awaitable[bool]], *, pause_seconds: float) -> None:
        self._name = name
        self._turn = turn
        self._pause_seconds = pause_seconds
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins with a turn."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Finishes the turn under way."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stopping.is_set():
            if not await self._take_turn():
                await self._pause()

    async def _take_turn(self) -> bool:
        try:
            return await self._turn()
        except PushwardError as error:
            _log.warning("turn_unavailable", work=self._name, reason=error.message)
        except Exception:
            _log.exception("turn_failed", work=self._name)
        return False

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), self._pause_seconds)
        except TimeoutError:
            return
