"""An installation's databases: migrated, with shards, subscriptions and the installation key. Can be run again."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from pushward.cli.keys import opened_keys
from pushward.cli.targets import MODULES
from pushward.config.settings import Settings
from pushward.database.install import install
from pushward.database.migrate import migrate
from pushward.security.account_credentials import ensure_installation_key
from pushward.security.key_store_postgres import KEYS_MODULE
from pushward.security.keys import DATA_KEY_BYTES


@dataclass(frozen=True, slots=True)
class Installed:
    """What was done, and what there is now."""

    applied: Sequence[str]
    shards: int


async def migrate_all(settings: Settings) -> list[str]:
    """Brings both databases up to date; returns what was applied. Raises MigrationError."""
    applied = await migrate(settings.main_url(), MODULES)
    return applied + await migrate(settings.key_store_url(), [KEYS_MODULE])


async def install_all(settings: Settings, shard_count: int | None) -> Installed:
    """Migrates, fixes the shard count (None: as it is), installs what is missing. Raises ShardCountError."""
    applied = await migrate_all(settings)
    shards = await install(settings.main_url(), MODULES, shard_count)
    async with opened_keys(settings) as keys:
        await ensure_installation_key(keys, secrets.token_bytes(DATA_KEY_BYTES))
    return Installed(applied, shards)
