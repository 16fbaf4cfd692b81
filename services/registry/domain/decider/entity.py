"""An entity with its push factors: one stream, so whatever must hold among siblings is decided on it (TOTP: totp.py).

one live entity an identity · no key twice in it · at most PUSH_FACTORS_MAX push factors
at most CREATIONS_A_DAY_MAX factors created on a UTC day, whoever the identity was
unverified → verified, never back · deleted is for good
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict
from uuid import UUID

from pushward import error_codes
from pushward.errors import BadRequestError, ConflictError, ForbiddenError, NotFoundError, TooManyRequestsError
from pushward.ids import Sid
from pushward.security import es256
from pushward.values import FactorStatus, FactorType, NotificationPlatform, Sealed
from services.registry.domain.commands import CreatePushFactor, UpdatePushFactor
from services.registry.domain.events import (
    EntityCreated,
    EntityDeleted,
    EntityEvent,
    FactorCreated,
    FactorDeleted,
    FactorUpdated,
    FactorVerified,
)
from services.registry.domain.service_settings import ServiceSettings
from services.registry.domain.state import EntityRecord, EntityState, FactorRecord

PUSH_FACTORS_MAX: Final = 20
CREATIONS_A_DAY_MAX: Final = 100
SECONDS_A_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class NewEntity:
    """What an entity is made with, should there be none yet."""

    entity_sid: Sid
    account_sid: Sid
    service_sid: Sid
    identity: str
    key_id: UUID


def decide_create(state: EntityState, new: NewEntity) -> list[EntityEvent]:
    """The entity, explicitly. Raises ConflictError 60301."""
    refuse_existing(state)
    return [entity_created(new)]


def decide_delete(state: EntityState, *, with_service: bool = False) -> list[EntityEvent]:
    """The entity is gone, and before it each of its factors. Raises NotFoundError 60392."""
    entity = live_entity(state)
    assert entity.sid is not None
    deleted: list[EntityEvent] = [_deleted(factor, with_service) for factor in state.live_factors]
    return [*deleted, EntityDeleted(entity.sid, entity.account_sid, entity.service_sid, entity.identity)]


def decide_create_push_factor(
    state: EntityState,
    new_entity: NewEntity,
    command: CreatePushFactor,
    settings: ServiceSettings,
    now: datetime,
    *,
    access_token_sid: Sid | None = None,
) -> list[EntityEvent]:
    """A factor, and its entity where there is none. Raises as ``refuse_push_factor``."""
    refuse_push_factor(state, command.public_key, command.notification_platform, settings, now)
    entity = state.live
    events: list[EntityEvent] = [] if entity else [entity_created(new_entity)]
    events.append(
        FactorCreated(
            factor_sid=command.factor_sid,
            account_sid=new_entity.account_sid,
            service_sid=new_entity.service_sid,
            entity_sid=(entity.sid if entity else None) or new_entity.entity_sid,
            identity=new_entity.identity,
            factor_type=FactorType.PUSH,
            friendly_name=command.friendly_name,
            public_key=command.public_key,
            app_id=command.app_id,
            sdk_version=command.sdk_version,
            notification_platform=command.notification_platform,
            notification_token=command.notification_token,
            metadata=command.metadata,
            access_token_sid=access_token_sid,
        )
    )
    return events


def decide_update_push_factor(
    state: EntityState, command: UpdatePushFactor, settings: ServiceSettings
) -> list[EntityEvent]:
    """The factor verified, changed, or both. A proof for a factor that is verified already is ignored.

    Raises NotFoundError 60390, ForbiddenError 60311, BadRequestError 60370 and 52004.
    """
    factor = live_factor(state, command.factor_sid)
    events: list[EntityEvent] = []
    if command.proof is not None and factor.status is FactorStatus.UNVERIFIED:
        if not es256.verify_der(es256.parse_public_key(factor.public_key), factor.sid.encode(), command.proof):
            raise ForbiddenError(
                "AuthPayload is not this factor's signature over its SID.", code=error_codes.FACTOR_VERIFICATION_FAILED
            )
        events.append(factor_verified(factor))
    if command.changes:
        events.append(_updated(factor, command, settings))
    return events


def decide_delete_factor(state: EntityState, factor_sid: str) -> list[EntityEvent]:
    """The factor is gone. Raises NotFoundError 60390."""
    return [_deleted(live_factor(state, factor_sid), with_service=False)]


def refuse_push_factor(
    state: EntityState, public_key: bytes, platform: NotificationPlatform, settings: ServiceSettings, now: datetime
) -> None:
    """Returns if such a factor may be created.

    Raises ConflictError 60317, BadRequestError 60315 and 52004, TooManyRequestsError 60326.
    """
    siblings = state.live_factors
    if any(factor.public_key == public_key for factor in siblings):
        raise ConflictError("The entity has a factor with this public key already.", code=error_codes.SAME_BINDING)
    if sum(factor.factor_type is FactorType.PUSH for factor in siblings) >= PUSH_FACTORS_MAX:
        raise BadRequestError(
            f"The entity has {PUSH_FACTORS_MAX} push factors already. Delete one first.",
            code=error_codes.TOO_MANY_FACTORS,
        )
    refuse_creations(state, now)
    _require_credential(settings, platform)


def refuse_creations(state: EntityState, now: datetime) -> None:
    """Returns if one more factor, of whatever type, may be created today. Raises TooManyRequestsError 60326."""
    if state.creations_on(now) >= CREATIONS_A_DAY_MAX:
        raise TooManyRequestsError(
            f"The entity had {CREATIONS_A_DAY_MAX} factors created today. Try again tomorrow (UTC).",
            code=error_codes.FACTOR_CREATIONS_EXHAUSTED,
            retry_after_seconds=SECONDS_A_DAY - int(now.timestamp()) % SECONDS_A_DAY,
        )


def refuse_existing(state: EntityState) -> None:
    """Returns if the identity is free. Raises ConflictError 60301."""
    if state.live is not None:
        raise ConflictError("An entity with this identity exists already.", code=error_codes.ENTITY_EXISTS)


def live_entity(state: EntityState) -> EntityRecord:
    """The entity. Raises NotFoundError 60392."""
    if state.live is None:
        raise NotFoundError("The entity was not found.", code=error_codes.ENTITY_NOT_FOUND)
    return state.live


def live_factor(state: EntityState, factor_sid: str) -> FactorRecord:
    """The factor. Raises NotFoundError 60392 without its entity, 60390 without itself."""
    live_entity(state)
    factor = state.live_factor(factor_sid)
    if factor is None:
        raise NotFoundError("The factor was not found.", code=error_codes.FACTOR_NOT_FOUND)
    return factor


def entity_created(new: NewEntity) -> EntityCreated:
    """The entity's own first event."""
    return EntityCreated(new.entity_sid, new.account_sid, new.service_sid, new.identity, new.key_id)


