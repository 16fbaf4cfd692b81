"""Migrations: numbered SQL files applied once and in order, functions applied anew each time, roles and grants.

A *module* is a schema with its SQL: the log, the key store, or a service. ``NNNN_name.sql`` is a migration; every other
file holds one function. All of a database's modules migrate in one transaction under an advisory lock, so two migrating
processes take turns and a failure leaves nothing half done. What was applied is remembered with its digest; a changed
migration is refused.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

MIGRATION_LOCK: Final = 0x7075736877617264  # "pushward"
MIGRATE_SECONDS: Final = 300.0

_NUMBERED: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_NAME: Final = re.compile(r"[a-z_]+")


class MigrationError(Exception):
    """A migration can't be applied: it was changed after it had been applied, or one is missing."""


@dataclass(frozen=True, slots=True)
class Module:
    """A schema and the folder of its SQL. ``follows`` names subscriptions whose positions are kept in it."""

    schema: str
    folder: Path
    role: str | None = None  # None: no service writes here
    follows: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.schema, self.role or "none"):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name for a schema or a role")


async def migrate(url: str, modules: Sequence[Module]) -> list[str]:
    """Brings a database up to date with the DDL role; returns what was applied, for people. Raises MigrationError."""
    connection = await asyncpg.connect(url, timeout=MIGRATE_SECONDS, command_timeout=MIGRATE_SECONDS)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
            await connection.execute(_BOOKS)
            applied: list[str] = []
            for module in modules:
                applied += await _migrate_module(connection, module)
            return applied
    finally:
        await connection.close()


async def pending(connection: asyncpg.Connection, modules: Sequence[Module]) -> list[str]:
    """The migrations that a database still lacks: empty when it is up to date."""
    if not await connection.fetchval("SELECT to_regclass('pushward_migration.applied') IS NOT NULL"):
        return [f"{module.schema}: everything" for module in modules]
    rows = await connection.fetch("SELECT schema, file FROM pushward_migration.applied")
    known = {(row["schema"], row["file"]) for row in rows}
    return [
        f"{module.schema}/{file.name}"
        for module in modules
        for file in _numbered(module.folder)
        if (module.schema, file.name) not in known
    ]


_BOOKS: Final = """
CREATE SCHEMA IF NOT EXISTS pushward_migration;
GRANT USAGE ON SCHEMA pushward_migration TO PUBLIC;
CREATE TABLE IF NOT EXISTS pushward_migration.applied (
    schema     text        NOT NULL,
    file       text        NOT NULL,
    sha256     bytea       NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (schema, file)
);
GRANT SELECT ON pushward_migration.applied TO PUBLIC;
"""


async def _migrate_module(connection: asyncpg.Connection, module: Module) -> list[str]:
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {module.schema}")
    if module.role is not None:
        await _create_role(connection, module.role)
    applied = [
        f"{module.schema}/{file.name}"
        for file in _numbered(module.folder)
        if await _apply_once(connection, module.schema, file.name, file.read_text("utf-8"))
    ]
    for file in _functions(module.folder):
        await connection.execute(file.read_text("utf-8"))
    await connection.execute(f"REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {module.schema} FROM PUBLIC")
    if module.follows:
        await connection.execute("SELECT log.make_subscription_tables($1, $2)", module.schema, module.role)
    if module.role is not None:
        await _grant(connection, module.schema, module.role)
    return applied


async def _apply_once(connection: asyncpg.Connection, schema: str, file: str, text: str) -> bool:
    digest = hashlib.sha256(text.encode()).digest()
    known = await connection.fetchval(
        "SELECT sha256 FROM pushward_migration.applied WHERE schema = $1 AND file = $2", schema, file
    )
    if known is not None:
        if known != digest:
            raise MigrationError(f"{schema}/{file} was changed after it had been applied. Add a new migration.")
        return False
    await connection.execute(text)
    await connection.execute(
        "INSERT INTO pushward_migration.applied (schema, file, sha256) VALUES ($1, $2, $3)", schema, file, digest
    )
    return True


async def _create_role(connection: asyncpg.Connection, role: str) -> None:
    """The service's role, without a login of its own; whoever migrates may assume it."""
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
        await connection.execute(f"CREATE ROLE {role} NOLOGIN")
        await connection.execute(f"GRANT {role} TO CURRENT_USER")


async def _grant(connection: asyncpg.Connection, schema: str, role: str) -> None:
    """In its own schema a service reads everything and runs its functions; in the log it only reads.

    What else it may write (work, positions) its own migrations grant.
    """
    await connection.execute(
        f"""
        GRANT USAGE ON SCHEMA {schema} TO {role};
        GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role};
        GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {role};
        """
    )
    if await connection.fetchval("SELECT to_regnamespace('log') IS NOT NULL"):
        await connection.execute(
            f"""
            GRANT USAGE ON SCHEMA log TO {role};
            GRANT SELECT ON ALL TABLES IN SCHEMA log TO {role};
            GRANT EXECUTE ON FUNCTION log.identity() TO {role};
            """
        )


def _functions(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*.sql") if not _NUMBERED.fullmatch(file.name))


def _numbered(folder: Path) -> list[Path]:
    files = sorted(file for file in folder.glob("*.sql") if _NUMBERED.fullmatch(file.name))
    numbers = [int(file.name[:4]) for file in files]
    if numbers != list(range(1, len(numbers) + 1)):
        raise MigrationError(f"The migrations in {folder.name} are not numbered 0001, 0002, … without a gap: {numbers}")
    return files
