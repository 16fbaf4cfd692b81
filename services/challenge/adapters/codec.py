"""Challenge events and their protobuf messages."""

from typing import Final

from pushward.api.events.v1 import challenge_pb2, types_pb2
from pushward.eventlog.codec import Binding, Codec
from services.challenge.domain import events

CODEC: Final = Codec(
    [
        Binding(types_pb2.EVENT_TYPE_CHALLENGE_CREATED, 1, events.ChallengeCreated, challenge_pb2.ChallengeCreated),
        Binding(types_pb2.EVENT_TYPE_CHALLENGE_APPROVED, 1, events.ChallengeApproved, challenge_pb2.ChallengeApproved),
        Binding(types_pb2.EVENT_TYPE_CHALLENGE_DENIED, 1, events.ChallengeDenied, challenge_pb2.ChallengeDenied),
        Binding(types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED, 1, events.ChallengeExpired, challenge_pb2.ChallengeExpired),
        Binding(types_pb2.EVENT_TYPE_CHALLENGE_CLOSED, 1, events.ChallengeClosed, challenge_pb2.ChallengeClosed),
        Binding(
            types_pb2.EVENT_TYPE_CHALLENGE_ATTEMPTED, 1, events.ChallengeAttempted, challenge_pb2.ChallengeAttempted
        ),
        Binding(
            types_pb2.EVENT_TYPE_NOTIFICATION_REQUESTED,
            1,
            events.NotificationRequested,
            challenge_pb2.NotificationRequested,
        ),
        Binding(
            types_pb2.EVENT_TYPE_NOTIFICATION_FAILED, 1, events.NotificationFailed, challenge_pb2.NotificationFailed
        ),
    ]
)

TOTP_USAGE_CODEC: Final = Codec(
    [
        Binding(
            types_pb2.EVENT_TYPE_TOTP_CHALLENGE_COUNTED,
            1,
            events.TotpChallengeCounted,
            challenge_pb2.TotpChallengeCounted,
        )
    ]
)
