"""What becomes of a push, decided by values alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.push import (
    AGE_SECONDS_MAX,
    ATTEMPTS_MAX,
    NOW_SECONDS,
    RETRY_JITTER,
    RETRY_SECONDS_MAX,
    Finished,
    Result,
    Status,
    Verdict,
    Work,
    expires_at,
    judge,
    retry_seconds,
)

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RETRIED = [Result.PLATFORM_AWAY, Result.OWNER_AWAY, Result.DEFECT]


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (Result.ACCEPTED, Status.SENT),
        (Result.SUBJECT_GONE, Status.DROPPED),
        (Result.TOKEN_INVALID, Status.DROPPED),
        (Result.TOO_LATE, Status.DROPPED),
        (Result.NO_CHANNEL, Status.UNDELIVERABLE),
    ],
)
def test_a_final_result_ends_the_push_at_the_first_attempt(result: Result, status: Status) -> None:
    """Nothing would change by trying again."""
    assert judge(result, 1, 0, 0) == Verdict(status)


@pytest.mark.parametrize("result", RETRIED)
def test_a_failed_attempt_is_tried_again_until_the_bounds_are_reached(result: Result) -> None:
    """By count and by age."""
    assert judge(result, 1, 0, 0) == Verdict(Status.DUE, 1.0)
    assert judge(result, 3, 0, 0) == Verdict(Status.DUE, 4.0)
    assert judge(result, ATTEMPTS_MAX, 0, 0).status is Status.FAILED
    assert judge(result, 1, AGE_SECONDS_MAX, 0).status is Status.FAILED


@pytest.mark.parametrize("result", RETRIED)
def test_an_attempt_that_would_come_after_the_ttl_is_not_made(result: Result) -> None:
    """Then the push is dropped: at Ttl 0 after its first attempt."""
    assert judge(result, 1, 0, 0, ttl_seconds=0) == Verdict(Status.DROPPED)
    assert judge(result, 1, 58.0, 0, ttl_seconds=60) == Verdict(Status.DUE, 1.0)
    assert judge(result, 1, 59.5, 0, ttl_seconds=60) == Verdict(Status.DROPPED)


@pytest.mark.parametrize(
    ("ttl_seconds", "age_seconds", "is_late"),
    [
        (0, NOW_SECONDS, False),
        (0, NOW_SECONDS + 0.1, True),
        (60, 60.0, False),
        (60, 60.1, True),
        (None, AGE_SECONDS_MAX, False),
    ],
)
def test_a_push_is_late_once_its_ttl_is_over(ttl_seconds: int | None, age_seconds: float, is_late: bool) -> None:
    """ "Now" lasts as long as the log takes to be followed."""
    assert work(age_seconds=age_seconds, ttl_seconds=ttl_seconds).is_late is is_late


@pytest.mark.parametrize(
    ("result", "attempts", "is_unsent"),
    [
        (Result.ACCEPTED, 1, False),
        (Result.SUBJECT_GONE, 1, False),
        (Result.PLATFORM_AWAY, 1, False),
        (Result.PLATFORM_AWAY, ATTEMPTS_MAX, True),
        (Result.TOKEN_INVALID, 1, True),
        (Result.NO_CHANNEL, 1, True),
        (Result.TOO_LATE, 1, True),
    ],
)
def test_a_push_is_unsent_if_it_ends_while_somebody_may_wait(result: Result, attempts: int, is_unsent: bool) -> None:
    """Not when it was sent, will be tried again, or has lost its subject."""
    assert Finished(work(), result, judge(result, attempts, 0, 0)).is_unsent is is_unsent


@pytest.mark.parametrize(("ttl_seconds", "until"), [(None, 300), (0, 0), (60, 60), (1_000, 300)])
def test_a_platform_may_deliver_until_ttl_or_challenge_end(ttl_seconds: int | None, until: int) -> None:
    """Whichever comes first."""
    ends = MOMENT + timedelta(seconds=300)
    assert expires_at(ends, MOMENT, ttl_seconds) == MOMENT + timedelta(seconds=until)


def work(age_seconds: float = 0.0, ttl_seconds: int | None = None) -> Work:
    """A push at its first attempt."""
    return Work(1, 2, 7, UUID(int=1), "YC1", "YF1", 1, age_seconds, MOMENT, ttl_seconds)


@given(st.integers(1, 10_000), st.floats(-1, 1))
def test_the_wait_between_attempts_is_bounded(attempts: int, jitter: float) -> None:
    """Whatever the number of attempts."""
    assert 0 < retry_seconds(attempts, jitter) <= RETRY_SECONDS_MAX * (1 + RETRY_JITTER)
