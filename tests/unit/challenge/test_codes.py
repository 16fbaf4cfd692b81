"""What becomes of a TOTP factor's challenge: given events, when a code or its outcome, then events or a refusal."""

from datetime import datetime, timedelta

import pytest

from pushward.errors import PushwardError
from pushward.values import FactorStatus, FactorType, NotificationPlatform
from services.challenge.domain.commands import CreateChallenge
from services.challenge.domain.decider import decide_approve, decide_attempt, decide_close, decide_create, visible
from services.challenge.domain.events import (
    ChallengeApproved,
    ChallengeAttempted,
    ChallengeClosed,
    ChallengeCreated,
    ChallengeExpired,
    Event,
)
from services.challenge.domain.state import INITIAL, Status
from tests.unit.challenge.given import ABOUT, EXPIRATION, LATE, METADATA, NOW, SID, factor, given
from tests.unit.challenge.given import created as asked_of_a_device

OF_TOTP = factor(factor_type=FactorType.TOTP)
CREATED = ChallengeCreated(
    **ABOUT,
    factor_type=FactorType.TOTP,
    details=None,
    hidden_details=None,
    expiration_date=EXPIRATION,
    notification_platform=NotificationPlatform.FCM,
)
APPROVED = ChallengeApproved(**ABOUT, factor_type=FactorType.TOTP, receipt=None, metadata=METADATA)
EXPIRED = ChallengeExpired(**ABOUT, factor_type=FactorType.TOTP)
CLOSED = ChallengeClosed(**ABOUT, factor_type=FactorType.TOTP)


def attempted(attempt: int) -> ChallengeAttempted:
    """A code was about to be looked at."""
    return ChallengeAttempted(**ABOUT, factor_type=FactorType.TOTP, attempt=attempt)


def after(attempts: int) -> tuple[Event, ...]:
    """A challenge after some tries that came to nothing."""
    return (CREATED, *(attempted(number) for number in range(1, attempts + 1)))


@pytest.mark.parametrize(("with_code", "events"), [(False, [CREATED]), (True, [CREATED, attempted(1)])])
def test_a_code_that_comes_along_is_the_first_attempt(with_code: bool, events: list[Event]) -> None:
    """In the same append as the creation; details it needs none."""
    command = CreateChallenge(SID, OF_TOTP, None, None, EXPIRATION, with_code=with_code)
    assert decide_create(INITIAL, command, NOW) == events


def test_an_unverified_factor_can_not_be_challenged() -> None:
    """403, 60318."""
    unverified = factor(FactorStatus.UNVERIFIED, FactorType.TOTP)
    with pytest.raises(PushwardError) as refused:
        decide_create(INITIAL, CreateChallenge(SID, unverified, None, None, None, with_code=True), NOW)
    assert refused.value.code == 60318


@pytest.mark.parametrize("attempts", range(5))
def test_each_of_five_attempts_is_recorded_before_its_code_is_looked_at(attempts: int) -> None:
    """They are counted from 1."""
    assert decide_attempt(given(*after(attempts)), NOW) == [attempted(attempts + 1)]


def test_after_five_attempts_no_code_is_looked_at() -> None:
    """429, 60308; the challenge stays pending until it expires."""
    state = given(*after(5))
    with pytest.raises(PushwardError) as refused:
        decide_attempt(state, NOW)
    assert refused.value.code == 60308
    assert visible(state).status is Status.PENDING
    assert decide_attempt(state, EXPIRATION) == [EXPIRED]


def test_the_last_attempt_may_be_the_right_one() -> None:
    """The answer's metadata goes into the event; a receipt there is none."""
    state = given(*after(5))
    assert decide_approve(state, METADATA, NOW) == [APPROVED]
    approved = visible(given(*after(5), APPROVED))
    assert (approved.status, approved.metadata, approved.receipt) == (Status.APPROVED, METADATA, None)
    assert approved.date_responded is not None


@pytest.mark.parametrize("now", [EXPIRATION, LATE])
def test_past_the_date_nothing_but_the_expiry_is_recorded(now: datetime) -> None:
    """Whatever registry says of the code."""
    assert decide_attempt(given(*after(1)), now) == [EXPIRED]
    assert decide_approve(given(*after(1)), None, now) == [EXPIRED]
    assert decide_attempt(given(*after(1)), EXPIRATION - timedelta(microseconds=1)) == [attempted(2)]


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ((), 60391),
        ((*after(1), CLOSED), 60391),
        ((*after(1), APPROVED), 60322),
        ((*after(5), APPROVED), 60322),
        ((*after(5), EXPIRED), 60323),
    ],
)
def test_the_first_reason_to_refuse_is_told(events: tuple[Event, ...], code: int) -> None:
    """Not found, answered, expired: each comes before too many codes, and stops an approval as well."""
    with pytest.raises(PushwardError) as refused:
        decide_attempt(given(*events), LATE)
    assert refused.value.code == code
    with pytest.raises(PushwardError) as refused:
        decide_approve(given(*events), None, LATE)
    assert refused.value.code == code


def test_a_deleted_factors_challenge_is_closed() -> None:
    """As a device's is."""
    assert decide_close(given(*after(2))) == [CLOSED]


@pytest.mark.parametrize(
    "events",
    [
        (CREATED, attempted(2)),
        (*after(5), attempted(6)),
        (*after(1), APPROVED, attempted(2)),
        (asked_of_a_device(), attempted(1)),
    ],
)
def test_what_can_not_have_happened_is_not_folded(events: tuple[Event, ...]) -> None:
    """The decider's invariants hold in every history."""
    with pytest.raises(AssertionError):
        given(*events)
