"""`pushward migrate` and `pushward init`: the databases, made ready by the role that may."""

import asyncio
from typing import Annotated

import typer

from pushward.cli.console import JsonOption, print_json, print_pairs
from pushward.cli.installation import install_all, migrate_all
from pushward.config.settings import SHARDS_DEFAULT, Settings

SHARDS_MAX = 4096


def migrate(as_json: JsonOption = False) -> None:
    """Bring the databases up to date (PUSHWARD_DATABASE_URL and PUSHWARD_KEYS_URL name a role that may create)."""
    applied = asyncio.run(migrate_all(Settings()))
    if as_json:
        print_json({"applied": applied})
    else:
        print_pairs({"applied": ", ".join(applied) or "nothing: all is up to date"})


def init(
    shards: Annotated[
        int, typer.Option(min=1, max=SHARDS_MAX, help="Slices of the log; fixed for good.")
    ] = SHARDS_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Make an installation: migrate, fix the number of shards, install subscriptions, make the installation key."""
    installed = asyncio.run(install_all(Settings(), shards))
    if as_json:
        print_json({"applied": list(installed.applied), "shards": installed.shards})
    else:
        print_pairs({"applied": ", ".join(installed.applied) or "nothing", "shards": str(installed.shards)})
