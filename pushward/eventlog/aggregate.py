"""What a stream's state is made by: ``evolve``, its codec, and the tables that its records are rows of.

A *state* holds *records*: frozen dataclasses, one for each row. Each record names the stream and the ``version`` of
the last event that changed it, so the rows that an append must write are those whose version is newer than the state
that was loaded; live tables and a replay come to the same rows by the same rule.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from pushward.eventlog.codec import Codec
from pushward.eventlog.event import Recorded
from pushward.eventlog.port import StateRow
from pushward.eventlog.table import Table


class Record(Protocol):
    """A row of a state table, as a frozen dataclass."""

    @property
    def stream_id(self) -> UUID:
        """The stream whose events make this row."""
        ...

    @property
    def version(self) -> int:
        """The version of the last event that changed this row."""
        ...


class State(Protocol):
    """All that a stream's events amount to. Immutable."""

    @property
    def version(self) -> int:
        """The version of the last event, 0 if there is none."""
        ...

    @property
    def recorded_at(self) -> datetime | None:
        """The time of the last event, None if there is none."""
        ...

    def records(self) -> Iterable[Record]:
        """Every row that this state consists of."""
        ...


S = TypeVar("S", bound=State)


@dataclass(frozen=True, slots=True)
class Aggregate(Generic[S]):
    """A kind of stream.

    ``evolve(state, event, recorded)`` is pure and total for every event that its decider makes; it asserts the
    decider's invariants again. ``initial`` is the state of a stream without events.
    """

    name: str
    initial: S
    evolve: Callable[[S, Any, Recorded], S]  # Any: one of the domain's event classes
    codec: Codec
    tables: Mapping[type[Any], Table[Any]]  # by record class; Any: a dataclass of the domain

    def fold(self, state: S, events: Iterable[tuple[Any, Recorded]]) -> S:  # Any: the domain's event classes
        """The state after ``events``."""
        for event, recorded in events:
            state = self.evolve(state, event, recorded)
        return state

    def rows(self, after: S, since_version: int) -> tuple[StateRow, ...]:
        """The rows of ``after`` that events newer than ``since_version`` have changed."""
        return tuple(
            self.tables[type(record)].row(record) for record in after.records() if record.version > since_version
        )
