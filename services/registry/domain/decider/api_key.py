"""API keys: created and revoked on their account's stream, which counts them."""

from typing import Final

from pushward import error_codes
from pushward.errors import ConflictError, NotFoundError
from pushward.ids import Sid
from services.registry.domain.decider.account import known
from services.registry.domain.events import AccountEvent, ApiKeyCreated, ApiKeyRevoked
from services.registry.domain.state import AccountState, ApiKeyRecord

API_KEYS_MAX: Final = 50
"""Live ones of an account."""


def decide_create(state: AccountState, created: ApiKeyCreated) -> list[AccountEvent]:
    """A new key. Raises NotFoundError for an unknown account, ConflictError 20409 beyond API_KEYS_MAX."""
    known(state)
    if len(state.live_api_keys) >= API_KEYS_MAX:
        raise ConflictError(
            f"The account has {API_KEYS_MAX} API keys already. Revoke one first.", code=error_codes.CONFLICT
        )
    return [created]


def decide_revoke(state: AccountState, sid: Sid | None) -> list[AccountEvent]:
    """The key is refused, for good. Raises NotFoundError 20404."""
    api_key = live(state, sid)
    return [ApiKeyRevoked(api_key.sid, api_key.account_sid)]


def live(state: AccountState, sid: Sid | None) -> ApiKeyRecord:
    """The account's key. Raises NotFoundError 20404 if it was revoked or never was one of this account's."""
    api_key = state.api_keys.get(sid) if sid else None
    if api_key is None or api_key.revoked:
        raise NotFoundError("The API key was not found.")
    return api_key
