"""Whose fault it is that events can't be applied: the event's, or that of what we need.

    what we need is away, busy or not as it should be   → tried again for ever, smaller; nothing is passed over
    anything else, a batch                              → tried in halves, so that the culprit is found
    anything else, an event alone, TRIES_ALONE times    → poisonous: its stream is parked
    more than PARKED_STREAMS_MAX streams of a shard     → not the events' fault: the shard stops with an alarm

What is written down of an error is where and what, never its text, which may quote the event.
"""

from types import TracebackType
from typing import Final

import asyncpg

from pushward.errors import PushwardError, TooManyRequestsError, UnavailableError
from pushward.eventlog.port import AppendRejectedError

TRIES_ALONE: Final = 6
"""With the pauses in between (0.1 s, doubled each time) three seconds, for which the shard stands still."""

PARKED_STREAMS_MAX: Final = 100

_OF_THE_DATA: Final = frozenset({"21", "22", "23", "54", "P0"})
"""SQLSTATE classes that an event can cause: cardinality, data, constraints, sizes, what our own functions raise.

All others (a lost race, a missing table, a missing privilege, a full disk) would meet any event.
"""

_OUR_PACKAGES: Final = ("pushward.", "services.")
_MACHINERY: Final = ("pushward.eventlog.subscription", "pushward.database")


def is_outage(error: Exception) -> bool:
    """Whether the same may succeed later, or can't be the fault of one event."""
    match error:
        case UnavailableError() | TooManyRequestsError() | OSError() | MemoryError() | asyncpg.InterfaceError():
            return not isinstance(error, asyncpg.DataError)
        case asyncpg.PostgresError():
            return (error.sqlstate or "")[:2] not in _OF_THE_DATA
    return False


def told(error: Exception) -> str:
    """What went wrong and where, without a word of the event: ``ValueError at services.webhook.app.candidates:40``."""
    words = [type(error).__name__]
    match error:
        case asyncpg.PostgresError():
            named = (error.sqlstate, error.table_name, error.column_name, error.constraint_name)
            words += [str(word) for word in named if word]
        case UnavailableError() if isinstance(error.__cause__, Exception):
            words.append(f"({told(error.__cause__)})")
        case PushwardError():
            words.append(str(error.code))
        case AppendRejectedError() if isinstance(error.__cause__, Exception):
            words.append(f"({told(error.__cause__)})")
    place = _place(error.__traceback__)
    return " ".join(words) + (f" at {place}" if place else "")


def _place(trace: TracebackType | None) -> str | None:
    """The innermost line of our own, the pool's and the subscription's machinery aside."""
    place = None
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith(_OUR_PACKAGES) and not module.startswith(_MACHINERY):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
