"""The key ring of this installation: the key store's database, and the key-encryption keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pushward.config.settings import Settings, SettingsError
from pushward.database.pool import Database
from pushward.security.accepted_keks import AcceptedKeks
from pushward.security.kek import FileKeyEncryption
from pushward.security.key_store_postgres import KEYS_ROLE, PostgresKeyStore
from pushward.security.keys import KeyRing

KEYS_CONNECTIONS_MAX: Final = 4


def key_encryption(settings: Settings) -> AcceptedKeks:
    """The key-encryption keys that the settings name. Raises SettingsError, KekFileError."""
    if settings.kek_file is None:
        raise SettingsError("Set PUSHWARD_KEK_FILE to the key-encryption key: 32 random bytes as base64, mode 0600.")
    return AcceptedKeks(
        FileKeyEncryption.load(settings.kek_file), [FileKeyEncryption.load(file) for file in settings.kek_other_files]
    )


def keys_database(settings: Settings) -> Database:
    """The key store's pool; opens when it is first used."""
    return Database(settings.key_store_url(), KEYS_ROLE, "pushward-keys", size_max=KEYS_CONNECTIONS_MAX)


def key_ring(settings: Settings, database: Database) -> KeyRing:
    """The ring on that pool. Raises SettingsError, KekFileError."""
    return KeyRing(PostgresKeyStore(database), key_encryption(settings))


@asynccontextmanager
async def opened_keys(settings: Settings) -> AsyncIterator[KeyRing]:
    """A ring for one command."""
    database = keys_database(settings)
    try:
        yield key_ring(settings, database)
    finally:
        await database.close()
