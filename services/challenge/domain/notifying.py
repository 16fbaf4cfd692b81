"""Pushes beyond the first: how many may be asked for, of which challenges, and what a failed one leaves in the stream.

Which refusal comes first: not found, 60322 (answered), 60323 (expired), 60307 (no push reaches its factor),
60309 (three had been asked for).
"""

from datetime import datetime

from pushward import error_codes
from pushward.errors import BadRequestError, TooManyRequestsError
from pushward.values import FactorType, NotificationPlatform
from services.challenge.domain.commands import RequestNotification
from services.challenge.domain.decider import answerable, decide_expire, subject, visible
from services.challenge.domain.events import Event, NotificationFailed, NotificationRequested
from services.challenge.domain.state import NOTIFICATIONS_MAX, ChallengeState, Status


def decide_notify(state: ChallengeState, command: RequestNotification, now: datetime) -> list[Event]:
    """One more push; or, past the date, the expiry, after which it must be refused (``refuse_expired``).

    Raises NotFoundError 60391, ForbiddenError 60322 and 60323, BadRequestError 60307, TooManyRequestsError 60309.
    """
    challenge = answerable(state)
    if challenge.is_due(now):
        return decide_expire(state, now)
    if challenge.factor_type is not FactorType.PUSH:
        raise BadRequestError("Only challenges of push factors are pushed.", code=error_codes.NO_NOTIFICATION_PLATFORM)
    if command.platform is NotificationPlatform.NONE:
        raise BadRequestError(
            "The factor has no platform to be pushed through: it polls.", code=error_codes.NO_NOTIFICATION_PLATFORM
        )
    if challenge.notifications >= NOTIFICATIONS_MAX:
        # No Retry-After: waiting doesn't help.
        raise TooManyRequestsError(
            f"The challenge was pushed {NOTIFICATIONS_MAX} more times already, which is the most.",
            code=error_codes.NOTIFICATIONS_EXHAUSTED,
        )
    return [
        NotificationRequested(
            **subject(challenge),
            notification_sid=command.sid,
            notification_platform=command.platform,
            ttl_seconds=command.ttl_seconds,
        )
    ]


def decide_failed_push(state: ChallengeState, notification_sid: str, reason: str, now: datetime) -> list[Event]:
    """That a push ended unsent, while somebody may still answer; then it is no matter. Raises NotFoundError 60391."""
    challenge = visible(state)
    if challenge.status is not Status.PENDING or challenge.is_due(now):
        return []
    return [NotificationFailed(**subject(challenge), notification_sid=notification_sid, reason=reason)]
