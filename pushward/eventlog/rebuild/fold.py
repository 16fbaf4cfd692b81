"""Folds events that come stream by stream, each stream from its first version: one stream in memory at a time.

The log has an index by stream and version, so a shard can be read in this order; whatever the length of the log, a
fold needs no more than the rows that wait to be written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pushward.eventlog.event import Recorded
from pushward.eventlog.postgres import HoleError
from pushward.eventlog.rebuild.projection import AnyAggregate, AnyTable

FOLD_COLUMNS: Final = "stream_id, version, position, type, schema, recorded_at, payload"
BEFORE_ALL: Final = UUID(int=0)
"""Less than every stream id."""

Rows = dict[str, list[tuple[Any, ...]]]
"""By table: rows with their place first. Any: column values."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Whole streams: their rows, the last of them, and how many events they had."""

    rows: Rows
    last_stream: UUID
    events: int


class StreamFold:
    """The rows that a shard's streams amount to."""

    def __init__(self, aggregates: Sequence[AnyAggregate], shard: int) -> None:
        self._by_type = {binding.type: aggregate for aggregate in aggregates for binding in aggregate.codec.bindings}
        self._shard = shard
        self._stream = BEFORE_ALL
        self._stream_events = 0
        self._state: Any = None  # Any: the state of the stream's kind
        self._changed: dict[tuple[str, Any], tuple[AnyTable, Any, int]] = {}  # Any: a key, a record
        self._rows: Rows = {}
        self._events = 0
        self._last_whole = BEFORE_ALL
        self.waiting_rows = 0

    def take(
        self,
        stream_id: UUID,
        version: int,
        position: int,
        type_number: int,
        schema: int,
        recorded_at: datetime,
        payload: bytes,
    ) -> None:
        """Folds one event: the next of its stream, or the first of a later one. Raises HoleError if it is neither."""
        aggregate = self._by_type[type_number]
        if stream_id != self._stream:
            self.finish()
            self._stream, self._state = stream_id, aggregate.initial
        before = self._state
        if version != before.version + 1:
            raise HoleError(f"stream {stream_id} jumps from version {before.version} to {version}")
        event = aggregate.codec.decode(type_number, schema, payload)
        self._state = after = aggregate.evolve(before, event, Recorded(stream_id, version, recorded_at))
        for record in after.records():
            if record.version > before.version:
                table = aggregate.tables[type(record)]
                key = tuple(getattr(record, name) for name in table.key)
                self._changed[table.name, key] = (table, record, position)
        self._stream_events += 1

    def finish(self) -> None:
        """No more events of the stream that came last: it is whole."""
        for table, record, position in self._changed.values():
            columns = table.row(record).columns
            self._rows.setdefault(table.name, []).append((self._shard, position, *columns))
        self.waiting_rows += len(self._changed)
        self._changed.clear()
        self._events += self._stream_events
        self._stream_events = 0
        self._last_whole = self._stream

    def drain(self) -> Folded:
        """What has become whole since the last time."""
        folded = Folded(self._rows, self._last_whole, self._events)
        self._rows, self._events, self.waiting_rows = {}, 0, 0
        return folded
