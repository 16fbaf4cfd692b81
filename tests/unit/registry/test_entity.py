"""An entity with its factors: given events, when a command, then events."""

from datetime import timedelta

import pytest

from pushward.errors import BadRequestError, ConflictError, ForbiddenError, NotFoundError, TooManyRequestsError
from pushward.ids import Sid
from pushward.values import FactorStatus, FactorType, NotificationPlatform
from services.registry.domain.commands import UpdatePushFactor
from services.registry.domain.decider import entity as decider
from services.registry.domain.events import (
    EntityCreated,
    EntityDeleted,
    EntityEvent,
    FactorDeleted,
    FactorUpdated,
    FactorVerified,
)
from services.registry.domain.service_settings import ServiceSettings
from services.registry.domain.state import EntityState
from tests.unit.registry import given
from tests.unit.registry.given import ACCOUNT, CREATED, ENTITY, IDENTITY, NEW_ENTITY, NOW, SERVICE, created

BARE = ServiceSettings()
WITH_FCM = ServiceSettings(push_fcm_credential_sid="CR" + "f" * 32)
VERIFIED = FactorVerified(given.factor_sid(1), ACCOUNT, SERVICE, ENTITY, IDENTITY, FactorType.PUSH)


def deleted(number: int, *, with_service: bool = False) -> FactorDeleted:
    """The deletion of the ``number``-th factor."""
    return FactorDeleted(given.factor_sid(number), ACCOUNT, SERVICE, ENTITY, IDENTITY, FactorType.PUSH, with_service)


ENTITY_GONE = EntityDeleted(ENTITY, ACCOUNT, SERVICE, IDENTITY)


def enrol(state: EntityState, number: int) -> list[EntityEvent]:
    """What enrolling the ``number``-th device comes to."""
    return decider.decide_create_push_factor(state, NEW_ENTITY, given.create(number), BARE, NOW)


def test_the_first_factor_creates_its_entity() -> None:
    """Contract section 1a: created implicitly, in the same append."""
    assert enrol(given.entity(), 1) == [CREATED, created(1)]


def test_a_further_factor_joins_the_entity_that_is_there() -> None:
    """It names the living entity's SID, not the one that a new entity would have had."""
    state = given.entity(CREATED)
    other = decider.NewEntity(Sid("YE" + "9" * 32), ACCOUNT, SERVICE, IDENTITY, given.KEY_ID)
    assert decider.decide_create_push_factor(state, other, given.create(1), BARE, NOW) == [created(1)]


def test_an_entity_is_created_explicitly_once() -> None:
    """60301, unless it was deleted meanwhile."""
    assert decider.decide_create(given.entity(), NEW_ENTITY) == [CREATED]
    with pytest.raises(ConflictError) as raised:
        decider.decide_create(given.entity(CREATED), NEW_ENTITY)
    assert raised.value.code == 60301
    assert decider.decide_create(given.entity(CREATED, ENTITY_GONE), NEW_ENTITY) == [CREATED]


def test_deleting_an_entity_deletes_each_live_factor_first() -> None:
    """Contract section 10, *Entity deletion*: one `factor.deleted` each, but none for a factor that was gone."""
    state = given.entity(CREATED, created(1), created(2), created(3), deleted(2))
    assert decider.decide_delete(state) == [deleted(1), deleted(3), ENTITY_GONE]
    assert decider.decide_delete(state, with_service=True)[0] == deleted(1, with_service=True)


@pytest.mark.parametrize("events", [(), (CREATED, ENTITY_GONE)])
def test_an_entity_that_is_not_there_cannot_be_deleted(events: tuple[EntityEvent, ...]) -> None:
    """60392, whether it never was or is gone."""
    with pytest.raises(NotFoundError) as raised:
        decider.decide_delete(given.entity(*events))
    assert raised.value.code == 60392


def test_an_identity_created_anew_carries_nothing_over() -> None:
    """A new SID in the same stream; the old factors stay deleted."""
    again = EntityCreated(Sid("YE" + "2" * 32), ACCOUNT, SERVICE, IDENTITY, given.KEY_ID)
    state = given.entity(CREATED, created(1), deleted(1), ENTITY_GONE, again)
    assert state.live is not None
    assert state.live.sid == again.entity_sid
    assert state.live_factors == ()
    assert state.version == 5