def factor_verified(factor: FactorRecord) -> FactorVerified:
    """The factor may be challenged from now on."""
    return FactorVerified(**subject(factor))


class Subject(TypedDict):
    """The members that every event about a factor begins with."""

    factor_sid: Sid
    account_sid: Sid
    service_sid: Sid
    entity_sid: Sid
    identity: str
    factor_type: FactorType


def subject(factor: FactorRecord) -> Subject:
    """Which factor an event is about."""
    return {
        "factor_sid": factor.sid,
        "account_sid": factor.account_sid,
        "service_sid": factor.service_sid,
        "entity_sid": factor.entity_sid,
        "identity": factor.identity,
        "factor_type": factor.factor_type,
    }


def _deleted(factor: FactorRecord, with_service: bool) -> FactorDeleted:
    return FactorDeleted(**subject(factor), with_service=with_service)


def _updated(factor: FactorRecord, command: UpdatePushFactor, settings: ServiceSettings) -> FactorUpdated:
    assert factor.friendly_name is not None
    platform, token = _push_target(factor, command)
    if platform is not factor.notification_platform:
        _require_credential(settings, platform)
    return FactorUpdated(
        **subject(factor),
        friendly_name=command.friendly_name or factor.friendly_name,
        app_id=command.app_id or factor.app_id,
        sdk_version=command.sdk_version or factor.sdk_version,
        notification_platform=platform,
        notification_token=token,
    )


def _push_target(factor: FactorRecord, command: UpdatePushFactor) -> tuple[NotificationPlatform, Sealed | None]:
    """The platform and its token after the command: another platform needs another token, ``none`` needs none."""
    platform = command.notification_platform or factor.notification_platform
    if platform is NotificationPlatform.NONE:
        return platform, None
    kept = factor.notification_token if platform is factor.notification_platform else None
    token = command.notification_token or kept
    if token is None:
        raise BadRequestError(
            "Config.NotificationToken is needed for another Config.NotificationPlatform.",
            code=error_codes.INVALID_CONFIG,
        )
    return platform, token


def _require_credential(settings: ServiceSettings, platform: NotificationPlatform) -> None:
    if push_credential(settings, platform) is None and platform is not NotificationPlatform.NONE:
        raise BadRequestError(
            f"The service has no push credential for {platform}. Set it on the service first.",
            code=error_codes.CREDENTIAL_MISSING,
        )


def push_credential(settings: ServiceSettings, platform: NotificationPlatform) -> str | None:
    """The service's credential that reaches a platform."""
    match platform:
        case NotificationPlatform.FCM:
            return settings.push_fcm_credential_sid
        case NotificationPlatform.APN:
            return settings.push_apn_credential_sid
        case NotificationPlatform.NONE:
            return None
