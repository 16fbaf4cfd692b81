"""A challenge as its events have made it.

    pending ──► approved | denied      its device answered, or a right code was given
       ├──────► pending                a code is looked at, at most ATTEMPTS_MAX times
       └──────► expired                its date passed
    any of them ──► closed             its factor was deleted; nobody sees it any more

Approved, denied and expired never become one another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

from pushward.eventlog.event import Recorded
from pushward.ids import Sid
from pushward.values import FactorType, Sealed
from services.challenge.domain.events import (
    ChallengeApproved,
    ChallengeAttempted,
    ChallengeClosed,
    ChallengeCreated,
    ChallengeDenied,
    ChallengeExpired,
    Event,
    NotificationFailed,
    NotificationRequested,
)

ATTEMPTS_MAX: Final = 5
"""Codes that are looked at for one challenge (contract section 1c, 60308)."""
NOTIFICATIONS_MAX: Final = 3
"""Pushes of a challenge that may be asked for after the first (contract section 10, *Notifications*)."""


class Status(StrEnum):
    """Where a challenge stands."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A row of ``challenge.challenge``. A closed one keeps no sealed value.

    ``attempts`` are the codes looked at, ``notifications`` the pushes that were asked for; the first push is none.
    """

    stream_id: UUID
    version: int
    sid: Sid
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType
    status: Status
    details: Sealed | None
    hidden_details: Sealed | None
    metadata: Sealed | None
    receipt: Sealed | None
    expiration_date: datetime
    date_created: datetime
    date_updated: datetime
    date_responded: datetime | None
    attempts: int = 0
    notifications: int = 0

    def is_due(self, now: datetime) -> bool:
        """Whether its date has passed, but no event says so yet."""
        return self.status is Status.PENDING and self.expiration_date <= now


@dataclass(frozen=True, slots=True)
class ChallengeState:
    """A challenge's stream: nothing yet, or the challenge."""

    challenge: Challenge | None = None

    @property
    def version(self) -> int:
        """The version of the last event."""
        return self.challenge.version if self.challenge else 0

    @property
    def recorded_at(self) -> datetime | None:
        """The time of the last event."""
        return self.challenge.date_updated if self.challenge else None

    def records(self) -> Iterable[Challenge]:
        """The one row, if there is one."""
        return (self.challenge,) if self.challenge else ()


INITIAL: Final = ChallengeState()


def evolve(state: ChallengeState, event: Event, recorded: Recorded) -> ChallengeState:
    """The state after ``event``."""
    challenge = state.challenge
    if isinstance(event, ChallengeCreated):
        assert challenge is None, "a challenge is created once"
        return ChallengeState(_created(event, recorded))

    assert challenge is not None, "a challenge begins with its creation"
    assert challenge.sid == event.challenge_sid, "an event stays in its own stream"
    challenge = replace(challenge, version=recorded.version, date_updated=recorded.recorded_at)
    match event:
        case ChallengeApproved() | ChallengeDenied():
            assert challenge.status is Status.PENDING, "only a pending challenge is answered"
            assert recorded.recorded_at <= challenge.expiration_date, "nobody answers past the date"
            return ChallengeState(
                replace(
                    challenge,
                    status=Status.APPROVED if isinstance(event, ChallengeApproved) else Status.DENIED,
                    receipt=event.receipt,
                    metadata=event.metadata,
                    date_responded=recorded.recorded_at,
                )
            )
        case ChallengeAttempted():
            assert challenge.factor_type is FactorType.TOTP, "only TOTP factors take codes"
            assert challenge.status is Status.PENDING, "only a pending challenge is attempted"
            assert event.attempt == challenge.attempts + 1 <= ATTEMPTS_MAX, "attempts are counted"
            return ChallengeState(replace(challenge, attempts=event.attempt))
        case ChallengeExpired():
            assert challenge.status is Status.PENDING, "only a pending challenge expires"
            assert challenge.expiration_date <= recorded.recorded_at, "it expires when its date has passed"
            return ChallengeState(replace(challenge, status=Status.EXPIRED))
        case NotificationRequested():
            assert challenge.status is Status.PENDING, "only a pending challenge is pushed"
            assert challenge.notifications < NOTIFICATIONS_MAX, "three more pushes, and no fourth"
            return ChallengeState(replace(challenge, notifications=challenge.notifications + 1))
        case NotificationFailed():
            return ChallengeState(challenge)
        case ChallengeClosed():
            assert challenge.status is not Status.CLOSED, "it is closed once"
            return ChallengeState(
                replace(challenge, status=Status.CLOSED, details=None, hidden_details=None, metadata=None, receipt=None)
            )
        case _:
            assert_never(event)


def _created(event: ChallengeCreated, recorded: Recorded) -> Challenge:
    assert event.expiration_date > recorded.recorded_at, "a challenge begins before it ends"
    return Challenge(
        stream_id=recorded.stream_id,
        version=recorded.version,
        sid=event.challenge_sid,
        account_sid=event.account_sid,
        service_sid=event.service_sid,
        entity_sid=event.entity_sid,
        identity=event.identity,
        factor_sid=event.factor_sid,
        factor_type=event.factor_type,
        status=Status.PENDING,
        details=event.details,
        hidden_details=event.hidden_details,
        metadata=None,
        receipt=None,
        expiration_date=event.expiration_date,
        date_created=recorded.recorded_at,
        date_updated=recorded.recorded_at,
        date_responded=None,
        notifications=0,
    )
