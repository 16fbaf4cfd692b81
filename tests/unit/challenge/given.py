"""Challenges in every state, and what may be asked of them."""

from datetime import UTC, datetime, timedelta
from typing import TypedDict
from uuid import UUID

from pushward import ids
from pushward.eventlog.event import Recorded
from pushward.ids import Sid
from pushward.values import FactorStatus, FactorType, NotificationPlatform, Sealed
from services.challenge.domain.commands import AnswerChallenge, ChallengedFactor, CreateChallenge
from services.challenge.domain.events import (
    ChallengeApproved,
    ChallengeClosed,
    ChallengeCreated,
    ChallengeDenied,
    ChallengeExpired,
    Event,
    NotificationFailed,
    NotificationRequested,
)
from services.challenge.domain.state import INITIAL, ChallengeState, evolve

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
EXPIRATION = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
LATE = EXPIRATION + timedelta(seconds=1)
SID = Sid("YC" + "0001" + "c" * 28)
STREAM = ids.stream_of_sid(SID)

DETAILS = Sealed(UUID(int=1), b"nonce", b"details")
HIDDEN = Sealed(UUID(int=1), b"nonce", b"hidden details")
RECEIPT = Sealed(UUID(int=1), b"nonce", b"receipt")
METADATA = Sealed(UUID(int=1), b"nonce", b"metadata")


class About(TypedDict):
    """The members that every event begins with."""

    challenge_sid: Sid
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str


ABOUT: About = {
    "challenge_sid": SID,
    "account_sid": "AC" + "0" * 32,
    "service_sid": "VA" + "0" * 32,
    "entity_sid": "YE" + "0" * 32,
    "identity": "user-12345678",
    "factor_sid": "YF" + "0" * 32,
}


def created(expiration: datetime = EXPIRATION, factor_type: FactorType = FactorType.PUSH) -> ChallengeCreated:
    """The first event."""
    return ChallengeCreated(
        **ABOUT,
        factor_type=factor_type,
        details=DETAILS,
        hidden_details=HIDDEN,
        expiration_date=expiration,
        notification_platform=NotificationPlatform.FCM,
    )


APPROVED = ChallengeApproved(**ABOUT, factor_type=FactorType.PUSH, receipt=RECEIPT, metadata=METADATA)
DENIED = ChallengeDenied(**ABOUT, factor_type=FactorType.PUSH, receipt=RECEIPT, metadata=METADATA)
EXPIRED = ChallengeExpired(**ABOUT, factor_type=FactorType.PUSH)
CLOSED = ChallengeClosed(**ABOUT, factor_type=FactorType.PUSH)
NOTIFICATION = Sid("NT" + "0001" + "d" * 28)
NOTIFIED = NotificationRequested(
    **ABOUT,
    factor_type=FactorType.PUSH,
    notification_sid=NOTIFICATION,
    notification_platform=NotificationPlatform.FCM,
    ttl_seconds=60,
)
UNSENT = NotificationFailed(**ABOUT, factor_type=FactorType.PUSH, notification_sid=NOTIFICATION, reason="platform_away")


def given(*events: Event) -> ChallengeState:
    """The state that ``events`` make, a second apart; an expiry when its time has come."""
    state = INITIAL
    for version, event in enumerate(events, start=1):
        at = LATE if isinstance(event, ChallengeExpired) else NOW + timedelta(seconds=version - 1)
        state = evolve(state, event, Recorded(STREAM, version, at))
    return state


def factor(status: FactorStatus = FactorStatus.VERIFIED, factor_type: FactorType = FactorType.PUSH) -> ChallengedFactor:
    """The factor, as registry tells it."""
    return ChallengedFactor(
        account_sid=ABOUT["account_sid"],
        service_sid=ABOUT["service_sid"],
        entity_sid=ABOUT["entity_sid"],
        identity=ABOUT["identity"],
        factor_sid=ABOUT["factor_sid"],
        factor_type=factor_type,
        factor_status=status,
        notification_platform=NotificationPlatform.FCM,
    )


def create(expiration: datetime | None = EXPIRATION, of: ChallengedFactor | None = None) -> CreateChallenge:
    """A request to challenge."""
    return CreateChallenge(SID, of or factor(), DETAILS, HIDDEN, expiration)


FIELDS = [{"label": "IP", "value": "1.2.3.4"}]
SHOWN: dict[str, object] = {
    "sid": str(SID),
    "status": "pending",
    "details": {"message": "Log in?", "fields": FIELDS},
    "hidden_details": None,
}


def answer(**changes: object) -> AnswerChallenge:
    """A device's answer: what was shown with status approved, but for ``changes``."""
    return answer_with({**SHOWN, "status": "approved", **changes})


def answer_with(claims: dict[str, object]) -> AnswerChallenge:
    """A device's answer with exactly these members signed."""
    return AnswerChallenge(claims, SHOWN, RECEIPT, METADATA)


def forged() -> AnswerChallenge:
    """An answer whose signature proves nothing."""
    return AnswerChallenge(None, SHOWN, RECEIPT, METADATA)
