"""Wraps all data keys anew, with another key-encryption key: what they sealed stays as it is.

    for each key-encryption key that still wraps something, in the order of key ids:
        read a batch → open each → wrap it with the new one → store those that are still as they were read

A batch is one statement, and what is done is no longer found: killed at any moment, it goes on where it was. A key that
is destroyed or wrapped anew meanwhile is left as it is, and so is one that no key-encryption key at hand opens.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol
from uuid import UUID

from pushward.security.keys import KeyEncryption, KeyMissingError, WrappedKey

REWRAPPED_TOGETHER_MAX: Final = 500
FIRST: Final = UUID(int=0)
"""Less than the id of any key."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many data keys each key-encryption key wraps, and how many were destroyed."""

    wrapped: dict[str, int]
    destroyed: int

    def left(self, kek_id: str) -> int:
        """How many are wrapped by another than this one."""
        return sum(count for other, count in self.wrapped.items() if other != kek_id)


class WrappedKeys(Protocol):
    """All that the key store keeps. All methods raise UnavailableError."""

    async def tally(self) -> Tally:
        """What wraps how many."""
        ...

    async def wrapped_by(self, kek_id: str, after: UUID, limit: int) -> Sequence[WrappedKey]:
        """Keys wrapped by this one whose ids are greater than ``after``, in the order of their ids."""
        ...

    async def rewrap(self, seen: Sequence[WrappedKey], anew: Sequence[WrappedKey]) -> int:
        """Stores each of ``anew`` whose key is still as ``seen``; says how many were."""
        ...


Told = Callable[[int], None]
"""Hears, after each batch, how many were wrapped anew up to now."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation came to: keys wrapped anew, and for each key-encryption key that refused one, what it said."""

    rewrapped: int
    refused: Mapping[str, str]


async def rotate(keys: WrappedKeys, opens: KeyEncryption, to: KeyEncryption, told: Told) -> Rotated:
    """Wraps with ``to`` whatever ``opens`` opens. Raises UnavailableError; then it must be run again."""
    rewrapped, refused = 0, dict[str, str]()
    for kek_id in sorted((await keys.tally()).wrapped):
        after = FIRST
        while kek_id != to.kek_id and (batch := await keys.wrapped_by(kek_id, after, REWRAPPED_TOGETHER_MAX)):
            seen, anew = [], []
            for key in batch:
                try:
                    anew.append(replace(key, wrapped=to.wrap(opens.unwrap(key)), kek_id=to.kek_id))
                    seen.append(key)
                except KeyMissingError as error:
                    refused[kek_id] = error.message
            rewrapped += await keys.rewrap(seen, anew)
            after = batch[-1].key_id
            told(rewrapped)
    return Rotated(rewrapped, refused)
