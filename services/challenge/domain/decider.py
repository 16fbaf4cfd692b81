"""What a command on a challenge comes to. Pure: the database's clock, ids and sealed values come in.

Which refusal of an answer comes first: not found, 60322 (answered), 60323 (expired), 60324 (bad JWS) or 60308 (codes).

A code is looked at between two events: ChallengeAttempted is in the log before it, ChallengeApproved follows if it
counts. A crash in between leaves the challenge pending, with one try less.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypedDict

from pushward import error_codes
from pushward.errors import ForbiddenError, NotFoundError, TooManyRequestsError
from pushward.ids import Sid
from pushward.strictjson import strictly_equal
from pushward.values import FactorStatus, FactorType, Sealed
from services.challenge.domain import rules
from services.challenge.domain.commands import AnswerChallenge, CreateChallenge
from services.challenge.domain.events import (
    ChallengeApproved,
    ChallengeAttempted,
    ChallengeClosed,
    ChallengeCreated,
    ChallengeDenied,
    ChallengeExpired,
    Event,
)
from services.challenge.domain.state import ATTEMPTS_MAX, Challenge, ChallengeState, Status

_ANSWERS: Final[dict[str, type[ChallengeApproved] | type[ChallengeDenied]]] = {
    "approved": ChallengeApproved,
    "denied": ChallengeDenied,
}


def decide_create(state: ChallengeState, command: CreateChallenge, now: datetime) -> list[Event]:
    """A challenge for a verified factor, and the first attempt if a code came along.

    Raises ForbiddenError 60318, BadRequestError 60306.
    """
    assert state.challenge is None, "a new SID has no history"
    factor = command.factor
    if factor.factor_status is not FactorStatus.VERIFIED:
        raise ForbiddenError(
            "The factor is not verified yet: it can't be challenged.", code=error_codes.FACTOR_NOT_VERIFIED
        )
    assert command.details is not None or factor.factor_type is FactorType.TOTP, "a device must have something to show"
    about: Subject = {
        "challenge_sid": command.sid,
        "account_sid": factor.account_sid,
        "service_sid": factor.service_sid,
        "entity_sid": factor.entity_sid,
        "identity": factor.identity,
        "factor_sid": factor.factor_sid,
        "factor_type": factor.factor_type,
    }
    created = ChallengeCreated(
        **about,
        details=command.details,
        hidden_details=command.hidden_details,
        expiration_date=rules.expiration_within_bounds(command.expiration_date, now),
        notification_platform=factor.notification_platform,
    )
    return [created, ChallengeAttempted(**about, attempt=1)] if command.with_code else [created]


def decide_answer(state: ChallengeState, command: AnswerChallenge, now: datetime) -> list[Event]:
    """The answer; or, past the date, the expiry, after which the answer must be refused (``refuse_expired``).

    Raises NotFoundError 60391, ForbiddenError 60322, 60323, 60324.
    """
    challenge = answerable(state)
    if challenge.is_due(now):
        return decide_expire(state, now)
    event = _ANSWERS[_answer_in(command.claims, command.shown)]
    return [event(**subject(challenge), receipt=command.receipt, metadata=command.metadata)]


def decide_attempt(state: ChallengeState, now: datetime) -> list[Event]:
    """The attempt after which a code may be looked at; or, past the date, the expiry, as in ``decide_answer``.

    Raises NotFoundError 60391, ForbiddenError 60322, 60323, TooManyRequestsError 60308.
    """
    challenge = answerable(state)
    if challenge.is_due(now):
        return decide_expire(state, now)
    if challenge.attempts >= ATTEMPTS_MAX:
        raise TooManyRequestsError(
            f"{ATTEMPTS_MAX} codes were given for this challenge. Create a new one.",
            code=error_codes.CHALLENGE_TRIES_EXHAUSTED,
        )
    return [ChallengeAttempted(**subject(challenge), attempt=challenge.attempts + 1)]


def decide_approve(state: ChallengeState, metadata: Sealed | None, now: datetime) -> list[Event]:
    """The approval by a code that counts; or, past the date, the expiry, as in ``decide_answer``.

    Raises NotFoundError 60391, ForbiddenError 60322, 60323.
    """
    challenge = answerable(state)
    if challenge.is_due(now):
        return decide_expire(state, now)
    assert challenge.attempts > 0, "a code is looked at only after its attempt was recorded"
    return [ChallengeApproved(**subject(challenge), receipt=None, metadata=metadata)]


def decide_expire(state: ChallengeState, now: datetime) -> list[Event]:
    """The expiry, if its date has passed and nothing else has become of it."""
    challenge = state.challenge
    if challenge is None or not challenge.is_due(now):
        return []
    return [ChallengeExpired(**subject(challenge))]


def decide_close(state: ChallengeState) -> list[Event]:
    """The end of a challenge whose factor was deleted, answered or not."""
    challenge = state.challenge
    if challenge is None or challenge.status is Status.CLOSED:
        return []
    return [ChallengeClosed(**subject(challenge))]


def visible(state: ChallengeState) -> Challenge:
    """The challenge, if anybody may see it. Raises NotFoundError 60391."""
    challenge = state.challenge
    if challenge is None or challenge.status is Status.CLOSED:
        raise not_found()
    return challenge


def refuse_expired(challenge: Challenge) -> None:
    """Raises ForbiddenError 60323 for a challenge that has expired."""
    if challenge.status is Status.EXPIRED:
        raise ForbiddenError("The challenge has expired.", code=error_codes.CHALLENGE_EXPIRED)


def answerable(state: ChallengeState) -> Challenge:
    """The challenge, if nothing has become of it yet. Raises NotFoundError 60391, ForbiddenError 60322, 60323."""
    challenge = visible(state)
    if challenge.status in (Status.APPROVED, Status.DENIED):
        raise ForbiddenError("The challenge was answered already.", code=error_codes.CHALLENGE_ANSWERED)
    refuse_expired(challenge)
    return challenge


def refused_as_expired(state: ChallengeState) -> Challenge:
    """What an answer past the date gets, once the log says that it expired. Raises ForbiddenError 60323."""
    challenge = visible(state)
    refuse_expired(challenge)
    return challenge


def not_found() -> NotFoundError:
    """What is said of a challenge that isn't there, isn't the caller's, or is closed."""
    return NotFoundError("There is no such challenge.", code=error_codes.CHALLENGE_NOT_FOUND)


