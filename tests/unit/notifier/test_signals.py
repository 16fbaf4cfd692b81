"""What device streams are told of an event, and which events ask for a push."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from google.protobuf.message import Message

from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import challenge_pb2, registry_pb2, types_pb2
from pushward.api.notifier.v1.notifier_pb2 import Signal
from pushward.errors import UnavailableError
from pushward.eventlog.event import StoredEvent
from pushward.values import NotificationPlatform
from services.notifier.app.pusher import requested_push
from services.notifier.app.signals import signal_of
from services.notifier.app.tail import WAITING_SIGNALS_MAX, Follower

PUSH = common_pb2.FACTOR_TYPE_PUSH
TOTP = common_pb2.FACTOR_TYPE_TOTP
CREATED = types_pb2.EVENT_TYPE_CHALLENGE_CREATED
NOTIFIED = types_pb2.EVENT_TYPE_NOTIFICATION_REQUESTED


def stored(event_type: int, message: Message) -> StoredEvent:
    """An event as the log holds it."""
    payload = message.SerializeToString()
    return StoredEvent(2, 7, uuid4(), 1, uuid4(), event_type, 1, datetime.now(UTC), b"", payload)


def created(**members: int) -> StoredEvent:
    """A new challenge."""
    message = challenge_pb2.ChallengeCreated(challenge_sid="YC1", factor_sid="YF1", **members)  # type: ignore[arg-type]  # enums as numbers
    return stored(CREATED, message)


def notified(**members: int) -> StoredEvent:
    """A challenge that is to be pushed once more."""
    message = challenge_pb2.NotificationRequested(
        challenge_sid="YC1",
        factor_sid="YF1",
        notification_sid="NT1",
        **members,  # type: ignore[arg-type]  # enums as numbers
    )
    return stored(NOTIFIED, message)


def test_a_new_push_challenge_is_told_with_its_factor() -> None:
    """So that edge knows whose stream it concerns."""
    expected = Signal(challenge_created=Signal.ChallengeCreated(factor_sid="YF1", challenge_sid="YC1"))
    assert signal_of(created(factor_type=PUSH)) == expected


def test_a_challenge_that_is_pushed_again_is_told_again() -> None:
    """As when it was new."""
    assert signal_of(notified(factor_type=PUSH)) == signal_of(created(factor_type=PUSH))


def test_a_totp_challenge_is_not_told() -> None:
    """Nobody shows it."""
    assert signal_of(created(factor_type=TOTP)) is None


@pytest.mark.parametrize(
    ("event_type", "message", "signal"),
    [
        (
            types_pb2.EVENT_TYPE_FACTOR_DELETED,
            registry_pb2.FactorDeleted(factor_sid="YF1"),
            Signal(factor_deleted=Signal.FactorDeleted(factor_sid="YF1")),
        ),
        (
            types_pb2.EVENT_TYPE_ENTITY_DELETED,
            registry_pb2.EntityDeleted(entity_sid="YE1"),
            Signal(entity_deleted=Signal.EntityDeleted(entity_sid="YE1")),
        ),
        (
            types_pb2.EVENT_TYPE_SERVICE_DELETED,
            registry_pb2.ServiceDeleted(service_sid="VA1"),
            Signal(service_deleted=Signal.ServiceDeleted(service_sid="VA1")),
        ),
        (
            types_pb2.EVENT_TYPE_ACCOUNT_DISABLED,
            registry_pb2.AccountDisabled(account_sid="AC1"),
            Signal(account_disabled=Signal.AccountDisabled(account_sid="AC1")),
        ),
    ],
)
def test_an_end_is_told(event_type: int, message: Message, signal: Signal) -> None:
    """Streams of what is gone, or of whom nobody knows any more, must end."""
    assert signal_of(stored(event_type, message)) == signal


def test_other_events_are_not_told() -> None:
    """Approvals among them: the device made them itself."""
    approved = challenge_pb2.ChallengeApproved(factor_sid="YF1")
    assert signal_of(stored(types_pb2.EVENT_TYPE_CHALLENGE_APPROVED, approved)) is None


@pytest.mark.parametrize(
    ("number", "platform"),
    [
        (common_pb2.NOTIFICATION_PLATFORM_FCM, NotificationPlatform.FCM),
        (common_pb2.NOTIFICATION_PLATFORM_APN, NotificationPlatform.APN),
    ],
)
def test_a_challenge_of_a_factor_with_a_platform_asks_for_a_push(number: int, platform: NotificationPlatform) -> None:
    """By the platform that the factor had when the challenge was made."""
    requested = requested_push(created(factor_type=PUSH, notification_platform=number))
    assert requested is not None
    assert (requested.shard, requested.position, requested.platform) == (2, 7, platform)
    assert (requested.notification_sid, requested.ttl_seconds) == ("", None)


def test_a_notification_asks_for_a_push_of_its_own() -> None:
    """For its Ttl, from when it was asked for."""
    event = notified(factor_type=PUSH, notification_platform=common_pb2.NOTIFICATION_PLATFORM_APN, ttl_seconds=0)
    requested = requested_push(event)
    assert requested is not None
    assert (requested.platform, requested.notification_sid) == (NotificationPlatform.APN, "NT1")
    assert (requested.requested_at, requested.ttl_seconds) == (event.recorded_at, 0)


@pytest.mark.parametrize("number", [common_pb2.NOTIFICATION_PLATFORM_NONE, 0])
def test_a_challenge_without_a_platform_asks_for_no_push(number: int) -> None:
    """The device polls, or listens."""
    assert requested_push(created(factor_type=PUSH, notification_platform=number)) is None


async def test_a_follower_gets_signals_in_their_order() -> None:
    """First told, first got."""
    follower = Follower()
    signals = [Signal(factor_deleted=Signal.FactorDeleted(factor_sid=f"YF{number}")) for number in range(3)]
    for signal in signals:
        follower.tell(signal)
    assert [await follower.next() for _ in signals] == signals


async def test_a_follower_that_does_not_keep_up_is_ended() -> None:
    """One signal too many, and it must follow anew: what it holds is dropped, the bound is never exceeded."""
    follower = Follower()
    for _ in range(WAITING_SIGNALS_MAX + 1):
        follower.tell(Signal())
    with pytest.raises(UnavailableError, match="too slow"):
        await follower.next()
