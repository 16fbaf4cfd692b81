"""What becomes of a challenge: given events, when a command, then events or a refusal."""

from datetime import timedelta

import pytest

from pushward.errors import BadRequestError, ForbiddenError, NotFoundError, PushwardError
from pushward.values import FactorStatus
from services.challenge.domain.decider import (
    decide_answer,
    decide_close,
    decide_create,
    decide_expire,
    mode_in,
    refuse_expired,
    visible,
)
from services.challenge.domain.events import ChallengeCreated, Event
from services.challenge.domain.state import INITIAL
from tests.unit.challenge.given import (
    APPROVED,
    CLOSED,
    DENIED,
    EXPIRATION,
    EXPIRED,
    FIELDS,
    LATE,
    NOW,
    SHOWN,
    answer,
    answer_with,
    create,
    created,
    factor,
    forged,
    given,
)


def test_a_verified_push_factor_can_be_challenged() -> None:
    """The event names the factor and all that it belongs to."""
    assert decide_create(INITIAL, create(), NOW) == [created()]


def test_an_unverified_factor_can_not_be_challenged() -> None:
    """403, 60318."""
    with pytest.raises(ForbiddenError) as refused:
        decide_create(INITIAL, create(of=factor(status=FactorStatus.UNVERIFIED)), NOW)
    assert refused.value.code == 60318


def test_without_a_date_a_challenge_lives_five_minutes_in_whole_seconds() -> None:
    """So that the two dates, as they are shown, are five minutes apart."""
    (event,) = decide_create(INITIAL, create(expiration=None), NOW)
    assert isinstance(event, ChallengeCreated)
    assert event.expiration_date == NOW.replace(microsecond=0) + timedelta(minutes=5)


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(seconds=-1), timedelta(minutes=60, microseconds=1)])
def test_a_date_that_is_past_or_too_far_ahead_is_refused(ahead: timedelta) -> None:
    """400, 60306."""
    with pytest.raises(BadRequestError) as refused:
        decide_create(INITIAL, create(expiration=NOW + ahead), NOW)
    assert refused.value.code == 60306


@pytest.mark.parametrize("ahead", [timedelta(microseconds=1), timedelta(minutes=60)])
def test_a_date_within_an_hour_is_taken_as_it_is(ahead: timedelta) -> None:
    """Both ends of the range."""
    (event,) = decide_create(INITIAL, create(expiration=NOW + ahead), NOW)
    assert isinstance(event, ChallengeCreated)
    assert event.expiration_date == NOW + ahead


@pytest.mark.parametrize(("status", "expected"), [("approved", APPROVED), ("denied", DENIED)])
def test_the_device_answers_over_what_it_was_shown(status: str, expected: Event) -> None:
    """The receipt and the metadata go into the event."""
    assert decide_answer(given(created()), answer(status=status), NOW) == [expected]


def test_members_that_nobody_asked_for_are_ignored() -> None:
    """A device may sign more than it was asked to."""
    assert decide_answer(given(created()), answer(iat=12, extra={"a": [1]}), NOW) == [APPROVED]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sid": "YC" + "0" * 32}, "another challenge"),
        ({"details": {"message": "Log in?", "fields": []}}, "a field left out"),
        ({"details": {"message": "Log in!", "fields": FIELDS}}, "another message"),
        ({"hidden_details": {}}, "an empty object is not null"),
        ({"hidden_details": "null"}, "a string is not null"),
        ({"status": "pending"}, "no answer"),
        ({"status": "expired"}, "not for a device to say"),
        ({"status": True}, "true is no answer"),
        ({"status": ["approved"]}, "a list is no answer"),
        ({"mode": 1}, "a mode that is no text"),
        ({"mode": "m" * 65}, "a mode too long to keep"),
        ({"mode": ["silent"]}, "a mode that is no text"),
    ],
)
def test_an_answer_over_anything_else_is_refused(changes: dict[str, object], why: str) -> None:
    """403, 60324: it isn't what was shown, or isn't an answer."""
    with pytest.raises(ForbiddenError) as refused:
        decide_answer(given(created()), answer(**changes), NOW)
    assert refused.value.code == 60324, why


