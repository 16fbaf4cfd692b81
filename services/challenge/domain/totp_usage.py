"""How often a TOTP factor was challenged lately, on a stream of the factor's own: each creation counts (60312).

Every creation appends to this stream with the version that it saw, so the limit holds for parallel creations in
however many processes, and after a restart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from pushward import error_codes
from pushward.errors import TooManyRequestsError
from pushward.eventlog.event import Recorded
from services.challenge.domain.events import ChallengeCreated, TotpChallengeCounted


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``creations_max`` within each ``window``."""

    creations_max: int
    window: timedelta


SHORT_CODE_LENGTH_MAX: Final = 4
LIMITS_OF_SHORT_CODES: Final = (Limit(10, timedelta(hours=24)),)
LIMITS_OF_LONG_CODES: Final = (Limit(50, timedelta(hours=1)), Limit(100, timedelta(hours=24)))
KEPT: Final = timedelta(hours=24)
"""No limit looks back further; what is older is forgotten."""


@dataclass(frozen=True, slots=True)
class TotpUsage:
    """A row of ``challenge.totp_usage``: when the factor was challenged, as far as it matters, in order."""

    stream_id: UUID
    version: int
    factor_sid: str
    creations: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class TotpUsageState:
    """The stream: nothing yet, or the usage."""

    usage: TotpUsage | None = None

    @property
    def version(self) -> int:
        """The version of the last event."""
        return self.usage.version if self.usage else 0

    @property
    def recorded_at(self) -> datetime | None:
        """The time of the last event."""
        return self.usage.creations[-1] if self.usage else None

    @property
    def creations(self) -> tuple[datetime, ...]:
        """When the factor was challenged."""
        return self.usage.creations if self.usage else ()

    def records(self) -> Sequence[TotpUsage]:
        """The one row, if there is one."""
        return (self.usage,) if self.usage else ()


INITIAL_USAGE: Final = TotpUsageState()


def decide_count(
    state: TotpUsageState, created: ChallengeCreated, code_length: int, now: datetime
) -> list[TotpChallengeCounted]:
    """The creation, counted. Raises TooManyRequestsError 60312, which says when there may be another."""
    seconds = seconds_to_wait(state.creations, code_length, now)
    if seconds > 0:
        raise TooManyRequestsError(
            "This factor was challenged too often lately. Try again later.",
            code=error_codes.CHALLENGE_CREATIONS_EXHAUSTED,
            retry_after_seconds=seconds,
        )
    return [
        TotpChallengeCounted(
            factor_sid=created.factor_sid,
            account_sid=created.account_sid,
            service_sid=created.service_sid,
            entity_sid=created.entity_sid,
            identity=created.identity,
            challenge_sid=created.challenge_sid,
        )
    ]


def seconds_to_wait(creations: Sequence[datetime], code_length: int, now: datetime) -> int:
    """How long until a factor with codes of this length may be challenged again; 0 if it may be now.

    ``creations`` are in order. The shorter its codes, the sooner they are guessed.
    """
    limits = LIMITS_OF_SHORT_CODES if code_length <= SHORT_CODE_LENGTH_MAX else LIMITS_OF_LONG_CODES
    waits = [
        creations[-limit.creations_max] + limit.window - now
        for limit in limits
        if len(creations) >= limit.creations_max
    ]
    return max(0, *(ceil(wait.total_seconds()) for wait in waits)) if waits else 0


def evolve_usage(state: TotpUsageState, event: TotpChallengeCounted, recorded: Recorded) -> TotpUsageState:
    """The usage after ``event``."""
    assert state.version + 1 == recorded.version
    assert state.usage is None or state.usage.factor_sid == event.factor_sid, "an event stays in its own stream"
    recent = tuple(at for at in state.creations if at > recorded.recorded_at - KEPT)
    creations = (*recent, recorded.recorded_at)
    assert len(creations) <= max(limit.creations_max for limit in LIMITS_OF_LONG_CODES)
    return TotpUsageState(TotpUsage(recorded.stream_id, recorded.version, event.factor_sid, creations))
