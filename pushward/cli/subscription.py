"""`pushward subscription status|resume`: how far those are who follow the log in the database, and what keeps them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import typer

from pushward.cli.console import JsonOption, print_json, print_pairs, print_table
from pushward.cli.errors import FAILED, MISUSED, CommandError
from pushward.cli.stores_file import operator_settings
from pushward.cli.targets import SUBSCRIPTIONS
from pushward.database.connection import connect
from pushward.eventlog.subscription.status import ParkedStatus, Resumed, ShardStatus, resume, status_of

APPLICATION: Final = "pushward-subscription"
OWNER_LETTERS: Final = 8

app = typer.Typer(no_args_is_help=True, help="Those who follow the log inside the database.")


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Show each shard's position, lag, owner, alarm and parked streams. Exits 1 if something stands still."""
    shards = asyncio.run(_status())
    if as_json:
        print_json([_members(shard) for shard in shards])
    else:
        _print(shards)
    if any(shard.alarm or shard.parked for shard in shards):
        raise typer.Exit(FAILED)


@app.command("resume")
def resume_command(
    name: Annotated[str, typer.Argument(help="The subscription's name, as status shows it.")],
    stream: Annotated[UUID | None, typer.Option(help="Make up for this parked stream.")] = None,
    shard: Annotated[
        int | None, typer.Option(min=0, help="Forget this shard's alarm, and make up for its parked streams.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="As --shard, for every shard.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Go on after what stopped it was put right: alarms are looked at again, parked streams' events applied in order.

    This only asks for it: the process that follows the shard does it, within seconds, without a restart.
    """
    if (stream is not None) + (shard is not None) + everything != 1:
        raise CommandError("Say what to resume: one of --stream, --shard and --all.", MISUSED)
    resumed = asyncio.run(_resume(name, shard, stream))
    if as_json:
        print_json({"shards": list(resumed.shards), "streams": [str(stream) for stream in resumed.streams]})
    else:
        shards, streams = (", ".join(map(str, found)) for found in (resumed.shards, resumed.streams))
        print_pairs({"alarms forgotten": shards or "none", "streams asked for": streams or "none"})


async def _status() -> Sequence[ShardStatus]:
    async with _connection() as connection:
        return [shard for schema, name in SUBSCRIPTIONS for shard in await status_of(connection, schema, name)]


async def _resume(name: str, shard: int | None, stream: UUID | None) -> Resumed:
    schemas = {known: schema for schema, known in SUBSCRIPTIONS}
    if name not in schemas:
        raise CommandError(f"No subscription {name!r}: name one of {', '.join(sorted(schemas))}.", MISUSED)
    async with _connection() as connection:
        return await resume(connection, schemas[name], name, shard=shard, stream=stream)


@asynccontextmanager
async def _connection() -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(operator_settings().main_url(), None, APPLICATION)
    try:
        yield connection
    finally:
        await connection.close()


def _print(shards: Sequence[ShardStatus]) -> None:
    headings = ("subscription", "shard", "position", "head", "lag", "epoch", "owner", "lease", "parked", "alarm")
    print_table(headings, map(_row, shards))
    parked = [(shard, stream) for shard in shards for stream in shard.parked]
    if parked:
        print_table(
            ("subscription", "parked stream", "from", "since", "error", ""),
            [_parked_row(shard, stream) for shard, stream in parked],
        )


def _row(shard: ShardStatus) -> Sequence[str]:
    return (
        _name(shard),
        str(shard.shard),
        _or_dash(shard.position),
        str(shard.head),
        _or_dash(shard.lag),
        _or_dash(shard.epoch),
        _or_dash(shard.owner)[:OWNER_LETTERS],
        _lease(shard),
        str(len(shard.parked)),
        shard.alarm or "-",
    )


def _parked_row(shard: ShardStatus, stream: ParkedStatus) -> Sequence[str]:
    return (
        _name(shard),
        str(stream.stream_id),
        f"{shard.shard}/{stream.position}",
        f"{stream.parked_at:%Y-%m-%d %H:%M:%S}",
        stream.error,
        "resuming" if stream.resuming else "",
    )


def _name(shard: ShardStatus) -> str:
    return shard.name if shard.name == shard.schema else f"{shard.schema}/{shard.name}"


def _lease(shard: ShardStatus) -> str:
    if shard.leased_until is None:
        return "-"
    seconds = (shard.leased_until - datetime.now(UTC)).total_seconds()
    return f"{seconds:.0f} s" if seconds > 0 else "lapsed"


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


def _members(shard: ShardStatus) -> dict[str, Any]:  # Any: JSON
    return {
        "schema": shard.schema,
        "name": shard.name,
        "shard": shard.shard,
        "position": shard.position,
        "head": shard.head,
        "lag": shard.lag,
        "epoch": shard.epoch,
        "owner": None if shard.owner is None else str(shard.owner),
        "leased_until": None if shard.leased_until is None else shard.leased_until.isoformat(),
        "alarm": shard.alarm,
        "parked": [
            {
                "stream_id": str(stream.stream_id),
                "position": stream.position,
                "event_id": str(stream.event_id),
                "error": stream.error,
                "parked_at": stream.parked_at.isoformat(),
                "resuming": stream.resuming,
            }
            for stream in shard.parked
        ],
    }
