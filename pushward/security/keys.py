"""Data keys: what seals an entity's (or an account's) fields, wrapped by a key-encryption key.

Wrapped keys live in a database of their own (DESIGN section 5). A key that was destroyed stays as a tombstone and is
never made anew. ``KeyRing`` keeps unwrapped keys for at most ``CACHE_SECONDS_MAX``, so a destroyed key is unusable
everywhere within that time, and at once where it was destroyed.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Protocol
from uuid import UUID

import structlog

from pushward.errors import NotFoundError, UnavailableError

DATA_KEY_BYTES: Final = 32
CACHE_SECONDS_MAX: Final = 60.0
CACHE_KEYS_MAX: Final = 65_536
INSTALLATION_KEY_ID: Final = UUID("00000000-0000-8000-8000-000000000000")
"""The installation's own key: account credentials are digested with it."""

_log = structlog.get_logger(__name__)


class KeyDestroyedError(NotFoundError):
    """The key was destroyed (erasure): what it sealed is gone for ever. A 404, wherever a caller meets it."""

    def __init__(self, key_id: UUID) -> None:
        super().__init__("This was forgotten: it can't be read any more.")
        self.key_id = key_id


class KeyMissingError(UnavailableError):
    """The key store has no such key, or no key-encryption key that we hold opens it: an operator must look."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """An unwrapped data key."""

    key_id: UUID
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as the key store keeps it. ``wrapped`` is None once it was destroyed."""

    key_id: UUID
    scope: str
    wrapped: bytes | None
    kek_id: str


class KeyFate(Enum):
    """What became of a data key."""

    NEVER_MADE = auto()
    LIVING = auto()
    DESTROYED = auto()


class KeyStore(Protocol):
    """Where wrapped keys are kept. All methods raise UnavailableError."""

    async def put(self, key: WrappedKey) -> None:
        """Stores a new key; a key id that exists already is left as it is."""
        ...

    async def get(self, key_id: UUID) -> WrappedKey | None:
        """The key, None if there never was one."""
        ...

    async def destroy(self, key_id: UUID) -> None:
        """Destroys the key and leaves a tombstone, also of a key that never was: it is never made then."""
        ...


class KeyEncryption(Protocol):
    """Wraps data keys: a file today, a KMS tomorrow."""

    @property
    def kek_id(self) -> str:
        """Names the key-encryption key, never reveals it."""
        ...

    def wrap(self, key: DataKey) -> bytes:
        """The data key, encrypted, bound to its id."""
        ...

    def unwrap(self, wrapped: WrappedKey) -> DataKey:
        """The data key. Raises KeyMissingError, naming the KEK that is asked for, if this isn't the one."""
        ...


class KeyRing:
    """Data keys by id, unwrapped, cached for a bounded time; None is remembered of what was destroyed here."""

    def __init__(
        self, store: KeyStore, encryption: KeyEncryption, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._encryption = encryption
        self._monotonic = monotonic
        self._cache: OrderedDict[UUID, tuple[float, DataKey | None]] = OrderedDict()
        self._told: set[str] = set()  # key-encryption keys that were asked for and refused

    async def create(self, key_id: UUID, scope: str, secret: bytes) -> DataKey:
        """Stores a new data key (``secret``: DATA_KEY_BYTES random bytes). ``scope`` says whose it is, for operators.

        Where the key id exists already, the stored key stays and is returned: what we made must never be used then.
        Raises as ``get``.
        """
        key = DataKey(key_id, secret)
        await self._store.put(WrappedKey(key_id, scope, self._encryption.wrap(key), self._encryption.kek_id))
        return await self.get(key_id)

    async def get(self, key_id: UUID) -> DataKey:
        """The data key. Raises KeyDestroyedError after its erasure, KeyMissingError if it can't be had."""
        asked_at = self._monotonic()
        cached = self._cache.get(key_id)
        if cached is not None and cached[0] > asked_at:
            return _living(key_id, cached[1])
        wrapped = await self._store.get(key_id)
        if wrapped is None:
            raise KeyMissingError(f"The key store has no data key {key_id}.")
        if wrapped.wrapped is None:
            raise KeyDestroyedError(key_id)
        try:
            key = self._encryption.unwrap(wrapped)
        except KeyMissingError as error:
            self._tell(wrapped, error.message)
            raise
        return _living(key_id, self._remember(key, asked_at))

    async def problem(self) -> str | None:
        """Why the installation's key can't be had; None if it can.

        It stands for all others: who can't open it, because another key-encryption key wraps it, opens hardly any.
        """
        try:
            await self.get(INSTALLATION_KEY_ID)
        except UnavailableError as error:
            return error.message
        return None

    async def fate(self, key_id: UUID) -> KeyFate:
        """What became of the key, as the store knows it. Raises UnavailableError."""
        wrapped = await self._store.get(key_id)
        if wrapped is None:
            return KeyFate.NEVER_MADE
        return KeyFate.DESTROYED if wrapped.wrapped is None else KeyFate.LIVING

    async def destroy(self, key_id: UUID) -> None:
        """Destroys the key for good, or keeps it from ever being made: this ring never opens it again.

        Repeated, it does nothing. Raises UnavailableError; then it must be called again.
        """
        await self._store.destroy(key_id)
        self._keep(key_id, self._monotonic(), None)

    def _tell(self, wrapped: WrappedKey, reason: str) -> None:
        """Once of each key-encryption key: all that it wraps is asked for again and again."""
        if wrapped.kek_id not in self._told:
            self._told.add(wrapped.kek_id)
            _log.error("data_key_not_opened", key_id=str(wrapped.key_id), reason=reason)

    def _remember(self, key: DataKey, asked_at: float) -> DataKey | None:
        """What is known of the key now; it may have been destroyed while we asked for it."""
        kept = self._cache.get(key.key_id)
        if kept is not None and kept[1] is None:
            return None
        self._keep(key.key_id, asked_at, key)
        return key

    def _keep(self, key_id: UUID, since: float, key: DataKey | None) -> None:
        self._cache[key_id] = (since + CACHE_SECONDS_MAX, key)
        self._cache.move_to_end(key_id)
        if len(self._cache) > CACHE_KEYS_MAX:
            self._cache.popitem(last=False)


def _living(key_id: UUID, key: DataKey | None) -> DataKey:
    if key is None:
        raise KeyDestroyedError(key_id)
    return key
