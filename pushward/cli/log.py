"""`pushward log status|new-epoch`: which history of the log is being written, and how a new one is begun."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final

import asyncpg
import typer

from pushward.cli.console import JsonOption, print_json, print_pairs, say
from pushward.cli.errors import FAILED, CommandError
from pushward.cli.stores_file import operator_settings
from pushward.cli.targets import SUBSCRIPTIONS
from pushward.database.connection import connect
from pushward.eventlog.epoch import Epoch, current_epoch
from pushward.eventlog.new_epoch import BegunEpoch, EpochRefusedError, begin_epoch

APPLICATION: Final = "pushward-log"
NO_SHARDS: Final = "the log has no shards: run `pushward init`"
_HEADS: Final = "SELECT shard, position FROM log.shard ORDER BY shard"

app = typer.Typer(no_args_is_help=True, help="The log and its epochs.")


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Show the epoch, the PostgreSQL that it began on and the one found, the heads. Exits 1 if they don't agree."""
    epoch, heads = asyncio.run(_status())
    shown = {
        "epoch": epoch.number,
        "system_identifier": epoch.began_on.system_identifier,
        "timeline": epoch.began_on.timeline,
        "found_system_identifier": epoch.found.system_identifier,
        "found_timeline": epoch.found.timeline,
        "problem": epoch.problem,
    }
    if as_json:
        print_json({**shown, "heads": heads})
    else:
        said = {name: "-" if value is None else str(value) for name, value in shown.items()}
        print_pairs({**said, "heads": " ".join(map(str, heads)), "events": str(sum(heads))})
    if epoch.problem is not None:
        raise typer.Exit(FAILED)


@app.command("new-epoch")
def new_epoch(
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    number: Annotated[
        int | None, typer.Option(min=2, help="Its number, if the next one was used by a history that is lost.")
    ] = None,
    reset: Annotated[
        bool,
        typer.Option(
            "--reset-subscriptions-to-head",
            help="Move subscriptions that don't agree with the log to its head; park no stream that doesn't.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Begin a new epoch after a restore or a failover, once the log and its subscriptions were found whole.

    Needs the role that migrates. The relay then writes a new topic; consumers take it over by command.
    """
    epoch, _ = asyncio.run(_status())
    if not yes:
        say(epoch.problem or "Nothing says that this database was restored or failed over.")
        typer.confirm(f"Begin epoch {number or epoch.number + 1} of the log?", abort=True, err=True)
    begun = asyncio.run(_begin(number, reset=reset))
    moved = [str(found) for found in begun.moved_to_head]
    unparked = [str(found) for found in begun.unparked]
    if as_json:
        shown = {"epoch": begun.number, "timeline": begun.identity.timeline}
        print_json({**shown, "moved_to_head": moved, "unparked": unparked})
        return
    print_pairs({"epoch": str(begun.number), "timeline": str(begun.identity.timeline)})
    for found in moved:
        say(f"moved to the head: {found}")
    for found in unparked:
        say(f"no longer parked, what it missed is not made up for: {found}")


async def _status() -> tuple[Epoch, list[int]]:
    async with _connection() as connection:
        epoch = await current_epoch(connection)
        if epoch is None:
            raise CommandError(NO_SHARDS)
        return epoch, [row["position"] for row in await connection.fetch(_HEADS)]


async def _begin(number: int | None, *, reset: bool) -> BegunEpoch:
    async with _connection() as connection:
        try:
            return await begin_epoch(connection, SUBSCRIPTIONS, number=number, reset_to_head=reset)
        except EpochRefusedError as error:
            raise CommandError(str(error)) from error


@asynccontextmanager
async def _connection() -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(operator_settings().main_url(), None, APPLICATION)
    try:
        yield connection
    finally:
        await connection.close()
