"""One history for all of these tests; whoever harms a database harms a copy of it."""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from tests.e2e.audit.history import History, told
from tests.support import sql
from tests.support.installation import Installation, Stores
from tests.support.system import Shape, running
from tests.unit.cli.command import Ran, run


@pytest.fixture(scope="package")
def history(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> History:
    """What happened, on stores that no process works on any more."""
    stores = installation.copy()
    with running(Shape.ONE, stores, tmp_path_factory.mktemp("audited")) as system:
        return told(system.base_url, installation, stores)


@pytest.fixture
def copied(history: History, postgres: EmbeddedPostgres) -> Stores:
    """A copy of the main database that a test may harm, with the same keys."""
    return replace(history.stores, database_url=_copy(postgres, history.stores.database_url))


@pytest.fixture
def copied_keys(copied: Stores, postgres: EmbeddedPostgres) -> Stores:
    """The same with a copy of the key store, too."""
    return replace(copied, keys_url=_copy(postgres, copied.keys_url))


def _copy(server: EmbeddedPostgres, url: str) -> str:
    name = f"copy_{uuid.uuid4().hex}"
    statement = f"CREATE DATABASE {name} TEMPLATE {urlsplit(url).path.removeprefix('/')}"
    asyncio.run(sql.execute(server.database_url("postgres"), statement))
    return server.database_url(name)


@dataclass(frozen=True, slots=True)
class Audit:
    """Runs `pushward audit replay` as an operator would, on some stores."""

    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    history: History

    def text(self, *words: str, stores: Stores | None = None, **options: str) -> Ran:
        """What it prints; of the history's identity unless ``service`` or ``entity`` say otherwise."""
        for name, value in (stores or self.history.stores).environment().items():
            if name.startswith("PUSHWARD_"):
                self.monkeypatch.setenv(name, value)
        self.monkeypatch.setenv("PUSHWARD_ENV", "development")
        return run(self.capsys, "audit", "replay", *self.named(**options), *words)

    def named(self, **options: str) -> list[str]:
        """The options that name the history's identity."""
        asked = {"service": self.history.service, "entity": self.history.identity, **options}
        return [part for name, value in asked.items() for part in (f"--{name}", value)]

    def json(self, *words: str, stores: Stores | None = None, right: bool = True, **options: str) -> Any:
        """What `--json` says. Any: a JSON value."""
        ran = self.text("--json", *words, stores=stores, **options)
        assert ran.exit_code == int(not right), ran.err or ran.out
        report = json.loads(ran.out)
        assert report["right"] is right
        return report


@pytest.fixture
def audit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, history: History) -> Audit:
    """The command."""
    return Audit(capsys, monkeypatch, history)


Harm = Callable[..., None]
"""Changes a copy's main database: `harm("UPDATE …", 17)`."""


@pytest.fixture
def harm(copied: Stores) -> Harm:
    """Runs a statement on the copy, past everything that Pushward would refuse."""

    def harm(statement: str, *arguments: object) -> None:
        tag = asyncio.run(sql.execute(copied.database_url, statement, *arguments))
        assert not tag.endswith(" 0"), statement

    return harm