def test_a_key_is_enrolled_once_in_an_entity() -> None:
    """60317; after its factor was deleted the key may come back."""
    with pytest.raises(ConflictError) as raised:
        enrol(given.entity(CREATED, created(1)), 1)
    assert raised.value.code == 60317
    assert enrol(given.entity(CREATED, created(2), deleted(2)), 1) == [created(1)]


def test_an_entity_has_at_most_twenty_push_factors() -> None:
    """60315; a deleted one makes room."""
    full = given.entity(CREATED, *(created(number) for number in range(20)))
    with pytest.raises(BadRequestError) as raised:
        enrol(full, 20)
    assert raised.value.code == 60315
    assert enrol(given.then(full, [deleted(3)]), 20) == [created(20)]


@pytest.mark.provokes(60326)
def test_an_identity_has_at_most_a_hundred_factors_created_a_day() -> None:
    """60326, also over the entity's deletion; the next day (UTC) it may go on."""
    state = given.entity(CREATED)
    for number in range(100):
        state = given.then(state, [created(number), deleted(number)])
    state = given.then(state, [ENTITY_GONE, CREATED])
    with pytest.raises(TooManyRequestsError) as raised:
        enrol(state, 100)
    assert raised.value.code == 60326
    assert raised.value.retry_after_seconds == 12 * 3600
    tomorrow = NOW + timedelta(hours=12)
    assert decider.decide_create_push_factor(state, NEW_ENTITY, given.create(100), BARE, tomorrow)


def test_a_clock_that_was_set_back_forgets_no_creation() -> None:
    """The stream's own time doesn't run backwards, nor does its count."""
    state = given.entity(CREATED, *(created(number) for number in range(3)))
    assert state.creations_on(NOW - timedelta(days=1)) == 3


@pytest.mark.parametrize("platform", [NotificationPlatform.FCM, NotificationPlatform.APN])
def test_a_platform_needs_the_services_credential_for_it(platform: NotificationPlatform) -> None:
    """52004."""
    with pytest.raises(BadRequestError) as raised:
        decider.decide_create_push_factor(given.entity(), NEW_ENTITY, given.create(1, platform), BARE, NOW)
    assert raised.value.code == 52004
    with_both = ServiceSettings(push_apn_credential_sid="CR" + "a" * 32, push_fcm_credential_sid="CR" + "f" * 32)
    assert decider.decide_create_push_factor(given.entity(), NEW_ENTITY, given.create(1, platform), with_both, NOW)


def test_a_proof_of_possession_verifies_the_factor() -> None:
    """Contract section 3.3: a DER signature over the factor's SID."""
    state = given.entity(CREATED, created(1))
    command = UpdatePushFactor(given.factor_sid(1), proof=given.proof(1))
    assert decider.decide_update_push_factor(state, command, BARE) == [VERIFIED]
    assert given.then(state, [VERIFIED]).live_factors[0].status is FactorStatus.VERIFIED


@pytest.mark.parametrize(
    "proof", [b"", b"\0" * 70, given.proof(2), given.proof(1, given.factor_sid(2)), given.proof(1, "")]
)
def test_a_wrong_proof_is_refused(proof: bytes) -> None:
    """60311: garbage, another key's, over another SID, over nothing."""
    with pytest.raises(ForbiddenError) as raised:
        decider.decide_update_push_factor(
            given.entity(CREATED, created(1)), UpdatePushFactor(given.factor_sid(1), proof=proof), BARE
        )
    assert raised.value.code == 60311


def test_a_proof_for_a_verified_factor_is_ignored() -> None:
    """Contract section 10: 200, unchanged, whatever the proof says."""
    state = given.entity(CREATED, created(1), VERIFIED)
    assert decider.decide_update_push_factor(state, UpdatePushFactor(given.factor_sid(1), proof=b"x"), BARE) == []


