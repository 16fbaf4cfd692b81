"""What Authenticate remembers: credentials for a moment, parsed public keys for as long as there is room."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from pushward.security import es256
from services.registry.app.ports import Credential, Lookups

CREDENTIAL_SECONDS_MAX: Final = 1.0
"""A token that was rotated, a key that was revoked, an account that was disabled: known everywhere within this time."""
CREDENTIALS_MAX: Final = 4_096
PUBLIC_KEYS_MAX: Final = 16_384


class CredentialCache:
    """Credentials by SID. Only those that exist: a new one is seen at once."""

    def __init__(self, lookups: Lookups, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._lookups = lookups
        self._monotonic = monotonic
        self._kept: OrderedDict[str, tuple[float, Credential]] = OrderedDict()

    async def get(self, sid: str) -> Credential | None:
        """The credential as it was at most CREDENTIAL_SECONDS_MAX ago."""
        asked_at = self._monotonic()
        kept = self._kept.get(sid)
        if kept is not None and asked_at < kept[0]:
            return kept[1]
        credential = await self._lookups.credential(sid)
        if credential is None:
            self._kept.pop(sid, None)
            return None
        # Counted from before the query: what it saw may have changed while the answer was on its way.
        self._kept[sid] = (asked_at + CREDENTIAL_SECONDS_MAX, credential)
        self._kept.move_to_end(sid)
        if len(self._kept) > CREDENTIALS_MAX:
            self._kept.popitem(last=False)
        return credential


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
