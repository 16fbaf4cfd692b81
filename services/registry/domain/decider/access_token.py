"""Access tokens: issued, then spent on one factor or never."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from pushward import error_codes
from pushward.errors import ForbiddenError, UnauthenticatedError
from pushward.eventlog.event import Recorded
from pushward.ids import Sid
from services.registry.domain.events import AccessTokenEvent, AccessTokenIssued, AccessTokenSpent
from services.registry.domain.state import AccessTokenRecord, AccessTokenState, EntityState


def decide_issue(state: AccessTokenState, issued: AccessTokenIssued) -> list[AccessTokenEvent]:
    """A new token. Its SID is new, so its stream is empty."""
    assert state.token is None
    return [issued]


def decide_spend(
    state: AccessTokenState, entity: EntityState, factor_sid: Sid, now: datetime
) -> list[AccessTokenEvent]:
    """The token is spent on the factor that it enrols. Raises as ``spendable``."""
    token = spendable(state, entity, now)
    return [AccessTokenSpent(token.sid, token.account_sid, token.service_sid, factor_sid)]


def spendable(state: AccessTokenState, entity: EntityState, now: datetime) -> AccessTokenRecord:
    """A token that may still enrol a factor. Raises UnauthenticatedError 20104, ForbiddenError 60313.

    It may not once the identity's entity was deleted after it had been issued, or whoever holds it could bring the
    deleted one back (contract section 10, *Access token*).
    """
    token = state.token
    assert token is not None
    if token.factor_sid is not None or token.entity_deletions != entity.deletions:
        raise unauthorized()
    if is_expired(token, now):
        raise UnauthenticatedError("The access token has expired. Ask for a new one.", code=error_codes.EXPIRED_TOKEN)
    return token


def is_expired(token: AccessTokenRecord, now: datetime) -> bool:
    """Whether the token's life is over."""
    return now >= token.expires_at


def unauthorized() -> ForbiddenError:
    """Why a token doesn't let its bearer create this factor: deliberately not said in detail."""
    return ForbiddenError(
        "This access token doesn't allow to create this factor. Ask for a new one.",
        code=error_codes.UNAUTHORIZED_FACTOR_CREATION,
    )


def evolve(state: AccessTokenState, event: AccessTokenEvent, recorded: Recorded) -> AccessTokenState:
    """The token after ``event``."""
    match event:
        case AccessTokenIssued():
            assert state.token is None
            token = AccessTokenRecord(
                stream_id=recorded.stream_id,
                version=recorded.version,
                sid=event.access_token_sid,
                account_sid=event.account_sid,
                service_sid=event.service_sid,
                identity=event.identity,
                factor_type=event.factor_type,
                factor_friendly_name=event.factor_friendly_name,
                token_digest=event.token_digest,
                ttl_seconds=event.ttl_seconds,
                expires_at=event.expires_at,
                entity_deletions=event.entity_deletions,
                factor_sid=None,
                date_created=recorded.recorded_at,
                date_updated=recorded.recorded_at,
            )
            return replace(state, token=token)
        case AccessTokenSpent():
            assert state.token is not None
            assert state.token.factor_sid is None
            spent = replace(
                state.token,
                version=recorded.version,
                factor_sid=event.factor_sid,
                date_updated=recorded.recorded_at,
            )
            return replace(state, token=spent)
        case _:
            assert_never(event)