def mode_in(claims: Mapping[str, object] | None) -> str | None:
    """How the device says that it was answered: the extra member ``mode``, if it is short text."""
    mode = claims.get("mode") if claims else None
    return mode if isinstance(mode, str) and len(mode) <= rules.MODE_LENGTH_MAX else None


class Subject(TypedDict):
    """The members that every event about a challenge begins with."""

    challenge_sid: Sid
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType


def subject(challenge: Challenge) -> Subject:
    """What every event about ``challenge`` begins with."""
    return {
        "challenge_sid": challenge.sid,
        "account_sid": challenge.account_sid,
        "service_sid": challenge.service_sid,
        "entity_sid": challenge.entity_sid,
        "identity": challenge.identity,
        "factor_sid": challenge.factor_sid,
        "factor_type": challenge.factor_type,
    }


def _answer_in(claims: Mapping[str, object] | None, shown: Mapping[str, object]) -> str:
    """The answer, if all else that is signed is what was shown. ``true`` is not 1; other members don't matter."""
    if claims is None or claims.get("mode") != mode_in(claims):
        raise _bad_receipt()
    for name, value in shown.items():
        if name != "status" and not (name in claims and strictly_equal(claims[name], value)):
            raise _bad_receipt()
    answer = claims.get("status")
    if not isinstance(answer, str) or answer not in _ANSWERS:
        raise _bad_receipt()
    return answer


def _bad_receipt() -> ForbiddenError:
    return ForbiddenError(
        "The answer's signature could not be verified, or it was not made over what the challenge shows.",
        code=error_codes.CHALLENGE_VERIFICATION_FAILED,
    )
