"""`kill -9` of the live counter, of its standby and of the broker, again and again, while the log grows.

faust loses and doubles changes now and then. The claim is not that it doesn't, but that a recount finds all of it, and
that repaired figures are exactly what happened.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import pytest

from deploy.embedded.kafka import EmbeddedKafka
from services.insights.domain.happening import Kind
from services.insights.domain.windows import floor
from tests.integration.insights.conftest import World, total
from tests.integration.insights.history import Challenge, Load, factor
from tests.integration.insights.instances import Instance, no_recounts
from tests.integration.insights.relaying import relaying
from tests.support.databases import SHARDS
from tests.support.figures import Figures
from tests.support.installation import pushward

SEED: Final = "PUSHWARD_TEST_SEED"
INSTANCES: Final = 2
STEP: Final = timedelta(seconds=1)
PACE_SECONDS: Final = 0.008  # the load leaves some of the machine to those who count
SENTINEL: Final = 999
RECOVERY_SECONDS_MAX: Final = 100.0  # some ten on a machine that does nothing else
LOOK_SECONDS: Final = 0.1


class Victim(StrEnum):
    """Who is killed."""

    LIVE = "live"
    BROKER = "broker"
    BOTH = "live and broker"
    EVERYBODY = "everybody"


PLAN: Final = (Victim.LIVE, Victim.BROKER, Victim.LIVE, Victim.BOTH, Victim.EVERYBODY)


@dataclass
class Storm:
    """What is killed, and started again."""

    world: World
    broker: EmbeddedKafka
    instances: Sequence[Instance]
    kills: int = 0

    async def strike(self, victim: Victim) -> None:
        """Kills, and starts what was killed."""
        killed = [instance for instance in self.instances if _strikes(victim, instance)]
        for instance in killed:
            instance.kill()
        with_broker = victim is not Victim.LIVE
        if with_broker:
            self.broker.kill()
            self.broker.launch()
        for instance in killed:
            instance.start()
        if with_broker:
            await asyncio.to_thread(self.broker.wait_ready)
        self.kills += len(killed) + with_broker

    async def until_counting(self) -> None:
        """Waits until something is counted that hadn't happened when this began."""
        ((head,),) = await self.world.query("SELECT sum(position)::bigint FROM log.shard")

        async def counted() -> bool:
            rows = "SELECT max(position) AS position FROM insights.figures GROUP BY shard"
            ((position,),) = await self.world.query(f"SELECT sum(position)::bigint FROM ({rows}) AS r")
            return position is not None and position > head

        await _until(counted)


def _strikes(victim: Victim, instance: Instance) -> bool:
    match victim:
        case Victim.LIVE | Victim.BOTH:
            return instance.is_live
        case Victim.BROKER:
            return False
        case Victim.EVERYBODY:
            return True


@pytest.mark.timeout(400)
async def test_what_kills_have_miscounted_a_recount_repairs(world: World, tmp_path: Path, figures: Figures) -> None:
    """Under load the live counter, its standby and the broker die; then what is served is what happened."""
    seed = int(os.environ.get(SEED, "0")) or random.SystemRandom().randrange(1, 1 << 32)
    begin = datetime.fromtimestamp(floor(int(datetime.now(UTC).timestamp()) - 24 * 3_600), UTC)
    load = Load(world.log, seed, begin, STEP)
    await no_recounts(world)
    with EmbeddedKafka.ephemeral() as broker:
        instances = [Instance(world, broker.bootstrap, tmp_path / f"insights-{number}") for number in range(INSTANCES)]
        try:
            async with relaying(world, broker.bootstrap):
                storm = Storm(world, broker, instances)
                seconds = await _rage(storm, load, random.Random(seed))
                await _until_caught_up(world, load)
            drift = await world.drift()
        finally:
            for instance in instances:
                instance.end()
    figures.tell(
        f"insights: seed {seed}; {storm.kills} kills in {seconds:.0f} s, {load.events} events; "
        f"rows that differed from the log before the repair: {drift or 'none'}"
    )
    done = pushward(world.environment(), "replay", "insights", "--json")
    assert json.loads(done.stdout)["different"] == sum(drift.values())
    assert await world.drift() == {}
    await _assert_served(world, load, begin)


async def _rage(storm: Storm, load: Load, rng: random.Random) -> float:
    """Kills by the plan, each once the counter is at work again; returns how long that took."""
    for instance in storm.instances:
        instance.start()
    going_on = asyncio.create_task(_go_on(load))
    try:
        await storm.until_counting()
        started = time.monotonic()
        for victim in PLAN:
            await storm.strike(victim)
            await storm.until_counting()
            await asyncio.sleep(rng.random())  # so that not every kill meets the same moment of a commit
        return time.monotonic() - started
    finally:
        going_on.cancel()
        await asyncio.wait({going_on})


async def _go_on(load: Load) -> None:
    while True:
        # Whole events only: what was half told couldn't be expected.
        await asyncio.shield(load.go_on(1))
        await asyncio.sleep(PACE_SECONDS)


async def _until_caught_up(world: World, load: Load) -> None:
    """Waits until something that happened last, on every shard, was counted: then all before it was met."""
    for shard in range(SHARDS):
        await Challenge(world.log, factor(shard, SENTINEL), load.at).happen(Kind.CREATED)

    async def met() -> bool:
        sentinels = [factor(shard, SENTINEL) for shard in range(SHARDS)]
        ((rows,),) = await world.query("SELECT count(*) FROM insights.figures WHERE sid = ANY($1)", sentinels)
        return bool(rows == SHARDS)

    await _until(met)


async def _assert_served(world: World, load: Load, begin: datetime) -> None:
    """Each factor's figures, and the service's, are those that the load expects."""
    whole: dict[str, int] = {}
    async with world.process() as stub:
        for sid, expected in load.expected.items():
            served = await total(stub, begin, sid)
            assert {name: getattr(served, name) for name in expected} == expected, sid
            for name, value in expected.items():
                whole[name] = max(whole.get(name, 0), value) if name.endswith("max") else whole.get(name, 0) + value
        served = await total(stub, begin)
    whole["created"] += SHARDS  # the sentinels
    assert {name: getattr(served, name) for name in whole} == whole


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + RECOVERY_SECONDS_MAX
    while not await holds():
        assert time.monotonic() < deadline, f"nothing was counted for {RECOVERY_SECONDS_MAX:g} s"
        await asyncio.sleep(LOOK_SECONDS)
