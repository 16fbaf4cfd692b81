"""Whether the databases are as this release needs them. Services wait for that; `pushward migrate` makes it so."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from pushward.config.settings import Settings
from pushward.database.connection import away_told, connect
from pushward.database.migrate import Module, pending
from pushward.errors import PushwardError, UnavailableError
from pushward.eventlog.epoch import current_epoch
from pushward.security.key_store_postgres import KEYS_MODULE
from pushward.security.keys import INSTALLATION_KEY_ID, KeyRing

APPLICATION: Final = "pushward-schema"


async def schema_problem(settings: Settings, modules: Sequence[Module], keys: KeyRing | None) -> str | None:
    """What is missing, in one line; None when ``modules`` are migrated, the log's epoch is right, and ``keys`` open."""
    try:
        with away_told():
            return await _problem(settings, modules, keys)
    except UnavailableError as error:
        return error.message
    except (PushwardError, asyncpg.PostgresError) as error:
        return str(error)


async def _problem(settings: Settings, modules: Sequence[Module], keys: KeyRing | None) -> str | None:
    if lacking := await _lacking(settings.main_url(), modules):
        return f"the database lacks {lacking[0]}: run `pushward migrate`"
    if (problem := await _log_problem(settings.main_url(), modules)) is not None:
        return problem
    if keys is not None:
        if lacking := await _lacking(settings.key_store_url(), [KEYS_MODULE]):
            return f"the key store lacks {lacking[0]}: run `pushward migrate`"
        await keys.get(INSTALLATION_KEY_ID)
    return None


async def _lacking(url: str, modules: Sequence[Module]) -> list[str]:
    connection = await connect(url, None, APPLICATION)
    try:
        return await pending(connection, modules)
    finally:
        await connection.close()


async def _log_problem(url: str, modules: Sequence[Module]) -> str | None:
    role = next(module.role for module in modules if module.role is not None)
    connection = await connect(url, role, APPLICATION)
    try:
        epoch = await current_epoch(connection)
        return "the log has no shards: run `pushward init`" if epoch is None else epoch.problem
    finally:
        await connection.close()
