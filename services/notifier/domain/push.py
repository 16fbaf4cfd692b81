"""A push: asks a device to look at a challenge. When it is tried again, and when it ends.

sent            the platform took it
dropped         its challenge is no longer pending, its factor is gone, its token is no longer valid, or its Ttl is over
undeliverable   no channel is configured for its platform
failed          tried ATTEMPTS_MAX times, or older than AGE_SECONDS_MAX: by then the device has polled, or nobody waits
due again       anything else: 1 s, 2 s, 4 s, … later, each ± 20 %, if that is within its Ttl

A push that ended unsent while somebody may still answer has *failed for its tenant*, whatever its status: challenge is
told (``unsent``), from where webhooks learn it as ``notification.failed``.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, assert_never
from uuid import UUID

from pushward.values import NotificationPlatform

RETRY_SECONDS_FIRST: Final = 1.0
RETRY_SECONDS_MAX: Final = 30.0
RETRY_JITTER: Final = 0.2
ATTEMPTS_MAX: Final = 8
NOW_SECONDS: Final = 5.0
"""What still is "now" for a push whose Ttl is shorter: about as long as it takes from an event to its first attempt."""
AGE_SECONDS_MAX: Final = 3_600.0
"""No challenge lives longer (contract section 10)."""


class Result(StrEnum):
    """What an attempt came to."""

    ACCEPTED = "accepted"
    TOKEN_INVALID = "token_invalid"  # noqa: S105 - a result, no secret
    NO_CHANNEL = "no_channel"
    SUBJECT_GONE = "subject_gone"
    TOO_LATE = "too_late"
    PLATFORM_AWAY = "platform_away"
    OWNER_AWAY = "owner_away"
    DEFECT = "defect"


class Status(StrEnum):
    """Where a push stands. Only ``due`` ever changes."""

    DUE = "due"
    SENT = "sent"
    DROPPED = "dropped"
    UNDELIVERABLE = "undeliverable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Requested:
    """A push that an event of the log asks for: a challenge's creation, or a notification.

    ``ttl_seconds`` run from ``requested_at``; None: for as long as the challenge is pending.
    """

    shard: int
    position: int
    challenge_sid: str
    factor_sid: str
    platform: NotificationPlatform
    requested_at: datetime
    notification_sid: str = ""
    ttl_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A push that this process has taken. ``attempts`` counts the attempt that begins now; its age, since it was
    asked for, is as of then.
    """

    epoch: int
    shard: int
    position: int
    id: UUID
    challenge_sid: str
    factor_sid: str
    attempts: int
    age_seconds: float
    requested_at: datetime
    ttl_seconds: int | None

    @property
    def is_late(self) -> bool:
        """Whether its Ttl is over."""
        return self.ttl_seconds is not None and self.age_seconds > max(self.ttl_seconds, NOW_SECONDS)


@dataclass(frozen=True, slots=True)
class Unsent:
    """A push that ended unsent, which challenge has yet to be told."""

    epoch: int
    shard: int
    position: int
    id: UUID
    challenge_sid: str
    notification_sid: str
    reason: str


@dataclass(frozen=True, slots=True)
class Push:
    """What a platform is given: worth delivering until ``expires_at``. ``id`` is the same on each retry."""

    id: UUID
    challenge_sid: str
    factor_sid: str
    message: str
    expires_at: datetime
    token: str
    app_id: str


class PushChannel(Protocol):
    """The way to one platform's devices. Adapters: see README.md."""

    async def send(self, push: Push) -> Result:
        """Hands a push over: ACCEPTED, TOKEN_INVALID or PLATFORM_AWAY. Raises only what is a defect."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is recorded after an attempt. ``due_in_seconds`` matters while the status is due."""

    status: Status
    due_in_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt and its verdict, to be recorded."""

    work: Work
    result: Result
    verdict: Verdict

    @property
    def is_unsent(self) -> bool:
        """Whether the push ended although somebody may still wait for it."""
        return self.verdict.status not in (Status.DUE, Status.SENT) and self.result is not Result.SUBJECT_GONE


def judge(result: Result, attempts: int, age_seconds: float, jitter: float, ttl_seconds: int | None = None) -> Verdict:
    """The verdict on the ``attempts``-th attempt; ``jitter`` is between -1 and 1."""
    match result:
        case Result.ACCEPTED:
            return Verdict(Status.SENT)
        case Result.SUBJECT_GONE | Result.TOKEN_INVALID | Result.TOO_LATE:
            return Verdict(Status.DROPPED)
        case Result.NO_CHANNEL:
            return Verdict(Status.UNDELIVERABLE)
        case Result.PLATFORM_AWAY | Result.OWNER_AWAY | Result.DEFECT:
            if attempts >= ATTEMPTS_MAX or age_seconds >= AGE_SECONDS_MAX:
                return Verdict(Status.FAILED)
            pause = retry_seconds(attempts, jitter)
            if ttl_seconds is not None and age_seconds + pause > ttl_seconds:
                return Verdict(Status.DROPPED)
            return Verdict(Status.DUE, pause)
        case _:
            assert_never(result)


def expires_at(challenge_ends: datetime, requested_at: datetime, ttl_seconds: int | None) -> datetime:
    """Until when a platform may still deliver a push."""
    return challenge_ends if ttl_seconds is None else min(challenge_ends, requested_at + timedelta(seconds=ttl_seconds))


def retry_seconds(attempts: int, jitter: float) -> float:
    """How long to wait after the ``attempts``-th failed attempt."""
    seconds = min(RETRY_SECONDS_FIRST * 2.0 ** min(attempts - 1, 32), RETRY_SECONDS_MAX)
    return seconds * (1 + RETRY_JITTER * jitter)
