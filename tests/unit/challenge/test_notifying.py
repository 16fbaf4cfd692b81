"""Pushes beyond the first: given events, when one is asked for or fails, then events or a refusal."""

import pytest

from pushward.errors import BadRequestError, ForbiddenError, NotFoundError, PushwardError, TooManyRequestsError
from pushward.values import FactorType, NotificationPlatform
from services.challenge.domain import rules
from services.challenge.domain.commands import RequestNotification
from services.challenge.domain.events import Event
from services.challenge.domain.notifying import decide_failed_push, decide_notify
from services.challenge.domain.state import NOTIFICATIONS_MAX
from tests.unit.challenge.given import (
    APPROVED,
    CLOSED,
    DENIED,
    EXPIRATION,
    EXPIRED,
    LATE,
    NOTIFICATION,
    NOTIFIED,
    NOW,
    UNSENT,
    created,
    given,
)

COMMAND = RequestNotification(NOTIFICATION, NotificationPlatform.FCM, 60)
TO_NOBODY = RequestNotification(NOTIFICATION, NotificationPlatform.NONE, 60)


@pytest.mark.parametrize("before", range(NOTIFICATIONS_MAX))
def test_a_pending_challenge_may_be_pushed_three_more_times(before: int) -> None:
    """The first push, at its creation, doesn't count; nor does it matter which of them failed."""
    earlier: list[Event] = [NOTIFIED, UNSENT]
    assert decide_notify(given(created(), *earlier * before), COMMAND, NOW) == [NOTIFIED]


def test_a_fourth_notification_is_refused() -> None:
    """429, 60309; waiting doesn't help, so nothing says for how long."""
    with pytest.raises(TooManyRequestsError) as refused:
        decide_notify(given(created(), *[NOTIFIED] * NOTIFICATIONS_MAX), COMMAND, NOW)
    assert (refused.value.code, refused.value.retry_after_seconds) == (60309, None)


@pytest.mark.parametrize("factor_type", list(FactorType))
def test_a_factor_that_no_push_reaches_is_refused(factor_type: FactorType) -> None:
    """400, 60307: a push factor without a platform, and any TOTP factor."""
    with pytest.raises(BadRequestError) as refused:
        decide_notify(given(created(factor_type=factor_type)), TO_NOBODY, NOW)
    assert refused.value.code == 60307


def test_a_challenge_past_its_date_becomes_expired_instead() -> None:
    """The refusal follows once the log says so."""
    assert decide_notify(given(created()), COMMAND, EXPIRATION) == [EXPIRED]


@pytest.mark.parametrize(
    ("history", "kind", "code"),
    [
        ([], NotFoundError, 60391),
        ([created(), CLOSED], NotFoundError, 60391),
        ([created(), APPROVED], ForbiddenError, 60322),
        ([created(), DENIED], ForbiddenError, 60322),
        ([created(), EXPIRED], ForbiddenError, 60323),
    ],
)
def test_what_is_over_is_not_pushed(history: list[Event], kind: type[PushwardError], code: int) -> None:
    """Whatever else is wrong with the request: nobody could be reached by it either."""
    with pytest.raises(kind) as refused:
        decide_notify(given(*history), TO_NOBODY, LATE)
    assert refused.value.code == code


def test_a_notification_changes_nothing_but_the_count() -> None:
    """The challenge stays as pending as it was."""
    before, after = given(created()).challenge, given(created(), NOTIFIED, UNSENT).challenge
    assert before is not None
    assert after is not None
    assert (after.notifications, after.status, after.expiration_date) == (1, before.status, before.expiration_date)


def test_a_push_that_failed_is_recorded_while_somebody_may_answer() -> None:
    """With which it was, and why."""
    assert decide_failed_push(given(created(), NOTIFIED), NOTIFICATION, "platform_away", NOW) == [UNSENT]


@pytest.mark.parametrize("history", [[created(), APPROVED], [created(), DENIED], [created(), EXPIRED]])
def test_a_push_that_failed_is_no_matter_once_the_challenge_is_over(history: list[Event]) -> None:
    """What is over stays as it is."""
    assert decide_failed_push(given(*history), NOTIFICATION, "platform_away", LATE) == []


def test_a_push_that_failed_is_no_matter_past_the_date() -> None:
    """Before the log says so, too."""
    assert decide_failed_push(given(created()), NOTIFICATION, "platform_away", EXPIRATION) == []


@pytest.mark.parametrize(("given_ttl", "ttl"), [(None, 300), (0, 0), (1, 1), (300, 300)])
def test_a_ttl_is_up_to_five_minutes(given_ttl: int | None, ttl: int) -> None:
    """And that long if nothing is said."""
    assert rules.ttl_seconds(given_ttl) == ttl


@pytest.mark.parametrize("given_ttl", [-1, 301])
def test_another_ttl_is_refused(given_ttl: int) -> None:
    """400, 60306, naming it."""
    with pytest.raises(BadRequestError, match="Ttl") as refused:
        rules.ttl_seconds(given_ttl)
    assert refused.value.code == 60306
