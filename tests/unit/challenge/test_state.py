"""What each event makes of a challenge, and what may not follow what."""

from datetime import timedelta

import pytest

from pushward.eventlog.event import Recorded
from services.challenge.adapters.aggregates import CHALLENGES
from services.challenge.domain.decider import visible
from services.challenge.domain.events import Event
from services.challenge.domain.state import INITIAL, Status, evolve
from tests.unit.challenge.given import (
    APPROVED,
    CLOSED,
    DENIED,
    EXPIRATION,
    EXPIRED,
    LATE,
    METADATA,
    NOW,
    RECEIPT,
    STREAM,
    created,
    given,
)


def test_a_new_challenge_is_pending() -> None:
    """Nothing was answered; the dates are the event's."""
    challenge = visible(given(created()))
    assert (challenge.status, challenge.version, challenge.date_responded) == (Status.PENDING, 1, None)
    assert challenge.date_created == challenge.date_updated == NOW


@pytest.mark.parametrize(("event", "status"), [(APPROVED, Status.APPROVED), (DENIED, Status.DENIED)])
def test_an_answer_leaves_its_date_and_its_proof(event: Event, status: Status) -> None:
    """``date_responded`` is when it was recorded."""
    challenge = visible(given(created(), event))
    assert (challenge.status, challenge.receipt, challenge.metadata) == (status, RECEIPT, METADATA)
    assert challenge.date_responded == challenge.date_updated == NOW + timedelta(seconds=1)


def test_an_expired_challenge_was_never_responded_to() -> None:
    """Its update is the expiry."""
    challenge = visible(given(created(), EXPIRED))
    assert (challenge.status, challenge.date_responded, challenge.date_updated) == (Status.EXPIRED, None, LATE)


def test_a_closed_challenge_keeps_no_sealed_value() -> None:
    """The log keeps them; the state table needs none."""
    challenge = given(created(), APPROVED, CLOSED).challenge
    assert challenge is not None
    assert challenge.status is Status.CLOSED
    assert (challenge.details, challenge.hidden_details, challenge.metadata, challenge.receipt) == (None,) * 4


@pytest.mark.parametrize(
    "events",
    [
        (APPROVED,),
        (created(), created()),
        (created(), APPROVED, DENIED),
        (created(), EXPIRED, APPROVED),
        (created(), APPROVED, EXPIRED),
        (created(), CLOSED, CLOSED),
        (created(), CLOSED, APPROVED),
    ],
)
def test_a_history_that_no_decision_makes_is_not_folded(events: tuple[Event, ...]) -> None:
    """The invariants are asserted again."""
    with pytest.raises(AssertionError):
        given(*events)


def test_an_answer_past_the_date_is_not_folded() -> None:
    """Whatever an append let through."""
    with pytest.raises(AssertionError):
        evolve(given(created()), APPROVED, Recorded(STREAM, 2, EXPIRATION + timedelta(microseconds=1)))


@pytest.mark.parametrize("event", [created(), APPROVED, DENIED, EXPIRED, CLOSED])
def test_every_event_survives_its_encoding(event: Event) -> None:
    """To protobuf and back."""
    assert CHALLENGES.codec.decode(*CHALLENGES.codec.encode(event)) == event


def test_an_append_writes_the_row_that_its_events_changed() -> None:
    """And none for a state that they didn't."""
    (row,) = CHALLENGES.rows(given(created(), APPROVED), 1)
    assert (row.table, row.key, row.version) == ("challenge.challenge", (STREAM,), 2)
    assert CHALLENGES.rows(given(created()), 1) == CHALLENGES.rows(INITIAL, 0) == ()
