"""The value that a table keeps for a key, and what an event makes of it.

A key's events all lie in one shard, so their positions are in order: a factor, or a service on one shard. The value
remembers the last position that it took, and takes no event twice: whoever processes at least once counts once.

A value keeps few windows. What is older was stored long ago; an event for one that was dropped is left to the recount.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.insights.domain import bombing
from services.insights.domain.bombing import Recent
from services.insights.domain.figures import NOTHING, Figures
from services.insights.domain.happening import Happening
from services.insights.domain.windows import window_of

WINDOWS_KEPT: Final = 3


@dataclass(frozen=True, slots=True)
class WindowCount:
    """A window of a key: its figures, the last position counted in it, and the one that made it suspicious (or 0)."""

    figures: Figures
    position: int
    suspected_at: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """What a key's events amount to. ``recent`` is the factor's; a service has none."""

    service_sid: str = ""
    position: int = 0
    windows: Mapping[int, WindowCount] = field(default_factory=dict)
    recent: Recent = ()


NEW: Final = Count()
EMPTY: Final = WindowCount(NOTHING, 0)


def count_for_factor(count: Count, event: Happening) -> Count:
    """A factor's value after ``event``; as it was, if it had taken it."""
    if event.position <= count.position:
        return count
    recent = bombing.after(count.recent, event)
    suspicious = makes_suspicious(count.windows.get(window_of(event.at_ms), EMPTY), recent, event)
    return _counted(count, event, recent, suspicious=suspicious)


def made_suspicious(count: Count, event: Happening) -> bool:
    """Whether it was ``event`` that made a window of this factor suspicious: its value still says so later."""
    window = count.windows.get(window_of(event.at_ms))
    return window is not None and window.suspected_at == event.position


def count_for_service(count: Count, event: Happening, *, suspicious: bool) -> Count:
    """The value of a service on one shard after ``event``; as it was, if it had taken it."""
    if event.position <= count.position:
        return count
    return _counted(count, event, (), suspicious=suspicious)


def makes_suspicious(window: WindowCount, recent: Recent, event: Happening) -> bool:
    """Whether ``event``, already in ``recent``, makes this window of its factor suspicious: it does so once."""
    return not window.suspected_at and bombing.is_burst(recent, event)


def window_after(window: WindowCount, event: Happening, *, suspicious: bool) -> WindowCount:
    """A window with ``event`` counted."""
    return WindowCount(
        window.figures.with_event(event, suspicious=suspicious),
        event.position,
        event.position if suspicious else window.suspected_at,
    )


def _counted(count: Count, event: Happening, recent: Recent, *, suspicious: bool) -> Count:
    start = window_of(event.at_ms)
    windows = dict(count.windows)
    if start not in windows and len(windows) == WINDOWS_KEPT:
        oldest = min(windows)
        if start < oldest:
            return Count(event.service_sid, event.position, windows, recent)
        del windows[oldest]
    windows[start] = window_after(windows.get(start, EMPTY), event, suspicious=suspicious)
    return Count(event.service_sid, event.position, windows, recent)
