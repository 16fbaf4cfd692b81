"""Accounts: two tokens while one rotates, disabled and enabled, a bounded number of API keys."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from pushward.errors import ConflictError, NotFoundError, PushwardError
from pushward.eventlog.event import Recorded
from pushward.ids import Sid
from services.registry.domain.decider import account as decider
from services.registry.domain.decider import api_key as keys
from services.registry.domain.decider.api_key import API_KEYS_MAX
from services.registry.domain.events import (
    AccountCreated,
    AccountDisabled,
    AccountEnabled,
    AccountEvent,
    ApiKeyCreated,
    ApiKeyRevoked,
    SecondaryTokenCreated,
    SecondaryTokenPromoted,
    SecondaryTokenRemoved,
)
from services.registry.domain.state import AccountRecord, AccountState
from tests.unit.registry.given import ACCOUNT, API_KEY, KEY_ID, NOW, sealed

CREATED = AccountCreated(ACCOUNT, "Example Bank", KEY_ID, sealed("first"), b"first")
SECOND = SecondaryTokenCreated(ACCOUNT, sealed("second"), b"second")
PROMOTED = SecondaryTokenPromoted(ACCOUNT)
REMOVED = SecondaryTokenRemoved(ACCOUNT)
DISABLED = AccountDisabled(ACCOUNT)
ENABLED = AccountEnabled(ACCOUNT)
STREAM = UUID(int=1)


def given(*events: AccountEvent) -> AccountState:
    """The state of an account's stream; its events are a second apart."""
    state = AccountState()
    for event in events:
        at = NOW + timedelta(seconds=state.version)
        state = decider.evolve(state, event, Recorded(STREAM, state.version + 1, at))
    return state


def account_of(*events: AccountEvent) -> AccountRecord:
    """The account's row."""
    return decider.known(given(CREATED, *events))


def key_sid(number: int) -> Sid:
    """The SID of the ``number``-th key."""
    return Sid(f"SK{number:032x}")


def key(number: int) -> ApiKeyCreated:
    """A key was created."""
    return ApiKeyCreated(key_sid(number), ACCOUNT, sealed(f"key {number}"), b"secret")


def tokens(account: AccountRecord) -> tuple[bytes, bytes | None]:
    """Digests of the token that signs, and of the one beside it."""
    return account.auth_token_digest, account.secondary_auth_token_digest


def test_a_rotation_puts_a_second_token_beside_the_first() -> None:
    """Which stays the one that webhooks are signed with."""
    assert decider.decide_begin_rotation(given(CREATED), SECOND) == [SECOND]
    account = account_of(SECOND)
    assert tokens(account) == (b"first", b"second")
    assert (account.auth_token, account.rotating) == (sealed("first"), True)


def test_a_promoted_token_is_the_only_one() -> None:
    """It signs from then on; nothing is left of the one before."""
    assert decider.decide_promote(given(CREATED, SECOND)) == [PROMOTED]
    account = account_of(SECOND, PROMOTED)
    assert tokens(account) == (b"second", None)
    assert (account.auth_token, account.secondary_auth_token, account.rotating) == (sealed("second"), None, False)


def test_a_cancelled_rotation_leaves_the_first_token() -> None:
    """And another one may begin."""
    assert decider.decide_cancel_rotation(given(CREATED, SECOND)) == [REMOVED]
    account = account_of(SECOND, REMOVED)
    assert (tokens(account), account.rotating) == ((b"first", None), False)
    assert decider.decide_begin_rotation(given(CREATED, SECOND, REMOVED), SECOND) == [SECOND]


def test_a_second_rotation_is_refused_while_one_is_under_way() -> None:
    """Somebody may be handing out the token that it would replace."""
    with pytest.raises(ConflictError, match="Promote it, or cancel it") as raised:
        decider.decide_begin_rotation(given(CREATED, SECOND), SECOND)
    assert raised.value.code == 20409


@pytest.mark.parametrize("decide", [decider.decide_promote, decider.decide_cancel_rotation])
@pytest.mark.parametrize("events", [(), (SECOND, PROMOTED), (SECOND, REMOVED)], ids=len)
def test_without_a_secondary_token_there_is_nothing_to_end(
    decide: Callable[[AccountState], Sequence[AccountEvent]], events: Sequence[AccountEvent]
) -> None:
    """Also the second time that it is asked for: the first did it."""
    with pytest.raises(ConflictError, match="no secondary auth token") as raised:
        decide(given(CREATED, *events))
    assert raised.value.code == 20409


def test_disabling_and_enabling_may_be_repeated() -> None:
    """The second time nothing is recorded."""
    assert decider.decide_disable(given(CREATED)) == [DISABLED]
    assert decider.decide_disable(given(CREATED, DISABLED)) == []
    assert decider.decide_enable(given(CREATED, DISABLED)) == [ENABLED]
    assert decider.decide_enable(given(CREATED)) == []
    assert [account_of(*events).disabled for events in ((), (DISABLED,), (DISABLED, ENABLED))] == [False, True, False]


