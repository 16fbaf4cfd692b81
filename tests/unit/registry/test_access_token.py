"""Access tokens: one factor each, within their life."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from pushward.errors import ForbiddenError, UnauthenticatedError
from pushward.eventlog.event import Recorded
from pushward.ids import Sid
from pushward.values import FactorType
from services.registry.domain.decider import access_token as decider
from services.registry.domain.events import AccessTokenEvent, AccessTokenIssued, AccessTokenSpent, EntityDeleted
from services.registry.domain.state import AccessTokenState, EntityState
from tests.unit.registry.given import ACCOUNT, CREATED, ENTITY, IDENTITY, NOW, SERVICE, entity, factor_sid

TOKEN = Sid("YK" + "7" * 32)
EXPIRES_AT = NOW + timedelta(seconds=60)
ISSUED = AccessTokenIssued(TOKEN, ACCOUNT, SERVICE, IDENTITY, FactorType.PUSH, None, b"d" * 32, 60, EXPIRES_AT, 0)
SPENT = AccessTokenSpent(TOKEN, ACCOUNT, SERVICE, factor_sid(1))


def given(*events: AccessTokenEvent) -> AccessTokenState:
    """The state of a token's stream."""
    state = AccessTokenState()
    for event in events:
        state = decider.evolve(state, event, Recorded(UUID(int=1), state.version + 1, NOW))
    return state


def test_a_token_is_spent_on_one_factor() -> None:
    """The same token never enrols a second one: 60313."""
    assert decider.decide_spend(given(ISSUED), EntityState(), factor_sid(1), NOW) == [SPENT]
    with pytest.raises(ForbiddenError) as raised:
        decider.decide_spend(given(ISSUED, SPENT), EntityState(), factor_sid(2), NOW)
    assert raised.value.code == 60313


@pytest.mark.parametrize(("now", "ok"), [(EXPIRES_AT - timedelta(microseconds=1), True), (EXPIRES_AT, False)])
def test_a_token_lives_until_its_last_moment(now: datetime, ok: bool) -> None:
    """20104 from the moment of its expiry on, by the database's clock."""
    if ok:
        assert decider.decide_spend(given(ISSUED), EntityState(), factor_sid(1), now) == [SPENT]
    else:
        with pytest.raises(UnauthenticatedError) as raised:
            decider.decide_spend(given(ISSUED), EntityState(), factor_sid(1), now)
        assert raised.value.code == 20104


def test_a_token_does_not_outlive_its_entity() -> None:
    """Deleted after the token was issued, the identity can't be brought back with it: 60313."""
    deleted = entity(CREATED, EntityDeleted(ENTITY, ACCOUNT, SERVICE, IDENTITY))
    assert deleted.deletions == 1
    with pytest.raises(ForbiddenError) as raised:
        decider.decide_spend(given(ISSUED), deleted, factor_sid(1), NOW)
    assert raised.value.code == 60313
    issued_since = replace(ISSUED, entity_deletions=1)
    assert decider.decide_spend(given(issued_since), deleted, factor_sid(1), NOW) == [SPENT]


def test_a_spent_token_stays_spent() -> None:
    """evolve asserts it again."""
    with pytest.raises(AssertionError):
        given(ISSUED, SPENT, SPENT)
