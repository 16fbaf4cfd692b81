"""Waits for a condition instead of for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

WAIT_SECONDS_MAX = 20.0
LOOK_SECONDS = 0.01


async def eventually(look: Callable[[], Awaitable[T]], expected: T, seconds_max: float = WAIT_SECONDS_MAX) -> None:
    """Looks until it sees ``expected``; fails with what it saw last."""
    deadline = time.monotonic() + seconds_max
    while (seen := await look()) != expected:
        assert time.monotonic() < deadline, f"still {seen!r} instead of {expected!r}"
        await asyncio.sleep(LOOK_SECONDS)


async def until(holds: Callable[[], Awaitable[bool]], seconds_max: float = WAIT_SECONDS_MAX) -> None:
    """Looks until the condition holds."""
    await eventually(holds, True, seconds_max)
