"""Challenges: created and read by the backend, answered through the library with what the device signed."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from twilio.base.exceptions import TwilioRestException

from tests.e2e.stock.backend import Backend, Enrolled

FIELDS: Final = [{"label": "IP", "value": "192.0.2.1"}, {"label": "Wo", "value": "Köln/Süd"}]
HIDDEN: Final = {"ip": "192.0.2.1"}


@pytest.mark.exercises(
    "POST /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges",
    "GET /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}",
    "POST /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}",
)
@pytest.mark.parametrize("decision", ["approved", "denied"])
def test_a_login(backend: Backend, enrolled: Enrolled, decision: str) -> None:
    """Asked with everything that can be shown, answered, and seen by the backend."""
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    created = enrolled.challenge(
        details_message="Log in?", details_fields=FIELDS, hidden_details=HIDDEN, expiration_date=expires
    )
    assert (created.status, created.factor_sid, created.factor_type) == ("pending", enrolled.factor_sid, "push")
    assert created.details == {"message": "Log in?", "fields": FIELDS}
    assert (created.hidden_details, created.expiration_date) == (HIDDEN, expires)
    assert (created.date_responded, created.responded_reason, created.metadata) == (None, "none", None)

    answered = backend.answer(enrolled, created, decision, metadata={"os": "iOS"})
    assert (answered.status, answered.metadata) == (decision, {"os": "iOS"})
    seen = enrolled.entity.challenges(created.sid).fetch()
    assert (seen.status, seen.details, seen.hidden_details) == (decision, created.details, HIDDEN)
    assert seen.date_responded >= created.date_created
    assert created.date_created == seen.date_created


@pytest.mark.exercises(
    "GET /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges",
)
def test_challenges_are_listed_by_status_and_order(backend: Backend, enrolled: Enrolled) -> None:
    """With the library's filters, which the links to further pages repeat."""
    created = [enrolled.challenge(details_message=f"Log in {number}?") for number in range(4)]
    backend.answer(enrolled, created[1], "denied")
    sids = [challenge.sid for challenge in created]
    challenges = enrolled.entity.challenges
    assert [found.sid for found in challenges.stream(page_size=1)] == sids
    assert [found.sid for found in challenges.list(order="desc", page_size=3)] == sids[::-1]
    pending = challenges.stream(status="pending", factor_sid=enrolled.factor_sid, page_size=2)
    assert [found.sid for found in pending] == [sids[0], *sids[2:]]
    assert [found.sid for found in challenges.list(status="denied")] == [sids[1]]
    assert challenges.list(status="expired") == []


@pytest.mark.provokes(60322)
def test_an_answered_challenge_stays_as_it_is(backend: Backend, enrolled: Enrolled) -> None:
    """403 60322, and what was answered is what is seen."""
    created = enrolled.challenge()
    backend.answer(enrolled, created, "denied")
    with pytest.raises(TwilioRestException) as refusal:
        backend.answer(enrolled, created, "approved")
    assert (refusal.value.status, refusal.value.code) == (403, 60322)
    assert enrolled.entity.challenges(created.sid).fetch().status == "denied"


@pytest.mark.provokes(20403)
def test_only_a_device_answers(enrolled: Enrolled) -> None:
    """403 20403 for a backend, whatever it sends."""
    with pytest.raises(TwilioRestException) as refusal:
        enrolled.entity.challenges(enrolled.challenge().sid).update(auth_payload="a.b.c")
    assert (refusal.value.status, refusal.value.code) == (403, 20403)


@pytest.mark.provokes(60324)
def test_a_forged_answer_is_refused(backend: Backend, enrolled: Enrolled) -> None:
    """403 60324, and the challenge waits on."""
    created = enrolled.challenge()
    with pytest.raises(TwilioRestException) as refusal:
        backend.answer(enrolled, created, "approved", key=ec.generate_private_key(ec.SECP256R1()))
    assert (refusal.value.status, refusal.value.code) == (403, 60324)
    assert enrolled.entity.challenges(created.sid).fetch().status == "pending"
