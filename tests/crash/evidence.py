"""What the stores, the journal and the receiver hold after a run, as the checker wants it."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final, cast
from uuid import UUID

from pushward.api.events.v1 import types_pb2
from pushward.kafka.record import TOPIC
from tests.crash.checker import Call, Fact, Log
from tests.crash.ledger import APPLIED, CONSUMED
from tests.support import sql
from tests.support.installation import SHARDS
from tests.support.kafka import partitions_of, records_of, tails_of
from tests.support.receiver import Delivery

CHALLENGE_PREFIX: Final = "YC"
APPROVED: Final = "challenge.approved"
HEADS: Final = "SELECT shard, position FROM log.shard WHERE position > 0"
FACTS: Final = "SELECT shard, position, event_id FROM {table} ORDER BY {order}"
OF_TYPE: Final = "SELECT stream_id FROM log.event WHERE type = $1"
NOT_DONE: Final = "SELECT count(*) FROM webhook.delivery WHERE status = 'due'"
OVERDUE: Final = "UPDATE webhook.delivery SET due_at = clock_timestamp() WHERE status = 'due'"
"""Ends the leases of dead processes' deliveries, instead of waiting for them."""


def log_of(facts: Iterable[Fact]) -> Log:
    """The log as the other checks compare with it; ``facts`` are whole, which is checked apart."""
    log: dict[int, list[UUID]] = defaultdict(list)
    for fact in facts:
        log[fact.shard].append(fact.event_id)
    return log


async def log_facts(url: str) -> list[Fact]:
    """All of the log."""
    return await _facts(url, "log.event", "shard, position")


async def applied(url: str) -> list[Fact]:
    """What the subscribers inside a service did, in their order."""
    return await _facts(url, APPLIED, "serial")


async def consumed(url: str) -> list[Fact]:
    """What the consumer of the topic did, in its order."""
    return await _facts(url, CONSUMED, "serial")


async def relayed(bootstrap: str) -> list[Fact]:
    """All of the topic, in the order of its offsets."""
    records = await records_of(bootstrap, TOPIC, SHARDS)
    events = [record.published.event for partition in records.values() for record in partition]
    return [Fact(event.shard, event.position, event.event_id) for event in events]


def acknowledged(journal: Path) -> list[Fact]:
    """What writers noted; the last line may have been cut short by a kill."""
    lines = journal.read_text("ascii").split("\n")[:-1]
    return [Fact(int(shard), int(position), UUID(event)) for shard, position, event in map(str.split, lines)]


async def approved_challenges(url: str) -> set[str]:
    """The challenges that are approved, as the log has it."""
    rows = await sql.rows(url, OF_TYPE, types_pb2.EVENT_TYPE_CHALLENGE_APPROVED)
    return {CHALLENGE_PREFIX + cast(UUID, stream).hex for (stream,) in rows}


def calls(deliveries: Iterable[Delivery]) -> list[Call]:
    """What the receiver was told, by challenge."""
    return [Call(each.form["challenge_sid"], each.headers["webhook-id"], each.body) for each in deliveries]


async def what_is_behind(url: str, bootstrap: str) -> list[str]:
    """Who hasn't come to the log's end yet; empty once everything has settled."""
    heads = await heads_of(url)
    behind = []
    if await relayed_to(bootstrap) != heads:
        behind.append("topic")
    for table in (APPLIED, CONSUMED):
        ends = await sql.rows(url, f"SELECT shard, max(position) FROM {table} GROUP BY shard")
        if dict(cast(list[tuple[int, int]], ends)) != heads:
            behind.append(table)
    if await sql.rows(url, NOT_DONE) != [(0,)]:
        behind.append("deliveries")
    return behind


async def heads_of(url: str) -> dict[int, int]:
    """The last position of each shard that has any."""
    return {cast(int, shard): cast(int, position) for shard, position in await sql.rows(url, HEADS)}


async def relayed_to(bootstrap: str) -> dict[int, int]:
    """The position at the end of each partition that has a record; nothing while there is no topic."""
    if await partitions_of(bootstrap, TOPIC) != SHARDS:
        return {}
    tails = await tails_of(bootstrap, TOPIC, SHARDS)
    return {shard: tail.published.event.position for shard, tail in tails.items() if tail is not None}


async def _facts(url: str, table: str, order: str) -> list[Fact]:
    rows = await sql.rows(url, FACTS.format(table=table, order=order))
    return [Fact(*cast(tuple[int, int, UUID], row)) for row in rows]
