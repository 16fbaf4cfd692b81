"""Databases for whole systems: made once by `pushward init`, with two accounts, then copied for each system."""

import asyncio
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.embedded.postgres import EmbeddedPostgres
from pushward.security.kek import FileKeyEncryption
from tests.support import sql
from tests.support.child import ROOT

SHARDS: Final = 4
COMMAND_SECONDS_MAX: Final = 60.0
NOT_INHERITED: Final = ("PUSHWARD_", "TWILIO_")


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant's credentials."""

    sid: str
    auth_token: str


@dataclass(frozen=True, slots=True)
class Stores:
    """Two databases and a key-encryption key: what a system keeps."""

    database_url: str
    keys_url: str
    kek_file: Path

    def environment(self) -> dict[str, str]:
        """The environment of a process that works on these, and on nothing of ours."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        return {
            **inherited,
            "PUSHWARD_DATABASE_URL": self.database_url,
            "PUSHWARD_KEYS_URL": self.keys_url,
            "PUSHWARD_KEK_FILE": str(self.kek_file),
        }


class Installation:
    """A template of stores on one server."""

    def __init__(self, server: EmbeddedPostgres, directory: Path) -> None:
        self._server = server
        self._template = uuid.uuid4().hex
        self.stores = self._stores(self._template, directory / f"kek-{self._template}")
        server.create_databases(f"main_{self._template}", f"keys_{self._template}")
        FileKeyEncryption.load_or_create(self.stores.kek_file)
        pushward(self.stores.environment(), "init", "--shards", str(SHARDS))
        self.account = new_account(self.stores, "Example Bank")
        self.other_account = new_account(self.stores, "Example Shop")

    def copy(self) -> Stores:
        """Stores of their own, with the same two accounts."""
        name = uuid.uuid4().hex
        for kind in ("main", "keys"):
            statement = f"CREATE DATABASE {kind}_{name} TEMPLATE {kind}_{self._template}"
            asyncio.run(sql.execute(self._server.database_url("postgres"), statement))
        return self._stores(name, self.stores.kek_file)

    def _stores(self, name: str, kek_file: Path) -> Stores:
        return Stores(self._server.database_url(f"main_{name}"), self._server.database_url(f"keys_{name}"), kek_file)


def new_account(stores: Stores, friendly_name: str) -> Account:
    """An account that no other test knows, as an operator makes it."""
    said = pushward(stores.environment(), "account", "create", "--json", "--name", friendly_name).stdout
    created = json.loads(said)
    return Account(created["account_sid"], created["auth_token"])


def pushward(
    environment: Mapping[str, str], *arguments: str, succeeds: bool = True
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end; unless told otherwise it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "pushward.cli", *arguments],
        env=dict(environment),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
        check=False,
    )
    assert not succeeds or done.returncode == 0, f"pushward {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
    return done
