"""What Authenticate remembers: accounts for a moment, parsed public keys for as long as there is room."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from pushward.security import es256
from services.registry.app.ports import Lookups
from services.registry.domain.state import AccountRecord

ACCOUNT_SECONDS_MAX: Final = 1.0
"""A changed or disabled account is known everywhere within this time."""
ACCOUNTS_MAX: Final = 4_096
PUBLIC_KEYS_MAX: Final = 16_384


class AccountCache:
    """Accounts by SID. Only those that exist: a new one is seen at once."""

    def __init__(self, lookups: Lookups, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._lookups = lookups
        self._monotonic = monotonic
        self._kept: OrderedDict[str, tuple[float, AccountRecord]] = OrderedDict()

    async def get(self, account_sid: str) -> AccountRecord | None:
        """The account as it was at most ACCOUNT_SECONDS_MAX ago."""
        asked_at = self._monotonic()
        kept = self._kept.get(account_sid)
        if kept is not None and asked_at < kept[0]:
            return kept[1]
        account = await self._lookups.account(account_sid)
        if account is None:
            self._kept.pop(account_sid, None)
            return None
        # Counted from before the query: what it saw may have changed while the answer was on its way.
        self._kept[account_sid] = (asked_at + ACCOUNT_SECONDS_MAX, account)
        self._kept.move_to_end(account_sid)
        if len(self._kept) > ACCOUNTS_MAX:
            self._kept.popitem(last=False)
        return account


class PublicKeyCache:
    """Parsed public keys by ``kid``. A factor's key never changes, so nothing here grows old."""

    def __init__(self, keys_max: int = PUBLIC_KEYS_MAX) -> None:
        self._keys_max = keys_max
        self._kept: OrderedDict[str, es256.PublicKey] = OrderedDict()

    def get(self, credential_sid: str, spki: bytes) -> es256.PublicKey:
        """The key of a factor, whose row says ``spki``."""
        key = self._kept.get(credential_sid)
        if key is None:
            key = self._kept[credential_sid] = es256.parse_public_key(spki)
            if len(self._kept) > self._keys_max:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(credential_sid)
        return key
