"""When a delivery is tried again, and when it ends. Pure: attempts, age and jitter come in as values.

delivered              2xx
failed                 tried ATTEMPTS_MAX times, or older than AGE_SECONDS_MAX, or 410: the receiver says never
cancelled              its subject or its webhook is gone, or the webhook was disabled
due again, later       anything else: 5 s, 15 s, 45 s, … up to 4 h apart, each ± 20 %
due again, soon        whoever had to be asked first was away: no attempt was made, so none is counted
due again, in a while   the account is disabled: nobody is called, so no attempt is counted
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

RETRY_SECONDS_FIRST: Final = 5.0
RETRY_FACTOR: Final = 3.0
RETRY_SECONDS_MAX: Final = 4 * 3600.0
RETRY_JITTER: Final = 0.2
OWNER_AWAY_SECONDS: Final = 2.0
ACCOUNT_DISABLED_SECONDS: Final = 30.0
ATTEMPTS_MAX: Final = 15
AGE_SECONDS_MAX: Final = 24 * 3600.0


class Result(StrEnum):
    """What an attempt came to."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # any status but 2xx and 410
    UNWANTED = "unwanted"  # 410
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    TARGET_REFUSED = "target_refused"  # we don't call this URL or address
    DEFECT = "defect"  # ours
    SUBJECT_GONE = "subject_gone"
    OWNER_AWAY = "owner_away"
    ACCOUNT_DISABLED = "account_disabled"
    NOT_STARTED = "not_started"  # taken, but there was no place for it after all


class Status(StrEnum):
    """Where a delivery stands. Only ``due`` ever changes."""

    DUE = "due"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is recorded after an attempt. ``due_in_seconds`` matters while the status is due."""

    status: Status
    due_in_seconds: float = 0.0
    counted: bool = True


def judge(result: Result, attempts: int, age_seconds: float, jitter: float) -> Verdict:
    """The verdict on the ``attempts``-th attempt; ``jitter`` is between -1 and 1."""
    match result:
        case Result.ACCEPTED:
            return Verdict(Status.DELIVERED)
        case Result.SUBJECT_GONE:
            return Verdict(Status.CANCELLED)
        case Result.UNWANTED:
            return Verdict(Status.FAILED)
        case Result.NOT_STARTED:
            return Verdict(Status.DUE, counted=False)
        case Result.OWNER_AWAY | Result.ACCOUNT_DISABLED:
            if age_seconds >= AGE_SECONDS_MAX:
                return Verdict(Status.FAILED)
            seconds = OWNER_AWAY_SECONDS if result is Result.OWNER_AWAY else ACCOUNT_DISABLED_SECONDS
            return Verdict(Status.DUE, seconds * (1 + RETRY_JITTER * jitter), counted=False)
        case Result.REFUSED | Result.TIMED_OUT | Result.UNREACHABLE | Result.TARGET_REFUSED | Result.DEFECT:
            if attempts >= ATTEMPTS_MAX or age_seconds >= AGE_SECONDS_MAX:
                return Verdict(Status.FAILED)
            return Verdict(Status.DUE, retry_seconds(attempts, jitter))
        case _:
            assert_never(result)


def retry_seconds(attempts: int, jitter: float) -> float:
    """How long to wait after the ``attempts``-th failed attempt."""
    seconds = min(RETRY_SECONDS_FIRST * RETRY_FACTOR ** min(attempts - 1, 32), RETRY_SECONDS_MAX)
    return seconds * (1 + RETRY_JITTER * jitter)


def result_of_answer(http_status: int) -> Result:
    """What an HTTP answer means: any 2xx is a receipt."""
    if 200 <= http_status < 300:
        return Result.ACCEPTED
    return Result.UNWANTED if http_status == 410 else Result.REFUSED
