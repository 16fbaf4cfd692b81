"""Which events of the log webhooks may be waiting for."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from google.protobuf.message import Message

from pushward.api.events.v1 import challenge_pb2, registry_pb2, types_pb2
from pushward.eventlog.event import StoredEvent
from services.webhook.app.candidates import candidates, is_candidate
from services.webhook.domain.event_types import EXTENSIONS, ORIGINAL

ACCOUNT = "AC1"
SERVICE = "VA1"
EVENTS: list[tuple[int, Message, str]] = [
    (
        types_pb2.EVENT_TYPE_FACTOR_CREATED,
        registry_pb2.FactorCreated(account_sid=ACCOUNT, service_sid=SERVICE),
        "factor.created",
    ),
    (
        types_pb2.EVENT_TYPE_FACTOR_VERIFIED,
        registry_pb2.FactorVerified(account_sid=ACCOUNT, service_sid=SERVICE),
        "factor.verified",
    ),
    (
        types_pb2.EVENT_TYPE_FACTOR_DELETED,
        registry_pb2.FactorDeleted(account_sid=ACCOUNT, service_sid=SERVICE),
        "factor.deleted",
    ),
    (
        types_pb2.EVENT_TYPE_CHALLENGE_CREATED,
        challenge_pb2.ChallengeCreated(account_sid=ACCOUNT, service_sid=SERVICE),
        "challenge.created",
    ),
    (
        types_pb2.EVENT_TYPE_CHALLENGE_APPROVED,
        challenge_pb2.ChallengeApproved(account_sid=ACCOUNT, service_sid=SERVICE),
        "challenge.approved",
    ),
    (
        types_pb2.EVENT_TYPE_CHALLENGE_DENIED,
        challenge_pb2.ChallengeDenied(account_sid=ACCOUNT, service_sid=SERVICE),
        "challenge.denied",
    ),
    (
        types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED,
        challenge_pb2.ChallengeExpired(account_sid=ACCOUNT, service_sid=SERVICE),
        "challenge.expired",
    ),
    (
        types_pb2.EVENT_TYPE_NOTIFICATION_FAILED,
        challenge_pb2.NotificationFailed(account_sid=ACCOUNT, service_sid=SERVICE),
        "notification.failed",
    ),
]


def stored(event_type: int, message: Message) -> StoredEvent:
    """An event as the log holds it."""
    payload = message.SerializeToString()
    return StoredEvent(3, 9, uuid4(), 1, uuid4(), event_type, 1, datetime.now(UTC), b"", payload)


@pytest.mark.parametrize(("event_type", "message", "name"), EVENTS, ids=[name for *_, name in EVENTS])
def test_an_event_that_has_a_name_is_a_candidate(event_type: int, message: Message, name: str) -> None:
    """With its owner, its place and its time."""
    event = stored(event_type, message)
    assert is_candidate(event)
    (found,) = candidates([event])
    assert (found.event_type, found.account_sid, found.service_sid) == (name, ACCOUNT, SERVICE)
    assert (found.shard, found.position, found.recorded_at) == (3, 9, event.recorded_at)


def test_every_event_type_that_can_be_subscribed_to_has_an_event() -> None:
    """Or somebody waits for nothing."""
    assert {name for *_, name in EVENTS} == ORIGINAL | EXTENSIONS


def test_a_factor_that_was_deleted_with_its_service_is_no_candidate() -> None:
    """Service deletion sends nothing."""
    message = registry_pb2.FactorDeleted(account_sid=ACCOUNT, service_sid=SERVICE, with_service=True)
    assert candidates([stored(types_pb2.EVENT_TYPE_FACTOR_DELETED, message)]) == []


def test_a_closed_challenge_is_no_candidate() -> None:
    """It isn't visible outside."""
    message = challenge_pb2.ChallengeClosed(account_sid=ACCOUNT, service_sid=SERVICE)
    assert not is_candidate(stored(types_pb2.EVENT_TYPE_CHALLENGE_CLOSED, message))
