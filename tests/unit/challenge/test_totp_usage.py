"""How often a TOTP factor may be challenged: pure limits, and the stream that they are decided on."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from pushward.errors import TooManyRequestsError
from pushward.eventlog.event import Recorded
from services.challenge.domain.events import TotpChallengeCounted
from services.challenge.domain.totp_usage import (
    INITIAL_USAGE,
    TotpUsageState,
    decide_count,
    evolve_usage,
    seconds_to_wait,
)
from tests.unit.challenge.test_codes import CREATED

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STREAM = UUID(int=7)
COUNTED = TotpChallengeCounted(
    CREATED.factor_sid,
    CREATED.account_sid,
    CREATED.service_sid,
    CREATED.entity_sid,
    CREATED.identity,
    CREATED.challenge_sid,
)


def every(pause: timedelta, times: int) -> list[datetime]:
    """So many creations with a pause after each, the last pause ending now."""
    return [NOW - pause * number for number in range(times, 0, -1)]


def after(creations: list[datetime]) -> TotpUsageState:
    """The stream after these creations."""
    state = INITIAL_USAGE
    for version, at in enumerate(creations, start=1):
        state = evolve_usage(state, COUNTED, Recorded(STREAM, version, at))
    return state


@pytest.mark.parametrize("code_length", [3, 4])
def test_short_codes_are_asked_for_ten_times_a_day(code_length: int) -> None:
    """Whenever in the last 24 hours that was."""
    pause = timedelta(hours=1)
    assert seconds_to_wait(every(pause, 9), code_length, NOW) == 0
    assert seconds_to_wait(every(pause, 10), code_length, NOW) == 14 * 3600


@pytest.mark.parametrize("code_length", [5, 6, 8])
def test_long_codes_are_asked_for_fifty_times_an_hour(code_length: int) -> None:
    """The first of the last fifty must be an hour ago."""
    pause = timedelta(seconds=60)
    assert seconds_to_wait(every(pause, 49), code_length, NOW) == 0
    assert seconds_to_wait(every(pause, 50), code_length, NOW) == 600


@pytest.mark.parametrize("code_length", [5, 6, 8])
def test_long_codes_are_asked_for_a_hundred_times_a_day(code_length: int) -> None:
    """However slowly."""
    pause = timedelta(minutes=10)
    assert seconds_to_wait(every(pause, 99), code_length, NOW) == 0
    assert seconds_to_wait(every(pause, 100), code_length, NOW) == 24 * 3600 - 1000 * 60


def test_the_longer_wait_of_two_is_told() -> None:
    """Both limits are reached: the day's ends later."""
    creations = [*every(timedelta(minutes=20), 60)[:50], *every(timedelta(seconds=1), 50)]
    assert seconds_to_wait(creations, 6, NOW) == 24 * 3600 - 60 * 20 * 60


@pytest.mark.parametrize(("microseconds", "seconds"), [(0, 0), (1, 1), (-1, 0)])
def test_a_wait_is_rounded_up_to_whole_seconds(microseconds: int, seconds: int) -> None:
    """Whoever waits as told is not refused again."""
    creations = [NOW - timedelta(hours=24) + timedelta(microseconds=microseconds)] * 10
    assert seconds_to_wait(creations, 4, NOW) == seconds


def test_a_creation_is_counted_with_its_challenge() -> None:
    """The event names both, and all that the factor belongs to."""
    assert decide_count(after(every(timedelta(hours=1), 9)), CREATED, 4, NOW) == [COUNTED]


def test_one_creation_too_many_is_refused_and_told_when_it_may_be() -> None:
    """429, 60312 with Retry-After; for longer codes it may be now."""
    state = after(every(timedelta(hours=2), 10))
    with pytest.raises(TooManyRequestsError) as refused:
        decide_count(state, CREATED, 4, NOW)
    assert (refused.value.code, refused.value.retry_after_seconds) == (60312, 4 * 3600)
    assert decide_count(state, CREATED, 5, NOW) == [COUNTED]


def test_what_is_older_than_any_limit_is_forgotten() -> None:
    """A row has a hundred moments at most; the stream's version and time go on."""
    state = after(every(timedelta(minutes=15), 1000))
    assert len(state.creations) == 96
    assert state.version == 1000
    assert state.recorded_at == NOW - timedelta(minutes=15)
