"""`pushward key`: API keys, for operators (docs/runbooks/credentials.md). Tenants have `/pushward/v1/keys`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from pushward.api.registry.v1 import registry_pb2
from pushward.challenge_view import date_text
from pushward.cli.console import JsonOption, print_json, print_pairs, print_table, say
from pushward.cli.keys import opened_keys
from pushward.cli.stores_file import operator_settings
from pushward.config.settings import Settings
from services.registry.app.api_keys import OperatedApiKeys
from services.registry.wiring import operated_api_keys

AccountOption = Annotated[str, typer.Option(help="The account's SID (AC…).")]
T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="API keys: credentials of an account's single backends.")


@app.command()
def create(
    account: AccountOption,
    name: Annotated[str, typer.Option(help="Which backend it is for, for the tenant.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Create an API key; prints its SID and its secret, which is told only now."""
    key = _done(account, lambda api_keys: api_keys.create(name))
    pairs = {**_row(key), "secret": key.secret}
    if as_json:
        print_json(pairs)
    else:
        print_pairs(pairs)
        say("Keep the secret now: nobody can show it again.")


@app.command(name="list")
def list_(account: AccountOption, as_json: JsonOption = False) -> None:
    """List an account's API keys that were not revoked."""
    rows = [_row(key) for key in _done(account, lambda api_keys: api_keys.all())]
    if as_json:
        print_json({"keys": rows})
    else:
        print_table(("key", "name", "created"), [tuple(row.values()) for row in rows])


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's SID (SK…).", metavar="KEY")],
    account: AccountOption,
    as_json: JsonOption = False,
) -> None:
    """Refuse an API key, for good."""
    _done(account, lambda api_keys: api_keys.revoke(key))
    if as_json:
        print_json({"revoked": key})
    else:
        print_pairs({"revoked": key})


def _done(account: str, command: Callable[[OperatedApiKeys], Awaitable[T]]) -> T:
    return asyncio.run(_run(operator_settings(), account, command))


async def _run(settings: Settings, account: str, command: Callable[[OperatedApiKeys], Awaitable[T]]) -> T:
    async with opened_keys(settings) as keys, operated_api_keys(settings, keys, account) as api_keys:
        return await command(api_keys)


def _row(key: registry_pb2.ApiKey) -> dict[str, str]:
    return {"sid": key.sid, "friendly_name": key.friendly_name, "date_created": date_text(key.date_created)}
