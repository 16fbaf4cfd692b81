"""`pushward account`: the tenants and their auth tokens (docs/runbooks/credentials.md).

A token is shown once, by the command that makes it; the log keeps it sealed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from pushward.cli.console import JsonOption, print_json, print_pairs, print_table, say
from pushward.cli.errors import MISUSED, CommandError
from pushward.cli.keys import opened_keys
from pushward.cli.stores_file import operator_settings
from pushward.config.settings import Settings
from services.registry.app.accounts import Accounts
from services.registry.domain.state import AccountRecord
from services.registry.wiring import operated_accounts

AccountArgument = Annotated[str, typer.Argument(help="The account's SID (AC…).", metavar="ACCOUNT")]
T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Accounts: the tenants, and their auth tokens.")


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Whose it is, for operators.")],
    as_json: JsonOption = False,
) -> None:
    """Create an account; prints its SID and its auth token, which is told only now."""
    account = _done(lambda accounts: accounts.create(name))
    _print({"account_sid": account.account_sid, "auth_token": account.auth_token.reveal()}, as_json)
    if not as_json:
        say("Keep the token now: nobody can show it again.")


@app.command(name="list")
def list_(as_json: JsonOption = False) -> None:
    """List all accounts."""
    rows = [_row(account) for account in _done(lambda accounts: accounts.all())]
    if as_json:
        print_json({"accounts": rows})
    else:
        print_table(("account", "name", "status", "auth tokens", "created"), [tuple(row.values()) for row in rows])


@app.command(name="rotate-token")
def rotate_token(
    account: AccountArgument,
    promote: Annotated[
        bool, typer.Option("--promote", help="Make the secondary token the only one; webhooks are signed with it.")
    ] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Take the secondary token away again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a secondary auth token, accepted beside the other one until it is promoted or cancelled."""
    if promote and cancel:
        raise CommandError("Either --promote or --cancel.", MISUSED)
    if promote or cancel:
        record = _done(lambda accounts: accounts.promote(account) if promote else accounts.cancel_rotation(account))
        _print(_row(record), as_json)
        return
    begun = _done(lambda accounts: accounts.begin_rotation(account))
    _print({"account_sid": begun.account_sid, "secondary_auth_token": begun.secondary_auth_token.reveal()}, as_json)
    if not as_json:
        say("Keep the token now: nobody can show it again. Once all who call have it, go on with --promote.")


@app.command()
def disable(account: AccountArgument, as_json: JsonOption = False) -> None:
    """Refuse everybody of an account (401), and call none of its webhooks; nothing is deleted. Can be run again."""
    _print(_row(_done(lambda accounts: accounts.disable(account))), as_json)


@app.command()
def enable(account: AccountArgument, as_json: JsonOption = False) -> None:
    """Undo `disable`. Can be run again."""
    _print(_row(_done(lambda accounts: accounts.enable(account))), as_json)


def _done(command: Callable[[Accounts], Awaitable[T]]) -> T:
    return asyncio.run(_run(operator_settings(), command))


async def _run(settings: Settings, command: Callable[[Accounts], Awaitable[T]]) -> T:
    async with opened_keys(settings) as keys, operated_accounts(settings, keys) as accounts:
        return await command(accounts)


def _row(account: AccountRecord) -> dict[str, str]:
    return {
        "account_sid": account.sid,
        "name": account.friendly_name,
        "status": "disabled" if account.disabled else "enabled",
        "auth_tokens": "primary, secondary" if account.rotating else "primary",
        "date_created": account.date_created.isoformat(timespec="seconds"),
    }


def _print(pairs: dict[str, str], as_json: bool) -> None:
    if as_json:
        print_json(pairs)
    else:
        print_pairs(pairs)
