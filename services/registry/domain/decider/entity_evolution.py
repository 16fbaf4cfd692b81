"""What an entity's stream becomes with each event; the decider's invariants are asserted again."""

from dataclasses import replace
from typing import assert_never

from pushward.eventlog.event import Recorded
from pushward.values import FactorStatus, FactorType
from services.registry.domain.decider.entity import CREATIONS_A_DAY_MAX, PUSH_FACTORS_MAX
from services.registry.domain.decider.totp import TOTP_FACTORS_MAX, VERIFICATION_FAILURES_MAX
from services.registry.domain.events import (
    EntityCreated,
    EntityDeleted,
    EntityEvent,
    EntityForgotten,
    FactorCreated,
    FactorDeleted,
    FactorUpdated,
    FactorVerified,
    TotpStepSpent,
    TotpVerificationFailed,
)
from services.registry.domain.state import EntityRecord, EntityState, FactorRecord, day_of


def evolve(state: EntityState, event: EntityEvent, recorded: Recorded) -> EntityState:
    """The entity and its factors after ``event``."""
    assert state.version + 1 == recorded.version
    match event:
        case EntityCreated():
            return replace(state, entity=_entity_created(state, event, recorded))
        case EntityDeleted():
            assert not state.live_factors
            gone = replace(_entity_at(state, recorded), sid=None, key_id=None, date_created=None)
            return replace(state, entity=replace(gone, deletions=state.deletions + 1))
        case EntityForgotten():
            return replace(state, entity=_forgotten(state, event, recorded))
        case FactorCreated():
            return _with(state, _factor_created(state, event, recorded), _creation_counted(state, recorded))
        case FactorVerified():
            factor = _factor_at(state, event, recorded)
            assert factor.status is FactorStatus.UNVERIFIED
            return _with(state, replace(factor, status=FactorStatus.VERIFIED), _entity_at(state, recorded))
        case FactorUpdated():
            factor = replace(
                _factor_at(state, event, recorded),
                friendly_name=event.friendly_name,
                app_id=event.app_id,
                sdk_version=event.sdk_version,
                notification_platform=event.notification_platform,
                notification_token=event.notification_token,
                totp_config=event.totp_config,
            )
            assert (factor.totp_config is not None) == (factor.factor_type is FactorType.TOTP)
            return _with(state, factor, _entity_at(state, recorded))
        case TotpStepSpent():
            return _with(state, _step_spent(state, event, recorded), _entity_at(state, recorded))
        case TotpVerificationFailed():
            factor = _factor_used(state, event, recorded)
            assert factor.status is FactorStatus.UNVERIFIED
            assert event.failures == factor.totp_failures + 1 <= VERIFICATION_FAILURES_MAX
            return _with(state, replace(factor, totp_failures=event.failures), _entity_at(state, recorded))
        case FactorDeleted():
            factor = replace(
                _factor_at(state, event, recorded),
                deleted=True,
                friendly_name=None,
                notification_token=None,
                metadata=None,
                totp_secret=None,
                totp_secret_digest=b"",
            )
            return _with(state, factor, _entity_at(state, recorded))
        case _:
            assert_never(event)


def _entity_created(state: EntityState, event: EntityCreated, recorded: Recorded) -> EntityRecord:
    assert state.live is None
    earlier = state.entity  # of the same identity: its counts go on
    return EntityRecord(
        stream_id=recorded.stream_id,
        version=recorded.version,
        account_sid=event.account_sid,
        service_sid=event.service_sid,
        identity=event.identity,
        sid=event.entity_sid,
        key_id=event.key_id,
        date_created=recorded.recorded_at,
        deletions=state.deletions,
        creation_day=earlier.creation_day if earlier else 0,
        creations_on_day=earlier.creations_on_day if earlier else 0,
        recorded_at=recorded.recorded_at,
    )


