"""The key store in memory, for tests and simulations."""

from collections import Counter
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from pushward.security.keys import WrappedKey
from pushward.security.rotation import Tally

NEVER_MADE: Final = WrappedKey(UUID(int=0), "never made", None, "")
"""What a tombstone says of a key that was destroyed before there was one."""


class MemoryKeyStore:
    """Wrapped keys in a dictionary."""

    def __init__(self) -> None:
        self.keys: dict[UUID, WrappedKey] = {}

    async def put(self, key: WrappedKey) -> None:
        """Stores a new key; a key id that exists already is left as it is."""
        self.keys.setdefault(key.key_id, key)

    async def get(self, key_id: UUID) -> WrappedKey | None:
        """The key, None if there never was one."""
        return self.keys.get(key_id)

    async def destroy(self, key_id: UUID) -> None:
        """Destroys the key and leaves a tombstone, also of a key that never was."""
        key = self.keys.get(key_id, NEVER_MADE)
        self.keys[key_id] = WrappedKey(key_id, key.scope, None, key.kek_id)

    async def tally(self) -> Tally:
        """What wraps how many."""
        living = [key.kek_id for key in self.keys.values() if key.wrapped is not None]
        return Tally(dict(Counter(living)), len(self.keys) - len(living))

    async def wrapped_by(self, kek_id: str, after: UUID, limit: int) -> Sequence[WrappedKey]:
        """Keys wrapped by this one whose ids are greater than ``after``, in their order."""
        found = [key for key in self.keys.values() if key.kek_id == kek_id and key.wrapped is not None]
        return sorted((key for key in found if key.key_id > after), key=lambda key: key.key_id)[:limit]

    async def rewrap(self, seen: Sequence[WrappedKey], anew: Sequence[WrappedKey]) -> int:
        """Stores each of ``anew`` whose key is still as ``seen``; says how many were."""
        unchanged = [key for was, key in zip(seen, anew, strict=True) if self.keys.get(key.key_id) == was]
        self.keys.update({key.key_id: key for key in unchanged})
        return len(unchanged)
