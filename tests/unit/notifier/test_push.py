"""What becomes of a push, decided by values alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.push import (
    AGE_SECONDS_MAX,
    ATTEMPTS_MAX,
    RETRY_JITTER,
    RETRY_SECONDS_MAX,
    Result,
    Status,
    Verdict,
    judge,
    retry_seconds,
)

RETRIED = [Result.PLATFORM_AWAY, Result.OWNER_AWAY, Result.DEFECT]


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (Result.ACCEPTED, Status.SENT),
        (Result.SUBJECT_GONE, Status.DROPPED),
        (Result.TOKEN_INVALID, Status.DROPPED),
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


@given(st.integers(1, 10_000), st.floats(-1, 1))
def test_the_wait_between_attempts_is_bounded(attempts: int, jitter: float) -> None:
    """Whatever the number of attempts."""
    assert 0 < retry_seconds(attempts, jitter) <= RETRY_SECONDS_MAX * (1 + RETRY_JITTER)
