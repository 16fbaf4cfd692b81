"""Counts events into two keyed tables, and says which rows changed.

    factor     a factor's SID                 all its events lie in one shard
    service    a service's SID and a shard    merged over the shards when read

The factor comes first: its value says which event made a window suspicious, also to an event that is seen again after
a crash between the two. Keys that nothing happened to for KEPT_SECONDS are dropped, a few at each event of their shard,
so the tables hold no more than the keys of that time.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from typing import Final

from pushward import ids
from services.insights.domain.counting import NEW, Count, count_for_factor, count_for_service, made_suspicious
from services.insights.domain.happening import Happening
from services.insights.domain.rows import Row, RowKey
from services.insights.domain.windows import window_of

KEPT_SECONDS: Final = 900
DROPPED_AN_EVENT_MAX: Final = 4

Table = MutableMapping[str, Count]


class Tally:
    """The tables of a counter, and the rows that were not stored yet. Not for two tasks at once."""

    def __init__(self, factors: Table, services: Table) -> None:
        self._factors = _Aged(factors)
        self._services = _Aged(services)
        self._unsaved: dict[RowKey, Row] = {}

    @property
    def unsaved(self) -> int:
        """How many rows are to be stored."""
        return len(self._unsaved)

    def recovered(self) -> None:
        """The tables were read back: any of their rows may not have been stored."""
        for sid, count in self._factors.read_back(ids.shard_of_sid):
            self._changed(sid, ids.shard_of_sid(sid), count, count.windows)
        for key, count in self._services.read_back(_shard_of_service):
            self._changed(key.partition("/")[0], _shard_of_service(key), count, count.windows)

    def take(self, event: Happening) -> None:
        """Counts an event, unless a value has it already."""
        window = window_of(event.at_ms)
        factor = count_for_factor(self._factors.get(event.factor_sid), event)
        self._factors.put(event.factor_sid, event, factor)
        self._changed(event.factor_sid, event.shard, factor, (window,))
        key = f"{event.service_sid}/{event.shard}"
        service = count_for_service(self._services.get(key), event, suspicious=made_suspicious(factor, event))
        self._services.put(key, event, service)
        self._changed(event.service_sid, event.shard, service, (window,))

    def take_unsaved(self, at_most: int) -> Sequence[Row]:
        """Rows to store now, the oldest first."""
        return [self._unsaved.pop(key) for key in list(self._unsaved)[:at_most]]

    def give_back(self, rows: Iterable[Row]) -> None:
        """These couldn't be stored."""
        self._unsaved = {row.key: row for row in rows} | self._unsaved

    def _changed(self, sid: str, shard: int, count: Count, windows: Iterable[int]) -> None:
        for window in windows:
            counted = count.windows.get(window)
            if counted is not None:
                key = RowKey(window, sid, shard)
                self._unsaved[key] = Row(key, count.service_sid, counted.position, counted.figures)


class _Aged:
    """A table, and which of its keys nothing happened to for how long."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._touched: dict[int, OrderedDict[str, int]] = {}  # by shard: key and last event, the oldest first

    def get(self, key: str) -> Count:
        return self._table.get(key, NEW)

    def put(self, key: str, event: Happening, count: Count) -> None:
        """Keeps a value that ``event`` has made, or left; drops old keys of the same shard."""
        if count.position == event.position:
            self._table[key] = count
        touched = self._touched.setdefault(event.shard, OrderedDict())
        touched[key] = event.at_ms
        touched.move_to_end(key)
        for _ in range(DROPPED_AN_EVENT_MAX):
            oldest, at_ms = next(iter(touched.items()))
            if event.at_ms - at_ms <= KEPT_SECONDS * 1000:
                break
            del touched[oldest]
            self._table.pop(oldest, None)

    def read_back(self, shard_of: Callable[[str], int]) -> Iterable[tuple[str, Count]]:
        self._touched.clear()
        for key, count in sorted(self._table.items(), key=lambda item: max(item[1].windows, default=0)):
            self._touched.setdefault(shard_of(key), OrderedDict())[key] = max(count.windows, default=0) * 1000
            yield key, count


def _shard_of_service(key: str) -> int:
    return int(key.partition("/")[2])
