"""`pushward account create`: a new tenant. Its token is shown once; the log keeps it sealed."""

import asyncio
from typing import Annotated

import typer

from pushward.cli.console import JsonOption, print_json, print_pairs, say
from pushward.cli.keys import opened_keys
from pushward.cli.stores_file import operator_settings
from pushward.config.settings import Settings
from services.registry.app.accounts import CreatedAccount
from services.registry.wiring import create_account

app = typer.Typer(no_args_is_help=True, help="Accounts: the tenants.")


@app.callback()
def _about() -> None:
    """Keeps `create` a word of its own."""


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Whose it is, for operators.")],
    as_json: JsonOption = False,
) -> None:
    """Create an account; prints its SID and its auth token, which is told only now."""
    account = asyncio.run(_create(operator_settings(), name))
    pairs = {"account_sid": account.account_sid, "auth_token": account.auth_token.reveal()}
    if as_json:
        print_json(pairs)
    else:
        print_pairs(pairs)
        say("Keep the token now: nobody can show it again.")


async def _create(settings: Settings, name: str) -> CreatedAccount:
    async with opened_keys(settings) as keys:
        return await create_account(settings, keys, name)
