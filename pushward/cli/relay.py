"""`pushward relay status`: how far the topic is behind the log, and what keeps it there."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from pushward.cli.console import JsonOption, print_json, print_table, say
from pushward.cli.errors import FAILED
from pushward.cli.stores_file import operator_settings
from pushward.config.settings import Settings
from pushward.database.pool import Database
from pushward.kafka.aiokafka_broker import AiokafkaBroker
from pushward.kafka.broker import BrokerError
from pushward.kafka.cluster import cluster_of
from pushward.kafka.record import topic_of
from services.relay.adapters.leases import ShardStatus, status_of

APPLICATION: Final = "pushward-relay-status"
HOLDER_LETTERS: Final = 8

app = typer.Typer(no_args_is_help=True, help="The relay, which copies the log to Kafka.")


@app.callback()
def _about() -> None:
    """Keeps `status` a word of its own."""


@app.command()
def status(
    only_log: Annotated[bool, typer.Option("--no-kafka", help="Don't ask Kafka for the partitions' ends.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show each shard's position in the topic, its lag, who copies it, and alarms. Exits 1 if a shard stands still."""
    if asyncio.run(_status(as_json=as_json, only_log=only_log)):
        raise typer.Exit(FAILED)


async def _status(*, as_json: bool, only_log: bool) -> bool:
    settings = operator_settings()
    database = Database(settings.main_url(), None, APPLICATION, size_max=1)
    try:
        shards = await status_of(database)
    finally:
        await database.close()
    ends = {} if only_log else await _ends(settings, shards)
    if as_json:
        print_json([_members(shard, ends) for shard in shards])
    else:
        print_table(
            ("shard", "position", "lag", "end offset", "term", "holder", "lease", "state"),
            [_row(shard, ends) for shard in shards],
        )
    return any(shard.alarm is not None for shard in shards)


async def _ends(settings: Settings, shards: Sequence[ShardStatus]) -> Mapping[int, int]:
    """Each partition's end offset; empty if there is no Kafka to ask."""
    cluster = cluster_of(settings)
    if cluster is None or not shards:
        say("PUSHWARD_KAFKA is not set: the partitions' ends are unknown.")
        return {}
    try:
        topic = topic_of(shards[0].epoch)
        return await AiokafkaBroker(cluster, APPLICATION).ends(topic, [shard.shard for shard in shards])
    except BrokerError as error:
        say(f"Kafka: {error}")
        return {}


def _row(shard: ShardStatus, ends: Mapping[int, int]) -> Sequence[str]:
    return (
        str(shard.shard),
        str(shard.position),
        str(shard.lag),
        str(ends.get(shard.shard, "-")),
        str(shard.term),
        "-" if shard.holder is None else shard.holder.hex[:HOLDER_LETTERS],
        "-" if shard.lease_seconds is None else f"{shard.lease_seconds:.1f} s",
        _state(shard),
    )


def _state(shard: ShardStatus) -> str:
    if shard.alarm is not None:
        return f"stands still: {shard.alarm}"
    if shard.trouble is not None:
        return f"tries again: {shard.trouble}"
    if shard.lease_seconds is None or shard.lease_seconds < 0:
        return "nobody copies it"
    return "well"


def _members(shard: ShardStatus, ends: Mapping[int, int]) -> dict[str, Any]:  # Any: whatever JSON can say
    return {
        "shard": shard.shard,
        "epoch": shard.epoch,
        "topic": topic_of(shard.epoch),
        "head": shard.head,
        "position": shard.position,
        "lag": shard.lag,
        "end_offset": ends.get(shard.shard),
        "term": shard.term,
        "holder": None if shard.holder is None else str(shard.holder),
        "lease_seconds": shard.lease_seconds,
        "alarm": shard.alarm,
        "trouble": shard.trouble,
    }
