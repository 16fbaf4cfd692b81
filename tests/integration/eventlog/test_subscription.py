"""A subscription applies every wanted event once, in order, whoever dies, and stops where the log can't be trusted."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg
import pytest

from pushward.database.install import install
from pushward.database.pool import Database
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.postgres import PostgresLogReader
from pushward.eventlog.subscription import Subscription, Timing
from pushward.eventlog.tail import LogTail
from tests.support.databases import SHARDS, Databases
from tests.support.probe.counter import PROBE_MODULE, ROLE, counting, open_probe_log, stream
from tests.support.waiting import eventually

TIMING = Timing(lease_seconds=0.6, trust_seconds=0.5, renew_seconds=0.1, lazy_seconds_max=0.05)
"""Leases that lapse while a test waits."""


@dataclass
class World:
    """A database, a log, and the processes that follow it (each with connections of its own)."""

    url: str
    log: GroupCommitLog
    followers: list["Follower"] = field(default_factory=list)

    async def follow(self, **options: Any) -> "Follower":  # Any: options of Follower
        follower = Follower(self.url, **options)
        self.followers.append(follower)
        await follower.start()
        return follower

    async def query(self, query: str) -> list[Any]:  # Any: rows
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    async def applied(self) -> list[tuple[int, int]]:
        return await self.query("SELECT shard, position FROM probe.seen ORDER BY shard, position")


class Follower:
    """One process' worth of a subscription that writes each event's place into ``probe.seen``."""

    def __init__(
        self,
        url: str,
        *,
        wants: Callable[[StoredEvent], bool] = lambda event: True,
        before_apply: Callable[[Sequence[StoredEvent]], None] = lambda events: None,
    ) -> None:
        self._database = Database(url, ROLE, "follower", size_max=4)
        reader = LogTail(PostgresLogReader(self._database))
        self.heads = HeadWatch(reader)
        self._before_apply = before_apply
        self.subscription = Subscription(
            "probe", "probe", self._database, reader, self.heads, self._apply, wants=wants, timing=TIMING
        )

    async def start(self) -> None:
        await self.heads.start()
        await self.subscription.start()

    async def stop(self) -> None:
        await self.subscription.stop()
        await self.heads.stop()
        await self._database.close()

    async def kill(self) -> None:
        """As kill -9 would: nothing is finished, nothing is given back."""
        assert self.subscription._leasing is not None
        tasks = [self.subscription._leasing, *(one.task for one in self.subscription._followers.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.heads.stop()
        await self._database.close()

    async def _apply(self, connection: Any, events: Sequence[StoredEvent]) -> None:  # Any: asyncpg's connection
        self._before_apply(events)
        await connection.executemany(
            "INSERT INTO probe.seen (shard, position) VALUES ($1, $2)",
            [(event.shard, event.position) for event in events],
        )


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    """A fresh database whose subscriber notes every event in a table that takes each place once."""
    url = await databases.make([LOG_MODULE, PROBE_MODULE])
    connection = await asyncpg.connect(url)
    await connection.execute(
        "CREATE TABLE probe.seen (shard int, position bigint, PRIMARY KEY (shard, position));"
        f"GRANT SELECT, INSERT ON probe.seen TO {ROLE}"
    )
    await connection.close()
    log = open_probe_log(url)
    world = World(url, log)
    yield world
    for follower in world.followers:
        with contextlib.suppress(Exception):
            await follower.stop()
    await log.close()


async def _append(world: World, count: int) -> list[tuple[int, int]]:
    """Appends ``count`` events round the shards; returns all places of the log."""
    for number in range(count):
        await world.log.append(counting(stream(number % SHARDS), 0))
    return await world.query("SELECT shard, position FROM log.event ORDER BY shard, position")


async def test_every_event_is_applied_once_and_the_position_moves_with_it(world: World) -> None:
    """What was done and how far it went are one transaction."""
    await world.follow()
    expected = await _append(world, 40)
    await eventually(lambda: world.applied(), expected)
    positions = await world.query("SELECT shard, position FROM probe.subscription ORDER BY shard")
    assert positions == [(shard, 10) for shard in range(SHARDS)]


async def test_an_apply_that_fails_leaves_nothing_and_is_tried_again(world: World) -> None:
    """The first try of each shard fails after it wrote; still everything is there once."""
    failures: set[int] = set()

    def fail_once(events: Sequence[StoredEvent]) -> None:
        if events[0].shard not in failures:
            failures.add(events[0].shard)
            raise RuntimeError("apply failed, as the test wants")

    await world.follow(before_apply=fail_once)
    expected = await _append(world, 12)
    await eventually(lambda: world.applied(), expected)
    assert failures == set(range(SHARDS))


async def test_processes_share_the_shards_and_take_over_from_the_dead(world: World) -> None:
    """Two share; when one is killed the other has all shards once the leases have lapsed, and nothing is doubled."""
    first = await world.follow()
    await world.follow()
    owners = "SELECT count(DISTINCT owner), count(owner) FROM probe.subscription"
    await eventually(lambda: world.query(owners), [(2, SHARDS)])
    await _append(world, 20)
    await first.kill()
    expected = await _append(world, 20)
    await eventually(lambda: world.applied(), expected)
    await eventually(lambda: world.query(owners), [(1, SHARDS)])


async def test_a_stopped_process_gives_its_shards_back_at_once(world: World) -> None:
    """A rolling update doesn't wait for leases to lapse."""
    first = await world.follow()
    await eventually(lambda: world.query("SELECT count(owner) FROM probe.subscription"), [(SHARDS,)])
    await first.stop()
    assert await world.query("SELECT count(owner) FROM probe.subscription") == [(0,)]
    assert await world.query("SELECT count(*) FROM probe.subscription_member") == [(0,)]


