"""Several key-encryption keys at once, as long as a rotation takes: one wraps, each opens what it wrapped."""

from collections.abc import Sequence
from typing import Literal

from pushward.security.keys import DataKey, KeyEncryption, KeyMissingError, WrappedKey

Standing = Literal["current", "accepted", "not held"]


class AcceptedKeks:
    """Wraps with ``current``; opens what it or one of ``others`` wrapped. Refuses anything else by its name."""

    def __init__(self, current: KeyEncryption, others: Sequence[KeyEncryption] = ()) -> None:
        self._current = current
        self._by_id = {encryption.kek_id: encryption for encryption in (*others, current)}

    @property
    def kek_id(self) -> str:
        """Names the key-encryption key that wraps."""
        return self._current.kek_id

    def standing(self, kek_id: str) -> Standing:
        """What this process can do with a key-encryption key."""
        if kek_id == self.kek_id:
            return "current"
        return "accepted" if kek_id in self._by_id else "not held"

    def wrap(self, key: DataKey) -> bytes:
        """The data key, encrypted, bound to its id."""
        return self._current.wrap(key)

    def unwrap(self, wrapped: WrappedKey) -> DataKey:
        """The data key. Raises KeyMissingError, naming the KEK that is asked for and those that are held."""
        encryption = self._by_id.get(wrapped.kek_id)
        if encryption is None:
            held = ", ".join(sorted(self._by_id))
            raise KeyMissingError(
                f"Data key {wrapped.key_id} is wrapped by {wrapped.kek_id}, but this process holds {held}."
            )
        return encryption.unwrap(wrapped)
