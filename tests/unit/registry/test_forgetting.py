"""Forgetting an identity: given events, when it is forgotten, then events, which name every key there was."""

from uuid import UUID

import pytest

from pushward.errors import NotFoundError
from pushward.ids import Sid
from pushward.values import FactorType
from services.registry.domain.decider.forgetting import Expected, Subject, decide_forget, past_of
from services.registry.domain.events import EntityCreated, EntityDeleted, EntityEvent, EntityForgotten, FactorDeleted
from tests.unit.registry import given
from tests.unit.registry.given import ACCOUNT, CREATED, ENTITY, IDENTITY, KEY_ID, SERVICE, created

SUBJECT = Subject(ACCOUNT, SERVICE, IDENTITY, with_service=False)
GONE = EntityDeleted(ENTITY, ACCOUNT, SERVICE, IDENTITY)
NEXT_ENTITY, NEXT_KEY = Sid("YE" + "2" * 32), UUID(int=9)
CREATED_ANEW = EntityCreated(NEXT_ENTITY, ACCOUNT, SERVICE, IDENTITY, NEXT_KEY)
EXPECTED_KEY = UUID(int=10)


def forgotten(entity_sids: tuple[Sid, ...], *key_ids: UUID) -> EntityForgotten:
    """The event."""
    return EntityForgotten(entity_sids, ACCOUNT, SERVICE, IDENTITY, key_ids)


def forget(*events: EntityEvent, known: bool = False, spent: tuple[UUID, ...] = ()) -> list[EntityEvent]:
    """What forgetting comes to after these, if the key store knows that of the lives to come."""
    return decide_forget(given.entity(*events), past_of(events), SUBJECT, Expected(EXPECTED_KEY, known, spent))


def test_whoever_lives_is_deleted_in_the_same_append() -> None:
    """Factor by factor, as by a deletion, so that whoever follows deletions has nothing new to learn."""
    deleted = FactorDeleted(given.factor_sid(1), ACCOUNT, SERVICE, ENTITY, IDENTITY, FactorType.PUSH, False)
    assert forget(CREATED, created(1)) == [deleted, GONE, forgotten((ENTITY,), KEY_ID)]


def test_whoever_was_deleted_before_is_forgotten_too() -> None:
    """Every life since the last time, each with its own key, and the one to come, whether its key was made or not."""
    everything = [forgotten((ENTITY, NEXT_ENTITY), KEY_ID, NEXT_KEY, EXPECTED_KEY)]
    for known in (False, True):
        assert forget(CREATED, GONE, CREATED_ANEW, GONE, known=known) == everything


def test_nothing_is_forgotten_twice() -> None:
    """A repeated command appends nothing; a life that came after it is all that a later one names."""
    before = (CREATED, GONE, forgotten((ENTITY,), KEY_ID))
    assert forget(*before) == []
    assert past_of(before).forgotten_key_ids == (KEY_ID,)
    assert forget(*before, CREATED_ANEW, GONE) == [forgotten((NEXT_ENTITY,), NEXT_KEY, EXPECTED_KEY)]


def test_somebody_who_was_only_expected_is_forgotten_too() -> None:
    """The name in an access token was sealed with the key that its bearer would have had."""
    assert forget(known=True) == [forgotten((), EXPECTED_KEY)]
    before = (CREATED, GONE, forgotten((ENTITY,), KEY_ID))
    assert forget(*before, known=True) == [forgotten((), EXPECTED_KEY)]


def test_generations_whose_keys_are_spent_are_passed_over() -> None:
    """One event each, so that the next life has a key that can seal; nobody's are passed over for nothing."""
    spent = (UUID(int=11), UUID(int=12))
    passed = [forgotten((), key_id) for key_id in spent]
    before = (CREATED, GONE, forgotten((ENTITY,), KEY_ID))
    assert forget(known=True, spent=spent) == [forgotten((), EXPECTED_KEY), *passed]
    assert forget(CREATED, spent=spent) == [GONE, forgotten((ENTITY,), KEY_ID), *passed]
    assert forget(*before, spent=spent) == []
    after = given.entity(*before, *forget(*before, known=True, spent=spent))
    assert after.deletions == given.entity(*before).deletions + 3


def test_an_identity_that_nobody_ever_had_is_not_found() -> None:
    """60392, as everywhere."""
    with pytest.raises(NotFoundError) as raised:
        forget()
    assert raised.value.code == 60392


def test_factors_of_a_deleted_service_end_silently() -> None:
    """As when the service is emptied: no webhook tells of them."""
    events = (CREATED, created(1))
    subject = Subject(ACCOUNT, SERVICE, IDENTITY, with_service=True)
    (deleted, *_) = decide_forget(given.entity(*events), past_of(events), subject, Expected(EXPECTED_KEY))
    assert isinstance(deleted, FactorDeleted)
    assert deleted.with_service


def test_the_next_life_is_of_another_generation() -> None:
    """A generation has its key, and that of a forgotten one is never used again; access tokens are spent, too."""
    for events in ((), (CREATED, GONE)):
        before = given.entity(*events).deletions
        after = given.entity(*events, forgotten((), EXPECTED_KEY))
        assert after.deletions == before + 1
        assert after.live is None
    assert given.entity(forgotten((), EXPECTED_KEY), CREATED).live is not None
