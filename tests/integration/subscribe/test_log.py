"""The log as a source: a database that goes away, and a log that was damaged or restored."""

import asyncio

import pytest

from pushward.subscribe.errors import HoleError, LogRewrittenError, PositionFromFutureError
from pushward.subscribe.log import LogSource
from pushward.subscribe.rule import Position
from services.relay.adapters.log import ROLE
from tests.integration.subscribe.conftest import following
from tests.support import sql
from tests.support.proxy import Proxy
from tests.support.subscribing import EPOCH, MemoryStore, Written

SHARD = 1


async def test_a_role_that_may_only_read_the_log_is_enough(log: Written) -> None:
    """As the platform team would give it to a subscriber."""
    await log.happen(SHARD, 3)
    store = MemoryStore()
    async with LogSource(log.url, role=ROLE) as source, following(source, store):
        await store.until_applied(SHARD, [1, 2, 3])


async def test_a_database_that_goes_away_is_waited_for(log: Written) -> None:
    """Connections drop in the middle of reads; each event is applied once."""
    store = MemoryStore()
    async with (
        Proxy.to_socket_of(log.url) as proxy,
        LogSource(proxy.url) as source,
        following(source, store),
    ):
        applied = 0
        for _ in range(5):
            applied += len(await log.happen(SHARD, 3))
            await store.until_applied(SHARD, range(1, applied + 1))
            proxy.cut_before_next_answer()
    assert proxy.cuts >= 4


async def test_a_damaged_log_stops_the_subscriber(log: Written) -> None:
    """A row is missing: what comes after it can't be trusted to be all."""
    await log.happen(SHARD, 5)
    await sql.execute(log.url, "DELETE FROM log.event WHERE shard = $1 AND position = 3", SHARD)
    store = MemoryStore()
    with pytest.raises(HoleError, match="shard 1 of the log has a hole after position 0"):
        async with LogSource(log.url) as source, following(source, store) as running:
            await asyncio.wait([running])
    assert store.applied(SHARD) == []


async def test_a_log_that_is_restored_under_a_running_subscriber_is_found_out(log: Written) -> None:
    """Shorter, or with another event where the subscriber is."""
    events = await log.happen(SHARD, 3)
    last = Position(EPOCH, 3, events[2].event_id)
    async with LogSource(log.url, wait_seconds=0.1) as source:
        await source.begin(SHARD, last)
        await sql.execute(log.url, "UPDATE log.event SET event_id = gen_random_uuid() WHERE position = 3")
        with pytest.raises(LogRewrittenError):
            await source.read(SHARD, last, 10)
        await sql.execute(log.url, "DELETE FROM log.event WHERE position = 3")
        await sql.execute(log.url, "UPDATE log.shard SET position = 2 WHERE shard = $1", SHARD)
        with pytest.raises(PositionFromFutureError):
            await source.read(SHARD, last, 10)