def test_verification_and_changes_are_one_append() -> None:
    """The proof first, then the factor's changeable part as a whole."""
    state = given.entity(CREATED, created(1))
    renamed = given.sealed("tablet")
    command = UpdatePushFactor(given.factor_sid(1), proof=given.proof(1), friendly_name=renamed)
    events = decider.decide_update_push_factor(state, command, BARE)
    assert events == [
        VERIFIED,
        FactorUpdated(
            given.factor_sid(1),
            ACCOUNT,
            SERVICE,
            ENTITY,
            IDENTITY,
            FactorType.PUSH,
            renamed,
            "app",
            "1.0",
            NotificationPlatform.NONE,
            None,
        ),
    ]
    assert given.then(state, events).live_factors[0].friendly_name == renamed


def test_another_platform_needs_another_token() -> None:
    """60370; to `none` the token is dropped; within the platform the token is kept."""
    state = given.entity(CREATED, created(1, NotificationPlatform.FCM))
    both = ServiceSettings(push_apn_credential_sid="CR" + "a" * 32, push_fcm_credential_sid="CR" + "f" * 32)
    to_apn = UpdatePushFactor(given.factor_sid(1), notification_platform=NotificationPlatform.APN)
    with pytest.raises(BadRequestError) as raised:
        decider.decide_update_push_factor(state, to_apn, both)
    assert raised.value.code == 60370

    to_none = UpdatePushFactor(given.factor_sid(1), notification_platform=NotificationPlatform.NONE)
    (updated,) = decider.decide_update_push_factor(state, to_none, BARE)
    assert isinstance(updated, FactorUpdated)
    assert updated.notification_token is None

    (kept,) = decider.decide_update_push_factor(state, UpdatePushFactor(given.factor_sid(1), app_id="app2"), BARE)
    assert isinstance(kept, FactorUpdated)
    assert kept.notification_token == given.sealed("token")


def test_changing_the_platform_needs_the_services_credential() -> None:
    """52004 only where the platform changes: a token may be renewed though the credential is gone."""
    command = UpdatePushFactor(
        given.factor_sid(1), notification_platform=NotificationPlatform.FCM, notification_token=given.sealed("new")
    )
    with pytest.raises(BadRequestError) as raised:
        decider.decide_update_push_factor(given.entity(CREATED, created(1)), command, BARE)
    assert raised.value.code == 52004
    assert decider.decide_update_push_factor(given.entity(CREATED, created(1)), command, WITH_FCM)
    assert decider.decide_update_push_factor(given.entity(CREATED, created(1, NotificationPlatform.FCM)), command, BARE)


@pytest.mark.parametrize(
    ("events", "code"),
    [((), 60392), ((CREATED,), 60390), ((CREATED, created(1), deleted(1)), 60390)],
)
def test_a_factor_that_is_not_there_can_neither_be_changed_nor_deleted(
    events: tuple[EntityEvent, ...], code: int
) -> None:
    """60392 without its entity, 60390 without itself."""
    state = given.entity(*events)
    with pytest.raises(NotFoundError) as update:
        decider.decide_update_push_factor(state, UpdatePushFactor(given.factor_sid(1), app_id="x"), BARE)
    with pytest.raises(NotFoundError) as delete:
        decider.decide_delete_factor(state, given.factor_sid(1))
    assert (update.value.code, delete.value.code) == (code, code)


def test_a_deleted_factor_keeps_nothing_that_was_sealed() -> None:
    """Its row stays as a mark, and only rows that changed are written."""
    state = given.entity(CREATED, created(1, NotificationPlatform.FCM), created(2))
    after = given.then(state, decider.decide_delete_factor(state, given.factor_sid(1)))
    gone = after.factors[given.factor_sid(1)]
    assert gone.deleted
    assert (gone.friendly_name, gone.notification_token, gone.metadata) == (None, None, None)
    assert [record.version for record in after.records()] == [4, 4, 3]


def test_evolve_refuses_what_the_decider_would_never_say() -> None:
    """The invariants hold on replay too: a hole, a second key, a factor without its entity, a second verification."""
    state = given.entity(CREATED, created(1), VERIFIED)
    for event in (CREATED, created(1), VERIFIED, ENTITY_GONE, deleted(2)):
        with pytest.raises(AssertionError):
            given.then(state, [event])
    with pytest.raises(AssertionError):
        given.entity(created(1))
