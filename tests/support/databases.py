"""Databases for tests: migrated once as a template, then copied for each test."""

import uuid
from collections.abc import Sequence

import asyncpg

from deploy.embedded.postgres import EmbeddedPostgres
from pushward.database.install import install
from pushward.database.migrate import Module, migrate

SHARDS = 4
STRATEGY = "FILE_COPY"
"""Copies files instead of logging pages: quicker for a server that waits for no disk."""


class Templates:
    """Databases to copy on one server, one for each set of modules, so that a copy costs milliseconds."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self.server = server
        self._templates: dict[tuple[str, ...], str] = {}

    async def template(self, modules: Sequence[Module], shards: int | None) -> str:
        """The name of a database with these modules migrated and installed. Nobody may change it."""
        key = (*(f"{module.schema} {module.folder}" for module in modules), str(shards))
        if key not in self._templates:
            template = f"template_{uuid.uuid4().hex}"
            await self.execute(f"CREATE DATABASE {template}")
            url = self.server.database_url(template)
            await migrate(url, modules)
            if any(module.schema == "log" for module in modules):
                await install(url, modules, shards)
            self._templates[key] = template
        return self._templates[key]

    async def execute(self, statement: str) -> None:
        """Runs one statement that concerns whole databases."""
        connection = await asyncpg.connect(self.server.database_url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


class Databases:
    """The databases of one test. Dropped with it: hundreds of thousands of files at the end would take minutes."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._made: list[str] = []

    async def make(self, modules: Sequence[Module], *, shards: int | None = SHARDS) -> str:
        """The URL of a new database with these modules migrated and installed."""
        template = await self._templates.template(modules, shards)
        name = f"test_{uuid.uuid4().hex}"
        await self._templates.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {STRATEGY}")
        self._made.append(name)
        return self._templates.server.database_url(name)

    async def drop(self) -> None:
        """Ends with all that was made, whoever is still connected."""
        for name in self._made:
            await self._templates.execute(f"DROP DATABASE {name} WITH (FORCE)")