def _forgotten(state: EntityState, event: EntityForgotten, recorded: Recorded) -> EntityRecord:
    """The stream's head in its next generation. An identity may be forgotten that never was more than expected."""
    assert state.live is None
    earlier = state.entity
    return EntityRecord(
        stream_id=recorded.stream_id,
        version=recorded.version,
        account_sid=event.account_sid,
        service_sid=event.service_sid,
        identity=event.identity,
        sid=None,
        key_id=None,
        date_created=None,
        deletions=state.deletions + 1,
        creation_day=earlier.creation_day if earlier else 0,
        creations_on_day=earlier.creations_on_day if earlier else 0,
        recorded_at=recorded.recorded_at,
    )


def _entity_at(state: EntityState, recorded: Recorded) -> EntityRecord:
    """The stream's head, moved on."""
    assert state.live is not None
    return replace(state.live, version=recorded.version, recorded_at=recorded.recorded_at)


def _creation_counted(state: EntityState, recorded: Recorded) -> EntityRecord:
    creations = state.creations_on(recorded.recorded_at) + 1
    assert creations <= CREATIONS_A_DAY_MAX
    day = day_of(recorded.recorded_at)
    return replace(_entity_at(state, recorded), creation_day=day, creations_on_day=creations)


def _factor_created(state: EntityState, event: FactorCreated, recorded: Recorded) -> FactorRecord:
    assert state.live is not None
    assert event.entity_sid == state.live.sid
    assert event.factor_sid not in state.factors
    siblings = [factor for factor in state.live_factors if factor.factor_type is event.factor_type]
    match event.factor_type:
        case FactorType.PUSH:
            assert all(factor.public_key != event.public_key for factor in siblings)
            assert len(siblings) < PUSH_FACTORS_MAX
        case FactorType.TOTP:
            assert event.totp_secret is not None
            assert event.totp_config is not None
            assert all(factor.totp_secret_digest != event.totp_secret_digest for factor in siblings)
            assert len(siblings) < TOTP_FACTORS_MAX
    return FactorRecord(
        stream_id=recorded.stream_id,
        version=recorded.version,
        sid=event.factor_sid,
        account_sid=event.account_sid,
        service_sid=event.service_sid,
        entity_sid=event.entity_sid,
        identity=event.identity,
        factor_type=event.factor_type,
        status=FactorStatus.UNVERIFIED,
        friendly_name=event.friendly_name,
        public_key=event.public_key,
        app_id=event.app_id,
        sdk_version=event.sdk_version,
        notification_platform=event.notification_platform,
        notification_token=event.notification_token,
        metadata=event.metadata,
        deleted=False,
        date_created=recorded.recorded_at,
        date_updated=recorded.recorded_at,
        totp_secret=event.totp_secret,
        totp_secret_digest=event.totp_secret_digest,
        totp_config=event.totp_config,
    )


def _step_spent(state: EntityState, event: TotpStepSpent, recorded: Recorded) -> FactorRecord:
    factor = _factor_used(state, event, recorded)
    assert factor.totp_config is not None
    begin, end = (step * factor.totp_config.time_step for step in (event.step, event.step + 1))
    assert begin >= factor.totp_spent_until
    return replace(factor, totp_spent_until=end, totp_attempt_id=event.attempt_id)


def _factor_used(state: EntityState, event: TotpStepSpent | TotpVerificationFailed, recorded: Recorded) -> FactorRecord:
    """The event's factor, moved on; to have been used is no change of what is shown."""
    factor = state.live_factor(event.factor_sid)
    assert factor is not None
    return replace(factor, version=recorded.version)


def _factor_at(
    state: EntityState, event: FactorVerified | FactorUpdated | FactorDeleted, recorded: Recorded
) -> FactorRecord:
    """The event's factor, moved on."""
    factor = state.live_factor(event.factor_sid)
    assert factor is not None
    return replace(factor, version=recorded.version, date_updated=recorded.recorded_at)


def _with(state: EntityState, factor: FactorRecord, entity: EntityRecord) -> EntityState:
    return EntityState(entity, {**state.factors, factor.sid: factor})
