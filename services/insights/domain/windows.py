"""Windows of time: tumbling, aligned to the epoch of Unix time, named by their first second.

An event belongs to the window of its ``recorded_at``. That is read from the database's clock before the append waits
for its shard, so an event may reach the log a little after its window has ended: at most ``LATE_SECONDS_MAX``, which no
request outlives. A window older than that is *closed*: nothing more can come.
"""

from typing import Final

WINDOW_SECONDS: Final = 300
LATE_SECONDS_MAX: Final = 60
WINDOWS_READ_MAX: Final = 2_016  # a week


def window_of(at_ms: int) -> int:
    """The window of a moment (Unix milliseconds)."""
    return floor(at_ms // 1000)


def floor(at_seconds: int) -> int:
    """The window that a second lies in."""
    return at_seconds - at_seconds % WINDOW_SECONDS


def ceiling(at_seconds: int) -> int:
    """The first window that begins at this second or later."""
    return floor(at_seconds + WINDOW_SECONDS - 1)


def is_closed(window: int, now_seconds: int) -> bool:
    """Whether nothing more can be counted in a window."""
    return window + WINDOW_SECONDS + LATE_SECONDS_MAX <= now_seconds


def closed_before(now_seconds: int) -> int:
    """All windows before this one are closed, and no others."""
    return floor(now_seconds - LATE_SECONDS_MAX)
