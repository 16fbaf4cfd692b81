"""The moment that an audit asks about: a position of the entity's shard, a time, or now.

A time stands for a position, too: the last one before the shard's first event that was recorded later. Times of
different streams may interleave, so an event that was recorded earlier, but lies behind a later one, is not counted:
nobody who read the shard up to there had seen it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pushward.cli.errors import MISUSED, CommandError

POSITION_MAX: Final = 2**63 - 1
_POSITION: Final = re.compile(r"[0-9]{1,19}")
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class AtPosition:
    """With the events up to this position of the shard, this one included."""

    position: int


@dataclass(frozen=True, slots=True)
class AtTime:
    """With the events before the shard's first one that was recorded after this time."""

    time: datetime


@dataclass(frozen=True, slots=True)
class AtHead:
    """With all events that there are."""


Moment = AtPosition | AtTime | AtHead


def moment_of(text: str | None) -> Moment:
    """What ``--at`` says. Raises CommandError for what is neither a position nor an RFC 3339 time with its zone."""
    if text is None:
        return AtHead()
    if _POSITION.fullmatch(text) and 0 < int(text) <= POSITION_MAX:
        return AtPosition(int(text))
    if _TIME.fullmatch(text):
        try:
            return AtTime(datetime.fromisoformat(text.upper()).astimezone(UTC))
        except (ValueError, OverflowError):
            pass
    raise CommandError(
        "--at is a position of the shard (1, 2, 3, …) or a time with its zone, as 2026-02-03T04:05:06Z.", MISUSED
    )
