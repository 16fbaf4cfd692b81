"""Notifications: a challenge is pushed once more."""

from typing import Any, Final

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.e2e.stock.backend import Backend, Enrolled

FCM: Final = f"CR{'b' * 32}"
NOTIFICATIONS: Final = "/v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}/Notifications"


@pytest.fixture
def reachable(backend: Backend) -> Enrolled:
    """Somebody whose device says that it is reached by FCM."""
    service = backend.new_service(push_fcm_credential_sid=FCM)
    return Enrolled.by(service, config_notification_platform="fcm", config_notification_token="t" * 40)


def notifications(enrolled: Enrolled, challenge: Any) -> Any:  # Any: the library ships no types
    """Of a challenge, as the library addresses them."""
    return enrolled.entity.challenges(challenge.sid).notifications


@pytest.mark.exercises(f"POST {NOTIFICATIONS}")
@pytest.mark.provokes(60309)
def test_a_challenge_is_pushed_three_times_more(reachable: Enrolled) -> None:
    """With the library's parameter; the fourth is 429 60309."""
    challenge = reachable.challenge()
    created = notifications(reachable, challenge).create(ttl=60)
    assert (created.challenge_sid, created.priority, created.ttl) == (challenge.sid, "high", 60)
    assert (created.identity, created.service_sid) == (challenge.identity, challenge.service_sid)
    assert created.sid.startswith("NT")
    assert created.date_created >= challenge.date_created
    for _ in range(2):
        assert notifications(reachable, challenge).create().ttl == 300
    with pytest.raises(TwilioRestException) as refusal:
        notifications(reachable, challenge).create()
    assert (refusal.value.status, refusal.value.code) == (429, 60309)


@pytest.mark.provokes(60307)
def test_a_device_without_pushes_gets_none(enrolled: Enrolled) -> None:
    """400 60307."""
    with pytest.raises(TwilioRestException) as refusal:
        notifications(enrolled, enrolled.challenge()).create()
    assert (refusal.value.status, refusal.value.code) == (400, 60307)
