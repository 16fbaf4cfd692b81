"""`pushward keys`: the key-encryption keys, for operators (docs/runbooks/key-rotation.md)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from pushward.cli.console import JsonOption, print_json, print_pairs, print_table, say
from pushward.cli.errors import FAILED, MISUSED, CommandError
from pushward.cli.keys import key_encryption, keys_database, opened_keys
from pushward.cli.stores_file import operator_settings
from pushward.config.settings import Settings
from pushward.security.accepted_keks import AcceptedKeks
from pushward.security.kek import FileKeyEncryption
from pushward.security.key_store_postgres import PostgresKeyStore
from pushward.security.rotation import Rotated, Tally, rotate
from services.registry.wiring import destroy_forgotten

TOLD_SECONDS: Final = 1.0

app = typer.Typer(no_args_is_help=True, help="Key-encryption keys: make, rotate, look.")


@app.command()
def make(file: Annotated[Path, typer.Argument(help="Where it goes; must not exist.")]) -> None:
    """Make a key-encryption key: a file that its owner only can read."""
    print_pairs({"key": FileKeyEncryption.create(file).kek_id, "file": str(file)})


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Which key-encryption key wraps how many data keys; exit 1 if one of them isn't held here."""
    settings = operator_settings()
    accepted = key_encryption(settings)
    tally = asyncio.run(_tally(settings))
    _print_tally(tally, accepted, as_json)
    if any(accepted.standing(kek_id) == "not held" for kek_id in tally.wrapped):
        raise typer.Exit(FAILED)


@app.command(name="rotate")
def rotate_(
    to: Annotated[Path, typer.Option("--to", help="The file of the new key-encryption key.")],
    as_json: JsonOption = False,
) -> None:
    """Wrap every data key with a new key-encryption key; exit 1 if some are left. Can be run again at any time."""
    settings = operator_settings()
    accepted, new = key_encryption(settings), FileKeyEncryption.load(to)
    if accepted.standing(new.kek_id) == "not held":
        raise CommandError(
            f"No process opens what {new.kek_id} wraps: first let all of them accept it, and this command, too:"
            f" PUSHWARD_KEK_OTHER_FILES={to}.",
            MISUSED,
        )
    rotated, tally = asyncio.run(_rotate(settings, accepted, new))
    _print_rotated(rotated, tally, new, as_json)
    if tally.left(new.kek_id):
        raise typer.Exit(FAILED)


@app.command(name="destroy-forgotten")
def destroy_forgotten_(as_json: JsonOption = False) -> None:
    """Destroy again the keys of all whom the log says forgotten: after the key store was restored from a backup."""
    count = asyncio.run(_destroy_forgotten(operator_settings()))
    if as_json:
        print_json({"identities": count})
    else:
        print_pairs({"identities forgotten": str(count)})


async def _tally(settings: Settings) -> Tally:
    async with _store(settings) as store:
        return await store.tally()


async def _rotate(settings: Settings, accepted: AcceptedKeks, new: FileKeyEncryption) -> tuple[Rotated, Tally]:
    async with _store(settings) as store:
        total = (await store.tally()).left(new.kek_id)
        told_at = time.monotonic()

        def told(rewrapped: int) -> None:
            nonlocal told_at
            if time.monotonic() - told_at >= TOLD_SECONDS:
                told_at = time.monotonic()
                say(f"{rewrapped} of {total}")

        return await rotate(store, accepted, new, told), await store.tally()


async def _destroy_forgotten(settings: Settings) -> int:
    async with opened_keys(settings) as keys:
        return await destroy_forgotten(settings, keys)


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[PostgresKeyStore]:
    database = keys_database(settings)
    try:
        yield PostgresKeyStore(database)
    finally:
        await database.close()


def _print_tally(tally: Tally, accepted: AcceptedKeks, as_json: bool) -> None:
    rows = [
        {"key": kek_id, "standing": accepted.standing(kek_id), "data_keys": count}
        for kek_id, count in sorted({accepted.kek_id: 0, **tally.wrapped}.items())
    ]
    if as_json:
        print_json({"keys": rows, "destroyed": tally.destroyed})
    else:
        print_table(("key", "here", "data keys"), [tuple(map(str, row.values())) for row in rows])
        say(f"{tally.destroyed} data keys were destroyed.")


def _print_rotated(rotated: Rotated, tally: Tally, new: FileKeyEncryption, as_json: bool) -> None:
    left = tally.left(new.kek_id)
    if as_json:
        print_json({"to": new.kek_id, "rewrapped": rotated.rewrapped, "left": left, "refused": dict(rotated.refused)})
        return
    print_pairs({"to": new.kek_id, "wrapped anew": str(rotated.rewrapped), "left": str(left)})
    for said in rotated.refused.values():
        say(said)
    if left and not rotated.refused:
        say("Processes still wrap new keys with the old one: make the new one theirs (PUSHWARD_KEK_FILE), then again.")
