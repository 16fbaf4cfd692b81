"""Counts a span of windows of one shard anew, and says where stored rows differ: each row at its own position.

A row says how far it was counted. So a row that is merely behind is told from one that is wrong: up to its position,
its figures must be exactly those of the log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.insights.domain import bombing
from services.insights.domain.bombing import Recent
from services.insights.domain.counting import EMPTY, WindowCount, makes_suspicious, window_after
from services.insights.domain.figures import Figures
from services.insights.domain.happening import Happening
from services.insights.domain.rows import Row, RowKey
from services.insights.domain.windows import window_of

OF_AN_EARLIER_EPOCH: Final = -1
"""The position of a row whose position belongs to an earlier epoch: it can't be compared, and is behind."""


class Drift(StrEnum):
    """How a row can differ from the log."""

    MISSING = "missing"  # the log has events, the table has no row
    BEHIND = "behind"  # right up to its position, but the log goes on
    MISCOUNTED = "miscounted"  # not what the log amounts to at the row's position
    UNFOUNDED = "unfounded"  # the log has no event for it


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that differs: as it is stored, and as the log has it; None where one of them has no such row."""

    drift: Drift
    key: RowKey
    stored: Row | None
    counted: Row | None


class Recounting:
    """Folds one shard's events in their order. Rows are made for windows from ``since`` to before ``until``."""

    def __init__(self, since: int, until: int, stored: Iterable[Row]) -> None:
        self._since = since
        self._until = until
        self._stored: Mapping[RowKey, Row] = {row.key: row for row in stored}
        self._right: set[RowKey] = set()
        self._recent: dict[str, Recent] = {}
        self._windows: dict[RowKey, WindowCount] = {}
        self._services: dict[RowKey, str] = {}
        self.events = 0

    def take(self, event: Happening) -> None:
        """Counts an event. Those before ``since`` only prepare the rule on bursts."""
        recent = self._recent[event.factor_sid] = bombing.after(self._recent.get(event.factor_sid, ()), event)
        window = window_of(event.at_ms)
        if not self._since <= window < self._until:
            return
        of_factor = RowKey(window, event.factor_sid, event.shard)
        suspicious = makes_suspicious(self._windows.get(of_factor, EMPTY), recent, event)
        for key in (of_factor, RowKey(window, event.service_sid, event.shard)):
            self._count(key, event, suspicious=suspicious)
        self.events += 1

    def differences(self) -> tuple[Difference, ...]:
        """Every row that differs, in order."""
        keys = sorted(self._stored.keys() | self._windows.keys())
        return tuple(found for key in keys if (found := self._difference(key)) is not None)

    @property
    def rows(self) -> int:
        """How many rows the log amounts to."""
        return len(self._windows)

    def _count(self, key: RowKey, event: Happening, *, suspicious: bool) -> None:
        counted = window_after(self._windows.get(key, EMPTY), event, suspicious=suspicious)
        self._windows[key] = counted
        self._services[key] = event.service_sid
        stored = self._stored.get(key)
        if stored is not None and stored.position == event.position and _same(stored, counted, event.service_sid):
            self._right.add(key)

    def _difference(self, key: RowKey) -> Difference | None:
        stored, counted = self._stored.get(key), self._counted(key)
        if counted is None:
            return Difference(Drift.UNFOUNDED, key, stored, None)
        if stored is None:
            return Difference(Drift.MISSING, key, None, counted)
        if stored.position == OF_AN_EARLIER_EPOCH:
            return Difference(Drift.BEHIND, key, stored, counted)
        if key not in self._right:
            return Difference(Drift.MISCOUNTED, key, stored, counted)
        if stored.position < counted.position:
            return Difference(Drift.BEHIND, key, stored, counted)
        return None

    def _counted(self, key: RowKey) -> Row | None:
        window = self._windows.get(key)
        if window is None:
            return None
        return Row(key, self._services[key], window.position, window.figures)


def _same(stored: Row, counted: WindowCount, service_sid: str) -> bool:
    return stored.figures == counted.figures and stored.service_sid == service_sid


def differing(stored: Figures, counted: Figures) -> tuple[str, ...]:
    """The names of the figures that differ."""
    return tuple(name for name in Figures.__dataclass_fields__ if getattr(stored, name) != getattr(counted, name))
