"""Folds a stream's events by the same ``evolve`` that wrote the state tables, and keeps each step.

Folding ends before the first event that can't be trusted or doesn't follow: what comes behind it proves nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pushward.cli.audit.evidence import NOT_READABLE, Flaw
from pushward.eventlog.aggregate import Aggregate, State
from pushward.eventlog.event import Recorded, StoredEvent

S = TypeVar("S", bound=State)


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """An event of a stream, with the state before and after it."""

    stored: StoredEvent
    event: Any  # Any: one of the domain's event classes
    before: S
    after: S


@dataclass(frozen=True, slots=True)
class Folded(Generic[S]):
    """A stream: its steps, the state that they come to, and why folding ended early, if it did."""

    steps: Sequence[Step[S]]
    state: S
    flaw: Flaw | None


def fold(aggregate: Aggregate[S], events: Sequence[StoredEvent], flawed_positions: Collection[int]) -> Folded[S]:
    """``events`` of one stream in order. An event at a flawed position ends it; that flaw was told already."""
    state = aggregate.initial
    steps: list[Step[S]] = []
    for stored in events:
        if stored.position in flawed_positions:
            return Folded(steps, state, None)
        if stored.version != state.version + 1:
            return Folded(steps, state, _flaw(stored, f"version {stored.version} follows version {state.version}"))
        try:
            event = aggregate.codec.decode(stored.type, stored.schema, stored.payload)
            recorded = Recorded(stored.stream_id, stored.version, stored.recorded_at)
            after = aggregate.evolve(state, event, recorded)
        except NOT_READABLE:
            return Folded(steps, state, _flaw(stored, "the event can't be read"))
        except AssertionError as error:
            return Folded(steps, state, _flaw(stored, f"the event can't follow: {str(error) or 'refused'}"))
        steps.append(Step(stored, event, state, after))
        state = after
    return Folded(steps, state, None)


def _flaw(stored: StoredEvent, text: str) -> Flaw:
    return Flaw(stored.shard, stored.position, f"stream {stored.stream_id}: {text}")
