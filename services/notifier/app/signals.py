"""What device streams need to know of an event, if anything."""

from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import challenge_pb2, registry_pb2, types_pb2
from pushward.api.notifier.v1.notifier_pb2 import Signal
from pushward.eventlog.event import StoredEvent


def signal_of(event: StoredEvent) -> Signal | None:
    """The signal of an event; None for what no stream is waiting for. TOTP factors have no streams."""
    match event.type:
        case types_pb2.EVENT_TYPE_CHALLENGE_CREATED:
            return _to_be_shown(challenge_pb2.ChallengeCreated.FromString(event.payload))
        case types_pb2.EVENT_TYPE_NOTIFICATION_REQUESTED:
            return _to_be_shown(challenge_pb2.NotificationRequested.FromString(event.payload))
        case types_pb2.EVENT_TYPE_FACTOR_DELETED:
            factor = registry_pb2.FactorDeleted.FromString(event.payload)
            return Signal(factor_deleted=Signal.FactorDeleted(factor_sid=factor.factor_sid))
        case types_pb2.EVENT_TYPE_ENTITY_DELETED:
            entity = registry_pb2.EntityDeleted.FromString(event.payload)
            return Signal(entity_deleted=Signal.EntityDeleted(entity_sid=entity.entity_sid))
        case types_pb2.EVENT_TYPE_SERVICE_DELETED:
            service = registry_pb2.ServiceDeleted.FromString(event.payload)
            return Signal(service_deleted=Signal.ServiceDeleted(service_sid=service.service_sid))
        case types_pb2.EVENT_TYPE_ACCOUNT_DISABLED:
            account = registry_pb2.AccountDisabled.FromString(event.payload)
            return Signal(account_disabled=Signal.AccountDisabled(account_sid=account.account_sid))
        case _:
            return None


def _to_be_shown(asked: challenge_pb2.ChallengeCreated | challenge_pb2.NotificationRequested) -> Signal | None:
    if asked.factor_type != common_pb2.FACTOR_TYPE_PUSH:
        return None
    return Signal(
        challenge_created=Signal.ChallengeCreated(factor_sid=asked.factor_sid, challenge_sid=asked.challenge_sid)
    )
