"""Reads from an event of the log, or of Kafka, what figures need. Nothing of it is sealed."""

from datetime import datetime
from typing import Final

import structlog
from google.protobuf.message import DecodeError

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import challenge_pb2, types_pb2
from pushward.clock import milliseconds
from services.insights.domain.happening import Happening, Kind

_KINDS: Final = {
    types_pb2.EVENT_TYPE_CHALLENGE_CREATED: (Kind.CREATED, challenge_pb2.ChallengeCreated),
    types_pb2.EVENT_TYPE_CHALLENGE_APPROVED: (Kind.APPROVED, challenge_pb2.ChallengeApproved),
    types_pb2.EVENT_TYPE_CHALLENGE_DENIED: (Kind.DENIED, challenge_pb2.ChallengeDenied),
    types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED: (Kind.EXPIRED, challenge_pb2.ChallengeExpired),
}
COUNTED_TYPES: Final = tuple(int(number) for number in _KINDS)
"""The event types that are counted, as the log numbers them."""

_log = structlog.get_logger(__name__)


def happening_of(shard: int, position: int, event_type: int, recorded_at: datetime, payload: bytes) -> Happening | None:
    """What figures need of an event; None if it isn't counted.

    An event that can't be read is passed over, and told of: by whoever counts and by whoever recounts alike.
    """
    found = _KINDS.get(event_type)  # type: ignore[call-overload]  # a number of the enum
    if found is None:
        return None
    kind, message = found
    try:
        event = message.FromString(payload)
        created_ms = ids.milliseconds_of_sid(event.challenge_sid)
    except (DecodeError, ValueError) as error:
        _log.error("event_unreadable", shard=shard, position=position, type=event_type, reason=str(error))
        return None
    return Happening(
        kind=kind,
        shard=shard,
        position=position,
        at_ms=milliseconds(recorded_at),
        created_ms=created_ms,
        service_sid=event.service_sid,
        factor_sid=event.factor_sid,
        pushed=event.factor_type == common_pb2.FACTOR_TYPE_PUSH,
    )