@pytest.mark.parametrize("missing", ["sid", "details", "hidden_details", "status"])
def test_an_answer_that_leaves_a_field_out_is_refused(missing: str) -> None:
    """Even one whose value is null."""
    claims = {name: value for name, value in {**SHOWN, "status": "approved"}.items() if name != missing}
    with pytest.raises(ForbiddenError) as refused:
        decide_answer(given(created()), answer_with(claims), NOW)
    assert refused.value.code == 60324


def test_an_answer_without_proof_is_refused() -> None:
    """403, 60324."""
    with pytest.raises(ForbiddenError) as refused:
        decide_answer(given(created()), forged(), NOW)
    assert refused.value.code == 60324


@pytest.mark.parametrize(
    ("events", "now", "code"),
    [
        ((), NOW, 60391),
        ((created(), CLOSED), NOW, 60391),
        ((created(), APPROVED, CLOSED), NOW, 60391),
        ((created(), APPROVED), NOW, 60322),
        ((created(), DENIED), LATE, 60322),
        ((created(), EXPIRED), LATE, 60323),
    ],
)
def test_the_first_reason_to_refuse_is_told(events: tuple[Event, ...], now: object, code: int) -> None:
    """Not found, answered, expired: each comes before a bad signature."""
    with pytest.raises(PushwardError) as refused:
        decide_answer(given(*events), forged(), NOW)
    assert refused.value.code == code


def test_a_late_answer_records_that_the_challenge_expired() -> None:
    """And is refused once that is in the log."""
    assert decide_answer(given(created()), answer(), EXPIRATION) == [EXPIRED]
    with pytest.raises(ForbiddenError) as refused:
        refuse_expired(visible(given(created(), EXPIRED)))
    assert refused.value.code == 60323


def test_an_answer_in_the_last_moment_counts() -> None:
    """The date itself is too late, a microsecond before is not."""
    assert decide_answer(given(created()), answer(), EXPIRATION - timedelta(microseconds=1)) == [APPROVED]


def test_a_pending_challenge_expires_when_its_date_has_come() -> None:
    """Not before, and only once."""
    assert decide_expire(given(created()), EXPIRATION) == [EXPIRED]
    assert decide_expire(given(created()), EXPIRATION - timedelta(microseconds=1)) == []


@pytest.mark.parametrize("events", [(), (created(), APPROVED), (created(), EXPIRED), (created(), CLOSED)])
def test_nothing_else_expires(events: tuple[Event, ...]) -> None:
    """Answered, expired and closed challenges stay what they are."""
    assert decide_expire(given(*events), LATE) == []


@pytest.mark.parametrize("events", [(created(),), (created(), APPROVED), (created(), DENIED), (created(), EXPIRED)])
def test_every_challenge_of_a_deleted_factor_is_closed(events: tuple[Event, ...]) -> None:
    """Answered or not."""
    assert decide_close(given(*events)) == [CLOSED]


@pytest.mark.parametrize("events", [(), (created(), CLOSED)])
def test_closing_again_does_nothing(events: tuple[Event, ...]) -> None:
    """So that the closer may begin anew."""
    assert decide_close(given(*events)) == []


def test_nobody_sees_a_closed_challenge() -> None:
    """404, 60391."""
    with pytest.raises(NotFoundError) as refused:
        visible(given(created(), CLOSED))
    assert refused.value.code == 60391


@pytest.mark.parametrize(
    ("claims", "mode"), [(None, None), ({}, None), ({"mode": None}, None), ({"mode": "silent"}, "silent")]
)
def test_the_mode_is_what_the_device_says(claims: dict[str, object] | None, mode: str | None) -> None:
    """How it was answered, kept beside the answer."""
    assert mode_in(claims) == mode
