"""What may be asked of a challenge. Sealed values, ids and parsed claims come in ready made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pushward.ids import Sid
from pushward.values import FactorStatus, FactorType, NotificationPlatform, Sealed


@dataclass(frozen=True, slots=True)
class ChallengedFactor:
    """The live factor as registry told it."""

    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType
    factor_status: FactorStatus
    notification_platform: NotificationPlatform


@dataclass(frozen=True, slots=True)
class CreateChallenge:
    """Ask the factor's device, or for a code.

    ``expiration_date`` is None where the caller named none; ``with_code`` says that a code came along.
    """

    sid: Sid
    factor: ChallengedFactor
    details: Sealed | None
    hidden_details: Sealed | None
    expiration_date: datetime | None
    with_code: bool = False


@dataclass(frozen=True, slots=True)
class RequestNotification:
    """Push the challenge once more. ``platform`` is where its factor's device is reached now."""

    sid: Sid
    platform: NotificationPlatform
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class AnswerChallenge:
    """The factor's device answers.

    ``claims`` are the members under its signature, None if the JWS was not one of this factor's; ``shown`` are the
    members that it had been shown, under the same names.
    """

    claims: Mapping[str, object] | None
    shown: Mapping[str, object]
    receipt: Sealed
    metadata: Sealed | None
