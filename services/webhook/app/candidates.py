"""Which events of the log webhooks may be waiting for, and under what name. Everything else is passed over unread."""

from collections.abc import Iterable
from typing import Final

from pushward.api.events.v1 import challenge_pb2, registry_pb2, types_pb2
from pushward.eventlog.event import StoredEvent
from pushward.ids import Sid
from services.webhook.domain.delivery import Candidate
from services.webhook.domain.event_types import matched_by

_NAMED: Final = {
    types_pb2.EVENT_TYPE_FACTOR_CREATED: ("factor.created", registry_pb2.FactorCreated),
    types_pb2.EVENT_TYPE_FACTOR_VERIFIED: ("factor.verified", registry_pb2.FactorVerified),
    types_pb2.EVENT_TYPE_FACTOR_DELETED: ("factor.deleted", registry_pb2.FactorDeleted),
    types_pb2.EVENT_TYPE_CHALLENGE_CREATED: ("challenge.created", challenge_pb2.ChallengeCreated),
    types_pb2.EVENT_TYPE_CHALLENGE_APPROVED: ("challenge.approved", challenge_pb2.ChallengeApproved),
    types_pb2.EVENT_TYPE_CHALLENGE_DENIED: ("challenge.denied", challenge_pb2.ChallengeDenied),
    types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED: ("challenge.expired", challenge_pb2.ChallengeExpired),
    types_pb2.EVENT_TYPE_NOTIFICATION_FAILED: ("notification.failed", challenge_pb2.NotificationFailed),
}


def is_candidate(event: StoredEvent) -> bool:
    """Whether an event of this type may match a webhook. ``ChallengeClosed`` never does: it isn't visible outside."""
    return event.type in _NAMED


def candidates(events: Iterable[StoredEvent]) -> list[Candidate]:
    """The candidates among ``events``. A factor that was deleted with its service is none (contract section 10)."""
    return [found for event in events if (found := _candidate(event)) is not None]


def _candidate(event: StoredEvent) -> Candidate | None:
    named = _NAMED.get(event.type)  # type: ignore[call-overload]  # an enum's number; the stub wants its nominal type
    if named is None:
        return None
    name, message_class = named
    message = message_class.FromString(event.payload)
    if isinstance(message, registry_pb2.FactorDeleted) and message.with_service:
        return None
    return Candidate(
        shard=event.shard,
        position=event.position,
        event_type=name,
        matched_by=matched_by(name),
        account_sid=Sid(message.account_sid),
        service_sid=Sid(message.service_sid),
        recorded_at=event.recorded_at,
    )
