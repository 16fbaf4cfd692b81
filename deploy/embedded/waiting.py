"""Waiting for a condition, with a bound."""

import time
from collections.abc import Callable
from typing import Final

POLL_INTERVAL_SECONDS: Final = 0.005


def wait_until(condition: Callable[[], bool], timeout_seconds: float) -> bool:
    """Whether ``condition`` came true within the time; looked at every few milliseconds."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_INTERVAL_SECONDS)
    return True
