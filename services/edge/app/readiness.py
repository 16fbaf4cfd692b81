"""Whether requests can be served, found out at most once a second, however many ask.

Finding out costs queries and calls, and anybody may ask: whoever comes meanwhile waits for the same answer, and within
the second after it gets that one again. What stands in the way is named for everybody, why is for operators.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

FRESH_SECONDS: Final = 1.0
"""How old an answer may be; counted from when it was known, so that slow ones don't follow each other closely."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """What isn't ready; and why, in one line, which may hold inner text."""

    component: str
    reason: str

    def __str__(self) -> str:
        return f"{self.component}: {self.reason}"


Check = Callable[[], Awaitable[NotReady | None]]
"""None when requests can be served."""


class Readiness:
    """A check whose answer is shared."""

    def __init__(self, check: Check, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._check = check
        self._monotonic = monotonic
        self._latest: asyncio.Task[NotReady | None] | None = None
        self._fresh_until = 0.0

    async def __call__(self) -> NotReady | None:
        """An answer that is at most FRESH_SECONDS old. Raises what the check raises, to all who share it."""
        latest = self._latest
        if latest is None or (latest.done() and self._monotonic() >= self._fresh_until):
            latest = self._latest = asyncio.create_task(self._found_out(), name="readiness")
        # One who leaves doesn't take the answer from the others.
        return await asyncio.shield(latest)

    async def stop(self) -> None:
        """Gives up a check that is under way."""
        if self._latest is not None:
            self._latest.cancel()
            await asyncio.gather(self._latest, return_exceptions=True)

    async def _found_out(self) -> NotReady | None:
        try:
            return await self._check()
        finally:
            self._fresh_until = self._monotonic() + FRESH_SECONDS
