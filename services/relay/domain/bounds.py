"""What one call for events may cost: named bounds, and where a page ends."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

EVENTS_DEFAULT: Final = 100
EVENTS_MAX: Final = 500
ROWS_MAX: Final = 2_000
"""Events looked at, whoever's they are."""
PAGE_BYTES_MAX: Final = 1024 * 1024
"""Of envelopes and payloads; one event is always given."""
WAIT_SECONDS_MAX: Final = 25
"""Below what proxies wait for an answer."""
WAITING_MAX: Final = 2_000
"""Calls that wait at once in a process."""
WAITING_PER_ACCOUNT_MAX: Final = 256

T = TypeVar("T")


def page(events: Iterable[tuple[T, int]], limit: int) -> Sequence[T]:
    """As many of the first events, each with its size in bytes, as one page takes."""
    taken: list[T] = []
    left = PAGE_BYTES_MAX
    for event, size in events:
        left -= size
        if len(taken) == limit or (taken and left < 0):
            break
        taken.append(event)
    return taken
