"""Runs a command: load, decide, append with the version that was seen; on a conflict load again.

    plan()  → Plan: the streams it would change, with the events it decided, and what it only read
    append  → taken: the states after; VersionConflict, GuardMoved, TooLate: plan() again
    8 times lost → TooManyRequestsError (contract section 10, *Conflicts*)

Commands on one stream take turns within a process, so they conflict only with other processes.
"""

import asyncio
import weakref
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from pushward import ids
from pushward.errors import TooManyRequestsError
from pushward.eventlog.aggregate import Aggregate, State
from pushward.eventlog.envelope import new_events, recorded
from pushward.eventlog.event import Origin
from pushward.eventlog.port import (
    Append,
    EventLog,
    Guard,
    GuardMovedError,
    StateRow,
    StreamWrite,
    TooLateError,
    VersionConflictError,
)

ATTEMPTS_MAX: Final = 8
CONFLICT_RETRY_AFTER_SECONDS: Final = 1

S = TypeVar("S", bound=State)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change(Generic[S]):
    """What was decided for one stream: ``events`` upon ``state``, loaded at ``now`` (the database's clock)."""

    aggregate: Aggregate[S]
    stream_id: UUID
    state: S
    events: Sequence[Any]  # Any: event classes of the aggregate's domain
    now: datetime


@dataclass(frozen=True, slots=True)
class Plan(Generic[T]):
    """What a command has come to. ``result`` gets the states after, in the changes' order; no events, no append."""

    changes: Sequence[Change[Any]]  # Any: streams of several kinds may change together
    result: Callable[[Sequence[Any]], T]  # Any: the states after, of the changes' kinds
    guards: Sequence[Guard] = ()
    not_after: datetime | None = None


class CommandRunner:
    """Runs commands against one log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._turns: weakref.WeakValueDictionary[UUID, asyncio.Lock] = weakref.WeakValueDictionary()

    async def run(self, turn: UUID, origin: Origin, plan: Callable[[], Awaitable[Plan[T]]]) -> T:
        """Plans and appends until the append is taken; ``turn`` is the stream that commands queue for.

        Raises what ``plan`` raises, TooManyRequestsError (429, 20429) after ATTEMPTS_MAX lost tries, and the log's
        UnavailableError.
        """
        lock = self._turns.setdefault(turn, asyncio.Lock())
        async with lock:
            for _ in range(ATTEMPTS_MAX):
                planned = await plan()
                append, after = compose(planned, origin)
                if append is None:
                    return planned.result(after)
                try:
                    await self._log.append(append)
                except (VersionConflictError, GuardMovedError, TooLateError):
                    continue
                return planned.result(after)
        raise TooManyRequestsError(
            "Too many commands on the same entity at once. Try again later.",
            retry_after_seconds=CONFLICT_RETRY_AFTER_SECONDS,
        )


def compose(plan: Plan[Any], origin: Origin) -> tuple[Append | None, list[Any]]:  # Any: as in Plan
    """The append that a plan amounts to, None if nothing is to be appended, and the states after it."""
    writes: list[StreamWrite] = []
    rows: list[StateRow] = []
    after: list[Any] = []  # Any: states of several kinds
    for change in plan.changes:
        state = change.state
        if change.events:
            # A database's clock may be set back; a stream's time may not (DESIGN section 5, Audit).
            recorded_at = max(change.now, state.recorded_at) if state.recorded_at else change.now
            events = new_events(
                change.aggregate.codec,
                change.events,
                stream_id=change.stream_id,
                after_version=state.version,
                recorded_at=recorded_at,
                origin=origin,
            )
            writes.append(StreamWrite(change.stream_id, state.version, events))
            state = change.aggregate.fold(
                state, [(event, recorded(new)) for event, new in zip(change.events, events, strict=True)]
            )
            rows.extend(change.aggregate.rows(state, change.state.version))
        after.append(state)
    if not writes:
        return None, after
    shard = ids.shard_of_stream(writes[0].stream_id)
    return Append(shard, tuple(writes), tuple(plan.guards), plan.not_after, tuple(rows)), after
