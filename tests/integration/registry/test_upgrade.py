"""State tables of an earlier release, and what this one makes of their rows."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pushward.database.migrate import migrate
from pushward.database.pool import Database
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.table import sealed_to_bytes
from services.registry.adapters.log import MODULE, ROLE
from services.registry.adapters.lookups import PostgresLookups
from services.registry.adapters.store import PostgresRegistryStore
from services.registry.app.ports import Credential
from services.registry.domain.state import AccountRecord, AccountState
from tests.support.databases import Databases
from tests.unit.registry.given import ACCOUNT, KEY_ID, NOW, STREAM, sealed

BEFORE_CREDENTIALS = ("0001_tables.sql", "0002_rows.sql")


@pytest.fixture
async def url(databases: Databases, tmp_path: Path) -> str:
    """A database before accounts could have two tokens, with one account."""
    for file in BEFORE_CREDENTIALS:
        shutil.copy(MODULE.folder / file, tmp_path)
    url = await databases.make([LOG_MODULE, replace(MODULE, folder=tmp_path)])
    owner = Database(url, None, "test-owner", size_max=1)
    await owner.execute(
        "INSERT INTO registry.account VALUES (0, 1, $1, 1, $2, 'Example Bank', $3, $4, $5, false, $6, $6)",
        STREAM,
        ACCOUNT,
        KEY_ID,
        sealed_to_bytes(sealed("token")),
        b"digest",
        NOW,
    )
    await owner.close()
    return url


async def test_an_account_of_before_has_one_token_and_no_keys(url: str) -> None:
    """It is what its event would make of it now, so a replay finds no difference."""
    assert "registry/0003_credentials.sql" in await migrate(url, [LOG_MODULE, MODULE])
    database = Database(url, ROLE, "test", size_max=1)
    record = AccountRecord(
        STREAM, 1, ACCOUNT, "Example Bank", KEY_ID, sealed("token"), b"digest", False, NOW, NOW, None, None
    )
    assert (await PostgresRegistryStore(database).account(ACCOUNT)).state == AccountState(record)
    credential = await PostgresLookups(database).credential(ACCOUNT)
    assert credential == Credential(ACCOUNT, ACCOUNT, [b"digest"], usable=True)
    await database.close()
