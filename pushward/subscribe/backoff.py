"""Waiting for a source that is away: longer each time, up to a bound, and said once."""

import asyncio
import random
from typing import Final

import structlog

SECONDS_MIN: Final = 0.1
SECONDS_MAX: Final = 5.0

_log = structlog.get_logger(__name__)


class Backoff:
    """The pauses between attempts at one thing."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._seconds = SECONDS_MIN
        self._told = False

    async def pause(self, reason: object) -> None:
        """Waits before the next attempt."""
        if not self._told:
            _log.warning("source_away", source=self._what, reason=str(reason))
            self._told = True
        await asyncio.sleep(self._seconds * random.uniform(0.5, 1))  # noqa: S311 - jitter
        self._seconds = min(self._seconds * 2, SECONDS_MAX)

    def succeeded(self) -> None:
        """An attempt went well."""
        if self._told:
            _log.info("source_back", source=self._what)
        self._seconds = SECONDS_MIN
        self._told = False
