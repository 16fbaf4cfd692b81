"""Accounts with their API keys: created by an operator, never deleted, but disabled and enabled.

    one token ──rotation begins──► two tokens ──promoted or cancelled──► one token

An account's stream holds its API keys as well, so how many there may be is decided there (docs/adr/0027).
"""

from dataclasses import replace
from typing import assert_never

from pushward import error_codes
from pushward.errors import ConflictError, NotFoundError
from pushward.eventlog.event import Recorded
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
from services.registry.domain.state import AccountRecord, AccountState, ApiKeyRecord


def decide_create(state: AccountState, created: AccountCreated) -> list[AccountEvent]:
    """A new account. Its SID is new, so its stream is empty."""
    assert state.account is None
    return [created]


def decide_begin_rotation(state: AccountState, created: SecondaryTokenCreated) -> list[AccountEvent]:
    """A second token. Raises NotFoundError, and ConflictError if there is one: nobody is to lose one by accident."""
    if known(state).rotating:
        raise ConflictError(
            "The account has a secondary auth token already. Promote it, or cancel it.", code=error_codes.CONFLICT
        )
    return [created]


def decide_promote(state: AccountState) -> list[AccountEvent]:
    """The second token is the only one. Raises NotFoundError, ConflictError."""
    return [SecondaryTokenPromoted(_rotating(state).sid)]


def decide_cancel_rotation(state: AccountState) -> list[AccountEvent]:
    """The first token is the only one. Raises NotFoundError, ConflictError."""
    return [SecondaryTokenRemoved(_rotating(state).sid)]


def decide_disable(state: AccountState) -> list[AccountEvent]:
    """The account is disabled; nothing if it is already. Raises NotFoundError."""
    account = known(state)
    return [] if account.disabled else [AccountDisabled(account.sid)]


def decide_enable(state: AccountState) -> list[AccountEvent]:
    """The account is enabled; nothing if it is already. Raises NotFoundError."""
    account = known(state)
    return [AccountEnabled(account.sid)] if account.disabled else []


def known(state: AccountState) -> AccountRecord:
    """The account. Raises NotFoundError if there never was one."""
    if state.account is None:
        raise NotFoundError("The account was not found.")
    return state.account


def evolve(state: AccountState, event: AccountEvent, recorded: Recorded) -> AccountState:
    """The account's stream after ``event``."""
    match event:
        case AccountCreated():
            assert state.account is None
            return replace(state, account=_created(event, recorded))
        case ApiKeyCreated():
            assert event.api_key_sid not in state.api_keys
            created = _created_key(event, recorded)
            return replace(_changed(state, recorded), api_keys={**state.api_keys, created.sid: created})
        case ApiKeyRevoked():
            revoked = _revoked_key(state.api_keys[event.api_key_sid], recorded)
            return replace(_changed(state, recorded), api_keys={**state.api_keys, revoked.sid: revoked})
        case _:
            changed = _changed(state, recorded)
            return replace(changed, account=_evolved(known(changed), event))


def _evolved(
    account: AccountRecord,
    event: SecondaryTokenCreated | SecondaryTokenPromoted | SecondaryTokenRemoved | AccountDisabled | AccountEnabled,
) -> AccountRecord:
    match event:
        case SecondaryTokenCreated():
            assert not account.rotating
            return replace(
                account,
                secondary_auth_token=event.auth_token,
                secondary_auth_token_digest=event.auth_token_digest,
            )
        case SecondaryTokenPromoted():
            assert account.secondary_auth_token is not None
            assert account.secondary_auth_token_digest is not None
            return replace(
                account,
                auth_token=account.secondary_auth_token,
                auth_token_digest=account.secondary_auth_token_digest,
                secondary_auth_token=None,
                secondary_auth_token_digest=None,
            )
        case SecondaryTokenRemoved():
            assert account.rotating
            return replace(account, secondary_auth_token=None, secondary_auth_token_digest=None)
        case AccountDisabled():
            assert not account.disabled
            return replace(account, disabled=True)
        case AccountEnabled():
            assert account.disabled
            return replace(account, disabled=False)
        case _:
            assert_never(event)


def _rotating(state: AccountState) -> AccountRecord:
    account = known(state)
    if not account.rotating:
        raise ConflictError(
            "The account has no secondary auth token. Rotate its token first.", code=error_codes.CONFLICT
        )
    return account


def _changed(state: AccountState, recorded: Recorded) -> AccountState:
    """The head record with what every event changes."""
    assert state.account is not None
    assert state.account.version + 1 == recorded.version
    return replace(state, account=replace(state.account, version=recorded.version, date_updated=recorded.recorded_at))


def _created(event: AccountCreated, recorded: Recorded) -> AccountRecord:
    return AccountRecord(
        stream_id=recorded.stream_id,
        version=recorded.version,
        sid=event.account_sid,
        friendly_name=event.friendly_name,
        key_id=event.key_id,
        auth_token=event.auth_token,
        auth_token_digest=event.auth_token_digest,
        disabled=False,
        date_created=recorded.recorded_at,
        date_updated=recorded.recorded_at,
        secondary_auth_token=None,
        secondary_auth_token_digest=None,
    )


def _created_key(event: ApiKeyCreated, recorded: Recorded) -> ApiKeyRecord:
    return ApiKeyRecord(
        stream_id=recorded.stream_id,
        version=recorded.version,
        sid=event.api_key_sid,
        account_sid=event.account_sid,
        friendly_name=event.friendly_name,
        secret_digest=event.secret_digest,
        revoked=False,
        date_created=recorded.recorded_at,
        date_updated=recorded.recorded_at,
    )


def _revoked_key(api_key: ApiKeyRecord, recorded: Recorded) -> ApiKeyRecord:
    assert not api_key.revoked
    return replace(
        api_key, version=recorded.version, friendly_name=None, revoked=True, date_updated=recorded.recorded_at
    )