async def test_unwanted_events_move_the_position_without_an_effect(world: World) -> None:
    """Lazily, but they do, so a restart doesn't read them again."""
    await world.follow(wants=lambda event: False)
    await _append(world, 8)
    positions = "SELECT sum(position)::int FROM probe.subscription"
    await eventually(lambda: world.query(positions), [(8,)])
    assert await world.applied() == []


async def test_a_lazy_move_keeps_the_shard(world: World) -> None:
    """Whoever stored a position goes on: nobody has to take the shard anew, with a pause in between."""
    follower = await world.follow(wants=lambda event: False)
    await eventually(lambda: world.query("SELECT count(owner) FROM probe.subscription"), [(SHARDS,)])
    followers = dict(follower.subscription._followers)
    positions = "SELECT sum(position)::int FROM probe.subscription"
    for appended in (8, 16):
        await _append(world, 8)
        await eventually(lambda: world.query(positions), [(appended,)])
    assert follower.subscription._followers == followers
    assert not any(one.task.done() for one in followers.values())


async def test_a_rewritten_log_stops_the_shard(world: World) -> None:
    """Another event lies where the last applied one was: that shard stands still, the others go on."""
    follower = await world.follow()
    expected = await _append(world, 8)
    await eventually(lambda: world.applied(), expected)
    await follower.stop()
    await world.query("UPDATE log.event SET event_id = gen_random_uuid() WHERE shard = 2 AND position = 2")
    second = await world.follow()
    expected = [place for place in await _append(world, 8) if place[0] != 2 or place[1] <= 2]
    await eventually(lambda: world.applied(), expected)
    assert second.subscription.alarms == {2: "probe: shard 2 holds another event at 2"}


async def test_a_shard_without_a_position_stands_still_with_an_alarm(world: World) -> None:
    """A missing row is never 0: everything would be done again."""
    await world.query("DELETE FROM probe.subscription WHERE shard = 1")
    follower = await world.follow()
    expected = [place for place in await _append(world, 8) if place[0] != 1]
    await eventually(lambda: world.applied(), expected)
    assert list(follower.subscription.alarms) == [1]


async def test_a_new_subscription_is_installed_at_the_head(world: World) -> None:
    """What happened before it existed is not its business; installing again moves nothing."""
    await _append(world, 8)
    modules = [LOG_MODULE, replace(PROBE_MODULE, follows=("probe", "newcomer"))]
    assert await install(world.url, modules, None) == SHARDS
    heads = "SELECT name, sum(position)::int FROM probe.subscription GROUP BY name ORDER BY name"
    assert await world.query(heads) == [("newcomer", 8), ("probe", 0)]
    await _append(world, 4)
    await install(world.url, modules, SHARDS)
    assert await world.query(heads) == [("newcomer", 8), ("probe", 0)]
