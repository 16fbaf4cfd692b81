"""`pushward events tail`: what happens, as it happens, in words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final

import typer
from rich.text import Text

from pushward.cli.console import OUT, JsonOption, plain, print_json
from pushward.cli.errors import MISUSED, CommandError
from pushward.cli.event_text import ReadableEvent, readable
from pushward.cli.stores_file import operator_settings
from pushward.database.pool import Database
from pushward.eventlog.postgres import PostgresLogReader

POLL_SECONDS: Final = 0.2
PAGE_EVENTS: Final = 500

app = typer.Typer(no_args_is_help=True, help="The log's events.")


@app.callback()
def _about() -> None:
    """Keeps `tail` a word of its own."""


@app.command()
def tail(
    shard: Annotated[int | None, typer.Option(min=0, help="Only this shard.")] = None,
    after: Annotated[int | None, typer.Option(min=0, help="From the position after this one; needs --shard.")] = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="From each shard's first event.")] = False,
    follow: Annotated[bool, typer.Option(help="Go on with what comes.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Print events: new ones, or from an earlier position. Sealed fields show as ***."""
    if after is not None and shard is None:
        raise CommandError("Positions belong to a shard: --after needs --shard.", MISUSED)
    start = 0 if from_start else after
    try:
        asyncio.run(_tail(shard, start, follow=follow, as_json=as_json))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


async def _tail(shard: int | None, start: int | None, *, follow: bool, as_json: bool) -> None:
    async with _log_reader() as reader:
        heads = await reader.heads()
        if shard is not None and shard not in heads:
            raise CommandError(f"The log has shards 0 to {len(heads) - 1}.", MISUSED)
        positions = {
            number: head if start is None else start
            for number, head in sorted(heads.items())
            if shard is None or number == shard
        }
        while True:
            read = 0
            for number, position in positions.items():
                for event in await reader.read(number, position, PAGE_EVENTS):
                    positions[number] = event.position
                    read += 1
                    _print(readable(event), as_json=as_json)
            if not read:
                if not follow:
                    return
                await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def _log_reader() -> AsyncIterator[PostgresLogReader]:
    database = Database(operator_settings().main_url(), None, "pushward-events", size_max=1)
    try:
        yield PostgresLogReader(database)
    finally:
        await database.close()


def _print(event: ReadableEvent, *, as_json: bool) -> None:
    if as_json:
        print_json(event.members())
        return
    place = f"{event.shard}/{event.position}"
    line = Text.assemble((f"{event.recorded_at} {place:>8} ", "dim"), (event.type, "bold"))
    for name, value in event.fields.items():
        line.append(f" {name}=", "dim").append(plain(str(value)))
    OUT.print(line, soft_wrap=True)
