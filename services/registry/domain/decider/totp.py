"""TOTP factors on their entity's stream: secrets agreed on, verified by a first code, codes spent.

no secret twice in an entity · at most TOTP_FACTORS_MAX of them
at most VERIFICATION_FAILURES_MAX wrong codes to verify one, then none is looked at any more
a code counts only if its time step begins no earlier than the last one that counted has ended, whatever it is given for
"""

from datetime import datetime
from typing import Final

from pushward import error_codes
from pushward.errors import BadRequestError, ConflictError, ForbiddenError, TooManyRequestsError
from pushward.values import FactorStatus, FactorType, NotificationPlatform
from services.registry.domain.commands import CreateTotpFactor, TryCode, UpdateTotpFactor
from services.registry.domain.decider.entity import (
    NewEntity,
    entity_created,
    factor_verified,
    live_factor,
    refuse_creations,
    subject,
)
from services.registry.domain.events import (
    EntityEvent,
    FactorCreated,
    FactorUpdated,
    TotpStepSpent,
    TotpVerificationFailed,
)
from services.registry.domain.state import EntityState, FactorRecord

TOTP_FACTORS_MAX: Final = 100
VERIFICATION_FAILURES_MAX: Final = 5


def decide_create_totp_factor(
    state: EntityState, new_entity: NewEntity, command: CreateTotpFactor, now: datetime
) -> list[EntityEvent]:
    """A factor, and its entity where there is none. Raises as ``refuse_totp_factor``, and ConflictError 60317."""
    refuse_totp_factor(state, now)
    if any(factor.totp_secret_digest == command.secret_digest for factor in state.live_factors):
        raise ConflictError("The entity has a factor with this secret already.", code=error_codes.SAME_BINDING)
    entity = state.live
    created = FactorCreated(
        factor_sid=command.factor_sid,
        account_sid=new_entity.account_sid,
        service_sid=new_entity.service_sid,
        entity_sid=(entity.sid if entity else None) or new_entity.entity_sid,
        identity=new_entity.identity,
        factor_type=FactorType.TOTP,
        friendly_name=command.friendly_name,
        public_key=b"",
        app_id="",
        sdk_version="",
        notification_platform=NotificationPlatform.NONE,
        notification_token=None,
        metadata=command.metadata,
        access_token_sid=None,
        totp_secret=command.secret,
        totp_secret_digest=command.secret_digest,
        totp_config=command.config,
    )
    return [created] if entity else [entity_created(new_entity), created]


def decide_update_totp_factor(state: EntityState, command: UpdateTotpFactor) -> list[EntityEvent]:
    """The factor verified or a wrong code counted, changed, or both. A code for a verified factor is ignored.

    Raises NotFoundError 60392, 60390, TooManyRequestsError 60310.
    """
    factor = totp_factor(state, command.factor_sid)
    events: list[EntityEvent] = []
    if command.tried is not None and factor.status is FactorStatus.UNVERIFIED:
        events += _verification(factor, command.tried)
    if command.friendly_name is not None or command.config is not None:
        events.append(_updated(factor, command))
    return events


def decide_check(state: EntityState, factor_sid: str, tried: TryCode) -> list[EntityEvent]:
    """The time step of a right code, spent; nothing for a wrong one, nor for the try that spent the last step.

    Whether the code counts is what the factor says after it (``was_taken``). Raises NotFoundError 60392, 60390,
    BadRequestError 60369, ForbiddenError 60318.
    """
    factor = totp_factor(state, factor_sid)
    if factor.status is not FactorStatus.VERIFIED:
        raise ForbiddenError(
            "The factor is not verified yet: it can't be challenged.", code=error_codes.FACTOR_NOT_VERIFIED
        )
    step = _unspent(factor, tried.steps)
    return [] if step is None or was_taken(factor, tried) else [_spent(factor, step, tried)]


def was_taken(factor: FactorRecord, tried: TryCode) -> bool:
    """Whether it is this try whose code was the last to count."""
    return factor.totp_attempt_id == tried.attempt_id


def refuse_totp_factor(state: EntityState, now: datetime) -> None:
    """Returns if the entity may get one more. Raises BadRequestError 60315, TooManyRequestsError 60326."""
    if sum(factor.factor_type is FactorType.TOTP for factor in state.live_factors) >= TOTP_FACTORS_MAX:
        raise BadRequestError(
            f"The entity has {TOTP_FACTORS_MAX} TOTP factors already. Delete one first.",
            code=error_codes.TOO_MANY_FACTORS,
        )
    refuse_creations(state, now)


def refuse_exhausted(factor: FactorRecord) -> None:
    """Returns if a code may still verify the factor. Raises TooManyRequestsError 60310."""
    if factor.totp_failures >= VERIFICATION_FAILURES_MAX:
        raise TooManyRequestsError(
            f"The factor was to be verified with {VERIFICATION_FAILURES_MAX} wrong codes. Create a new one.",
            code=error_codes.FACTOR_TRIES_EXHAUSTED,
        )


def totp_factor(state: EntityState, factor_sid: str) -> FactorRecord:
    """The factor. Raises NotFoundError 60392, 60390, BadRequestError 60369 for one that takes no codes."""
    factor = live_factor(state, factor_sid)
    if factor.factor_type is not FactorType.TOTP:
        raise BadRequestError("Only TOTP factors take codes.", code=error_codes.INVALID_FACTOR_TYPE)
    return factor


def _verification(factor: FactorRecord, tried: TryCode) -> list[EntityEvent]:
    refuse_exhausted(factor)
    step = _unspent(factor, tried.steps)
    if step is None:
        return [TotpVerificationFailed(**subject(factor), failures=factor.totp_failures + 1)]
    return [_spent(factor, step, tried), factor_verified(factor)]


def _unspent(factor: FactorRecord, steps: tuple[int, ...]) -> int | None:
    """The newest time step that still counts: with it, all that the same code might stand for is spent."""
    assert factor.totp_config is not None
    begin = factor.totp_config.time_step
    return max((step for step in steps if step * begin >= factor.totp_spent_until), default=None)


def _spent(factor: FactorRecord, step: int, tried: TryCode) -> TotpStepSpent:
    return TotpStepSpent(**subject(factor), step=step, attempt_id=tried.attempt_id)


def _updated(factor: FactorRecord, command: UpdateTotpFactor) -> FactorUpdated:
    assert factor.friendly_name is not None
    return FactorUpdated(
        **subject(factor),
        friendly_name=command.friendly_name or factor.friendly_name,
        app_id=factor.app_id,
        sdk_version=factor.sdk_version,
        notification_platform=factor.notification_platform,
        notification_token=factor.notification_token,
        totp_config=command.config or factor.totp_config,
    )
