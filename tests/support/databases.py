"""Databases for tests: migrated once as a template, then copied for each test."""

import uuid
from collections.abc import Sequence

import asyncpg

from deploy.embedded.postgres import EmbeddedPostgres
from pushward.database.install import install
from pushward.database.migrate import Module, migrate

SHARDS = 4


class Databases:
    """Makes databases on one server; a template for each set of modules, so that a copy costs milliseconds."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._templates: dict[tuple[str, ...], str] = {}

    async def make(self, modules: Sequence[Module], *, shards: int | None = SHARDS) -> str:
        """The URL of a new database with these modules migrated and installed."""
        key = (*(f"{module.schema} {module.folder}" for module in modules), str(shards))
        if key not in self._templates:
            template = f"template_{uuid.uuid4().hex}"
            await self._execute(f"CREATE DATABASE {template}")
            url = self._server.database_url(template)
            await migrate(url, modules)
            if any(module.schema == "log" for module in modules):
                await install(url, modules, shards)
            self._templates[key] = template
        name = f"test_{uuid.uuid4().hex}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {self._templates[key]}")
        return self._server.database_url(name)

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._server.database_url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
