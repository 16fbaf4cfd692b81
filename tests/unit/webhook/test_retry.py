"""The schedule of attempts, by values alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.webhook.domain.retry import (
    AGE_SECONDS_MAX,
    ATTEMPTS_MAX,
    RETRY_JITTER,
    RETRY_SECONDS_FIRST,
    RETRY_SECONDS_MAX,
    Result,
    Status,
    Verdict,
    judge,
    result_of_answer,
    retry_seconds,
)

FAILURES = [Result.REFUSED, Result.TIMED_OUT, Result.UNREACHABLE, Result.TARGET_REFUSED, Result.DEFECT]


@pytest.mark.parametrize(
    ("http_status", "result"),
    [
        (200, Result.ACCEPTED),
        (204, Result.ACCEPTED),
        (299, Result.ACCEPTED),
        (301, Result.REFUSED),
        (404, Result.REFUSED),
        (410, Result.UNWANTED),
        (500, Result.REFUSED),
    ],
)
def test_only_a_2xx_is_a_receipt(http_status: int, result: Result) -> None:
    """A redirect isn't followed; 410 says never again."""
    assert result_of_answer(http_status) is result


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (Result.ACCEPTED, Status.DELIVERED),
        (Result.UNWANTED, Status.FAILED),
        (Result.SUBJECT_GONE, Status.CANCELLED),
    ],
)
def test_a_final_result_ends_the_delivery_at_once(result: Result, status: Status) -> None:
    """At the first attempt as at the last."""
    for attempts in (1, ATTEMPTS_MAX):
        assert judge(result, attempts, 0, 0) == Verdict(status)


@pytest.mark.parametrize("result", FAILURES)
def test_a_failure_is_tried_again_until_the_bounds_are_reached(result: Result) -> None:
    """By count and by age."""
    assert judge(result, 1, 0, 0) == Verdict(Status.DUE, RETRY_SECONDS_FIRST)
    assert judge(result, ATTEMPTS_MAX - 1, 0, 0).status is Status.DUE
    assert judge(result, ATTEMPTS_MAX, 0, 0).status is Status.FAILED
    assert judge(result, 1, AGE_SECONDS_MAX, 0).status is Status.FAILED


def test_the_waits_grow_threefold_up_to_a_bound() -> None:
    """5 s, 15 s, 45 s, …"""
    waits = [retry_seconds(attempts, 0) for attempts in range(1, ATTEMPTS_MAX + 1)]
    assert waits[:4] == [5, 15, 45, 135]
    assert waits == sorted(waits)
    assert waits[-1] == RETRY_SECONDS_MAX


def test_all_attempts_take_longer_than_an_outage_of_a_night() -> None:
    """So nothing is lost to a receiver that is down from evening to morning."""
    assert sum(retry_seconds(attempts, -1) for attempts in range(1, ATTEMPTS_MAX)) > 12 * 3600


@given(st.integers(1, 10_000), st.floats(-1, 1))
def test_jitter_keeps_a_wait_within_its_band(attempts: int, jitter: float) -> None:
    """Receivers that failed together aren't all called again together."""
    plain = retry_seconds(attempts, 0)
    assert plain * (1 - RETRY_JITTER) <= retry_seconds(attempts, jitter) <= plain * (1 + RETRY_JITTER)


@pytest.mark.parametrize("result", [Result.OWNER_AWAY, Result.ACCOUNT_DISABLED, Result.NOT_STARTED])
def test_an_attempt_that_was_never_made_is_not_counted(result: Result) -> None:
    """However often the own house wasn't in order."""
    verdict = judge(result, ATTEMPTS_MAX, 0, 0)
    assert (verdict.status, verdict.counted) == (Status.DUE, False)
