"""What can happen to a challenge. Field names are those of the protobuf events (events/v1/challenge.proto)."""

from dataclasses import dataclass
from datetime import datetime

from pushward.ids import Sid
from pushward.values import FactorType, NotificationPlatform, Sealed


@dataclass(frozen=True, slots=True)
class ChallengeCreated:
    """An account asks; the factor's device is to show ``details``. A TOTP factor's challenge may have none."""

    challenge_sid: Sid
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType
    details: Sealed | None
    hidden_details: Sealed | None
    expiration_date: datetime
    notification_platform: NotificationPlatform


@dataclass(frozen=True, slots=True)
class ChallengeApproved:
    """The device signed "approved"; ``receipt`` is its JWS. A code approves without one."""

    challenge_sid: Sid
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType
    receipt: Sealed | None
    metadata: Sealed | None


@dataclass(frozen=True, slots=True)
class ChallengeDenied:
    """The device signed "denied"; ``receipt`` is its JWS."""

    challenge_sid: Sid
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType
    receipt: Sealed | None
    metadata: Sealed | None


@dataclass(frozen=True, slots=True)
class ChallengeAttempted:
    """A code is about to be looked at, the ``attempt``-th for this challenge."""

    challenge_sid: Sid
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType
    attempt: int


@dataclass(frozen=True, slots=True)
class ChallengeExpired:
    """Its date passed before an answer came."""

    challenge_sid: Sid
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType


@dataclass(frozen=True, slots=True)
class NotificationRequested:
    """An account asks for one more push; ``ttl_seconds`` run from now."""

    challenge_sid: Sid
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType
    notification_sid: Sid
    notification_platform: NotificationPlatform
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class NotificationFailed:
    """A push ended unsent. ``notification_sid`` is empty where the creation had asked for it."""

    challenge_sid: Sid
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType
    notification_sid: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChallengeClosed:
    """Its factor was deleted: from now on nobody sees it."""

    challenge_sid: Sid
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType


@dataclass(frozen=True, slots=True)
class TotpChallengeCounted:
    """A TOTP factor was challenged; on the stream that bounds how often that may happen."""

    factor_sid: str
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    challenge_sid: Sid


Event = (
    ChallengeCreated
    | ChallengeApproved
    | ChallengeDenied
    | ChallengeAttempted
    | ChallengeExpired
    | ChallengeClosed
    | NotificationRequested
    | NotificationFailed
)
