"""Accounts: created by an operator, never deleted."""

from dataclasses import replace

from pushward.eventlog.event import Recorded
from services.registry.domain.events import AccountCreated, AccountEvent
from services.registry.domain.state import AccountRecord, AccountState


def decide_create(state: AccountState, created: AccountCreated) -> list[AccountEvent]:
    """A new account. Its SID is new, so its stream is empty."""
    assert state.account is None
    return [created]


def evolve(state: AccountState, event: AccountEvent, recorded: Recorded) -> AccountState:
    """The account after ``event``."""
    assert state.account is None
    account = AccountRecord(
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
    )
    return replace(state, account=account)