def test_a_disabled_accounts_token_may_rotate() -> None:
    """Whoever disabled it because a token leaked needs just that."""
    assert decider.decide_begin_rotation(given(CREATED, DISABLED), SECOND) == [SECOND]
    assert account_of(DISABLED, SECOND, PROMOTED).disabled


@pytest.mark.parametrize(
    "decide",
    [
        lambda state: decider.decide_begin_rotation(state, SECOND),
        decider.decide_promote,
        decider.decide_cancel_rotation,
        decider.decide_disable,
        decider.decide_enable,
        lambda state: keys.decide_create(state, key(1)),
    ],
)
def test_an_unknown_account_is_not_found(decide: Callable[[AccountState], Sequence[AccountEvent]]) -> None:
    """Whatever is asked of it."""
    with pytest.raises(NotFoundError, match="The account was not found"):
        decide(AccountState())


def test_a_revoked_key_stays_as_a_mark() -> None:
    """Its name is cleared with its use; the other keys and the account's tokens are what they were."""
    state = given(CREATED, key(1), key(2), ApiKeyRevoked(key_sid(1), ACCOUNT))
    first, second = state.api_keys.values()
    assert (first.revoked, first.friendly_name, first.secret_digest) == (True, None, b"secret")
    assert (first.date_created, first.date_updated) == (NOW + timedelta(seconds=1), NOW + timedelta(seconds=3))
    assert state.live_api_keys == (second,)
    assert (second.version, state.version) == (3, 4)
    assert tokens(decider.known(state)) == (b"first", None)


@pytest.mark.parametrize("sid", [key_sid(1), key_sid(3), API_KEY, None])
def test_a_key_that_is_revoked_or_not_the_accounts_is_not_found(sid: Sid | None) -> None:
    """20404, to read and to revoke."""
    state = given(CREATED, key(1), key(2), ApiKeyRevoked(key_sid(1), ACCOUNT))
    for ask in (keys.live, keys.decide_revoke):
        with pytest.raises(NotFoundError) as raised:
            ask(state, sid)
        assert raised.value.code == 20404


def test_an_account_has_a_bounded_number_of_live_keys() -> None:
    """20409 beyond it; a revoked one makes room."""
    full = given(CREATED, *map(key, range(API_KEYS_MAX)))
    with pytest.raises(ConflictError, match="Revoke one first") as raised:
        keys.decide_create(full, key(API_KEYS_MAX))
    assert raised.value.code == 20409
    revoked = given(CREATED, *map(key, range(API_KEYS_MAX)), ApiKeyRevoked(key_sid(7), ACCOUNT))
    assert keys.decide_create(revoked, key(API_KEYS_MAX)) == [key(API_KEYS_MAX)]


@pytest.mark.parametrize(
    "events",
    [
        (CREATED, CREATED),
        (CREATED, SECOND, SECOND),
        (CREATED, PROMOTED),
        (CREATED, REMOVED),
        (CREATED, ENABLED),
        (CREATED, DISABLED, DISABLED),
        (CREATED, key(1), key(1)),
        (CREATED, key(1), ApiKeyRevoked(key_sid(1), ACCOUNT), ApiKeyRevoked(key_sid(1), ACCOUNT)),
    ],
    ids=lambda events: ",".join(type(event).__name__ for event in events),
)
def test_what_no_decision_can_come_to_is_not_folded(events: Sequence[AccountEvent]) -> None:
    """evolve asserts it again."""
    with pytest.raises(AssertionError):
        given(*events)


COMMANDS: Sequence[Callable[[AccountState, int], Sequence[AccountEvent]]] = (
    lambda state, number: decider.decide_begin_rotation(
        state, SecondaryTokenCreated(ACCOUNT, sealed(f"token {number}"), b"token %d" % number)
    ),
    lambda state, number: decider.decide_promote(state),
    lambda state, number: decider.decide_cancel_rotation(state),
    lambda state, number: decider.decide_disable(state),
    lambda state, number: decider.decide_enable(state),
    lambda state, number: keys.decide_create(state, key(number)),
    lambda state, number: keys.decide_revoke(state, key_sid(number - 1)),
)


@drawn(st.lists(st.sampled_from(COMMANDS), max_size=40))
def test_whatever_is_decided_can_be_folded(
    commands: Sequence[Callable[[AccountState, int], Sequence[AccountEvent]]],
) -> None:
    """In any order; there is always a token that signs, and it is never the one beside it."""
    state = given(CREATED)
    for number, command in enumerate(commands):
        try:
            events = command(state, number)
        except PushwardError:
            events = ()
        for event in events:
            state = decider.evolve(state, event, Recorded(STREAM, state.version + 1, NOW))
        account = decider.known(state)
        assert account.auth_token_digest != account.secondary_auth_token_digest
        assert account.rotating == (account.secondary_auth_token_digest is not None)
