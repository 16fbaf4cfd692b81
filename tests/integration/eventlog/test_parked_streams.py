"""A poisonous event parks its stream only; what was passed over is made up for, in order and once, when asked."""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from pushward.errors import UnavailableError
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.subscription import parked as parked_module
from pushward.eventlog.subscription.status import Resumed, ShardStatus, resume, status_of
from tests.integration.eventlog.following import NAME, SCHEMA, Follower, Kind, World
from tests.support.databases import SHARDS
from tests.support.probe.counter import counting, stream
from tests.support.waiting import eventually, until

SHARD = 1
POISON = stream(SHARD, 666)
OTHER = stream(SHARD, 7)
WAITING_FOR_US = (
    "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
OUTAGES = 12
"""More than tries are given to a poisonous event."""


class Fault:
    """What is wrong with some streams, until it is put right."""

    def __init__(self, *streams: UUID, error: Exception | None = None) -> None:
        self.streams = set(streams)
        self.error = error or ValueError("Jane Roe, 1 Main Street")
        self.met = 0

    def __call__(self, events: Sequence[StoredEvent]) -> None:
        if any(event.stream_id in self.streams for event in events):
            self.met += 1
            raise self.error


class CountedHeads:
    """A follower, and how often it began to wait for a shard to grow."""

    def __init__(self, follower: Follower) -> None:
        self.follower = follower
        self.waited = 0
        self._beyond = follower.heads.beyond
        follower.heads.beyond = self._counted  # type: ignore[method-assign]

    async def _counted(self, shard: int, position: int) -> int:
        self.waited += 1
        return await self._beyond(shard, position)


@pytest.fixture(params=list(Kind), ids=str)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Both ways in which an effect goes together with its move."""
    kind: Kind = request.param
    return kind


async def test_a_poisonous_event_parks_its_stream_only(world: World, kind: Kind) -> None:
    """Before it, beside it and after it everything is applied, on its own shard, too; its later events are not."""
    await _append(world, POISON, OTHER, POISON, OTHER)
    await world.append(8)
    await world.follow(kind=kind, before_apply=Fault(POISON))
    await _append(world, POISON, OTHER)
    await eventually(world.applied, await _logged_but(world, POISON))
    (shard,) = await _parked_shards(world)
    (parked,) = shard.parked
    assert (shard.shard, shard.alarm, parked.stream_id, parked.position) == (SHARD, None, POISON, 1)
    assert parked.error.startswith("ValueError")
    assert "Jane" not in parked.error
    await until(lambda: _caught_up(world))


async def test_a_batch_is_not_applied_twice_for_the_poison_in_it(world: World, kind: Kind) -> None:
    """Everything is in the log before anybody follows: one batch, poison in the middle."""
    await _append(world, *[OTHER] * 30, POISON, *[OTHER] * 30)
    fault = Fault(POISON)
    await world.follow(kind=kind, before_apply=fault)
    await eventually(world.applied, await _logged_but(world, POISON))
    assert fault.met < 20  # found by halves, not one by one


async def test_a_resumed_stream_is_made_up_for_in_order(world: World, kind: Kind) -> None:
    """By the process that follows the shard, without a restart; then it is followed as any other."""
    fault = Fault(POISON)
    await world.follow(kind=kind, before_apply=fault)
    await _append(world, POISON, OTHER, POISON, OTHER, POISON)
    await eventually(world.applied, await _logged_but(world, POISON))
    fault.streams.clear()
    assert (await _resume(world, stream_id=POISON)).streams == [POISON]
    await eventually(world.applied, await world.logged())
    await _append(world, POISON, OTHER)
    await eventually(world.applied, await world.logged())
    positions = await world.query(f"SELECT position FROM probe.seen WHERE stream_id = '{POISON}' ORDER BY number")
    assert positions == sorted(positions)
    assert await _parked_shards(world) == []


async def test_a_long_stream_is_made_up_for_in_steps(world: World, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step is a transaction; a kill in between repeats none and skips none."""
    monkeypatch.setattr(parked_module, "MADE_UP_EVENTS_MAX", 3)
    fault = Fault(POISON)
    first = await world.follow(kind=kind, before_apply=fault)
    await _append(world, *[POISON, OTHER] * 10)
    await eventually(world.applied, await _logged_but(world, POISON))
    fault.streams.clear()
    steps = asyncio.Event()
    await first.kill()

    def stop_in_the_middle(events: Sequence[StoredEvent]) -> None:
        if any(event.position > 10 for event in events):
            steps.set()
            raise UnavailableError("away, as the test wants")

    second = await world.follow(kind=kind, before_apply=stop_in_the_middle)
    await _resume(world, stream_id=POISON)
    await steps.wait()
    await second.kill()
    ((shard,),) = [(await _parked_shards(world))]
    assert shard.parked[0].position > 1
    await world.follow(kind=kind)
    await eventually(world.applied, await world.logged())
    assert await _parked_shards(world) == []


async def test_what_fails_again_stays_parked(world: World, kind: Kind) -> None:
    """From the event that fails on; what came before it was made up for. Asked again, it goes on from there."""
    fault = Fault(POISON)
    await world.follow(kind=kind, before_apply=fault)
    await _append(world, POISON, POISON, OTHER)
    await eventually(world.applied, await _logged_but(world, POISON))

    await _resume(world, stream_id=POISON)
    await until(lambda: _nothing_asked_for(world))
    (shard,) = await _parked_shards(world)
    assert shard.parked[0].position == 1
    fault.streams.clear()
    await _resume(world, shard=SHARD)
    await eventually(world.applied, await world.logged())


async def test_an_outage_parks_nothing(world: World, kind: Kind) -> None:
    """However often it is met: the shard waits, and goes on as soon as it can."""
    fault = Fault(POISON, error=UnavailableError("away, as the test wants"))
    follower = await world.follow(kind=kind, before_apply=fault)
    await _append(world, POISON, OTHER)
    await until(lambda: _met(fault, OUTAGES))
    assert await world.applied() == []
    assert await _parked_shards(world) == []
    assert _metric(follower, "pushward_subscription_retries_total") >= OUTAGES
    fault.streams.clear()
    await eventually(world.applied, await world.logged())


async def test_a_batch_that_takes_too_long_is_tried_in_halves(world: World, kind: Kind) -> None:
    """The database says no more than that it is away. It is told once, and again only after a success."""
    tries: list[bool] = []

    def take_long(events: Sequence[StoredEvent]) -> None:
        tries.append(len(events) <= 5)
        if not tries[-1]:
            raise UnavailableError("away, as the test wants")

    await _append(world, *[OTHER] * 64)
    with capture_logs() as logs:
        await world.follow(kind=kind, before_apply=take_long)
        await eventually(world.applied, await world.logged())
    assert tries[:5] == [False] * 4 + [True]  # 64, 32, 16, 8, 4
    outages = sum(not succeeded for succeeded, _ in groupby(tries))
    assert [entry["log_level"] for entry in logs if entry["event"] == "shard_waits"] == ["warning"] * outages


async def test_what_the_database_refuses_of_an_event_is_poison(world: World, kind: Kind) -> None:
    """A constraint: named in the row, without the values that the database's own message would show."""
    await world.run(f"ALTER TABLE probe.seen ADD CONSTRAINT no_poison CHECK (stream_id <> '{POISON}')")
    await world.follow(kind=kind)
    await _append(world, POISON, OTHER)
    await eventually(world.applied, await _logged_but(world, POISON))
    (shard,) = await _parked_shards(world)
    assert shard.parked[0].error.startswith("CheckViolationError 23514 seen no_poison")


async def test_what_the_database_would_refuse_of_any_event_is_no_poison(world: World, kind: Kind) -> None:
    """A missing privilege: a mistake of the installation. Nothing is passed over, and nothing is lost by waiting."""
    await world.run("REVOKE INSERT ON probe.seen FROM pushward_probe")
    follower = await world.follow(kind=kind)
    await _append(world, POISON, OTHER)
    await until(lambda: _retried(follower, OUTAGES))
    assert await _parked_shards(world) == []
    await world.run("GRANT INSERT ON probe.seen TO pushward_probe")
    await eventually(world.applied, await world.logged())


async def test_looking_whether_an_event_is_wanted_may_be_poisoned_too(world: World) -> None:
    """It parses the event in some subscribers."""

    def wants(event: StoredEvent) -> bool:
        if event.stream_id == POISON:
            raise ValueError("unreadable")
        return True

    await world.follow(wants=wants)
    await _append(world, POISON, OTHER)
    await eventually(world.applied, await _logged_but(world, POISON))
    assert [shard.parked[0].stream_id for shard in await _parked_shards(world)] == [POISON]


async def test_too_many_parked_streams_stop_the_shard(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can't be the events' fault. Put right and resumed, everything is made up for, and nothing was lost."""
    monkeypatch.setattr(parked_module, "PARKED_STREAMS_MAX", 2)
    streams = [stream(SHARD, number) for number in range(100, 104)]
    fault = Fault(*streams)
    follower = await world.follow(before_apply=fault)
    await _append(world, *streams)
    await until(lambda: _has_alarm(world))
    (shard,) = await _parked_shards(world)
    assert (len(shard.parked), shard.position) == (2, 2)
    assert shard.alarm is not None
    assert shard.alarm.startswith("probe: 2 streams of shard 1 are parked, and another one fails: ValueError")
    fault.streams.clear()
    resumed = await _resume(world)
    assert (resumed.shards, len(resumed.streams)) == ([SHARD], 2)
    await eventually(world.applied, await world.logged())
    await until(lambda: _shows(follower, "pushward_subscription_alarm", 0))
    assert await _parked_shards(world) == []


async def test_a_call_for_what_was_made_up_for_already_is_answered_once(world: World) -> None:
    """Its owner did it and left between another process's look and its claim: that one has nothing to do, and rests."""
    await _append(world, POISON)
    await world.run(
        "INSERT INTO probe.subscription_parked (name, shard, stream_id, position, event_id, error, resume) "
        "SELECT 'probe', shard, stream_id, position, event_id, 'ValueError', true FROM log.event"
    )
    heads = CountedHeads(Follower(world.url))
    world.followers.append(heads.follower)
    async with world.connected() as operator, operator.transaction():
        await operator.execute("LOCK TABLE probe.subscription_member IN EXCLUSIVE MODE")  # holds it after its look
        await heads.follower.start()
        await eventually(lambda: world.query(WAITING_FOR_US), [(1,)])
        await operator.execute("DELETE FROM probe.subscription_parked")
    await _append(world, OTHER)
    await until(lambda: _caught_up(world))
    for _ in range(3):
        await _renewed(world)
    assert heads.waited < 10 * SHARDS


async def test_parked_streams_are_counted(world: World) -> None:
    """In the metrics of the process that passes them over."""
    follower = await world.follow(before_apply=Fault(POISON, stream(SHARD, 8)))
    await _append(world, POISON, stream(SHARD, 8), OTHER)
    await until(lambda: _shows(follower, "pushward_subscription_parked_streams", 2))
    await until(lambda: _shows(follower, "pushward_subscription_position", 3))
    await until(lambda: _shows(follower, "pushward_subscription_lag_events", 0))


async def _append(world: World, *streams: UUID) -> None:
    """One event on each of these, in order."""
    versions = dict(await world.query("SELECT stream_id, version FROM log.stream"))
    for stream_id in streams:
        version = versions.get(stream_id, 0)
        await world.log.append(counting(stream_id, version))
        versions[stream_id] = version + 1


async def _logged_but(world: World, stream_id: UUID) -> list[tuple[int, int]]:
    return await world.query(
        f"SELECT shard, position FROM log.event WHERE stream_id <> '{stream_id}' ORDER BY shard, position"
    )


async def _parked_shards(world: World) -> list[ShardStatus]:
    return [shard for shard in await _status(world) if shard.parked]


async def _status(world: World) -> Sequence[ShardStatus]:
    async with world.connected() as connection:
        return await status_of(connection, SCHEMA, NAME)


async def _resume(world: World, *, shard: int | None = None, stream_id: UUID | None = None) -> Resumed:
    async with world.connected() as connection:
        return await resume(connection, SCHEMA, NAME, shard=shard, stream=stream_id)


async def _caught_up(world: World) -> bool:
    return all(shard.lag == 0 for shard in await _status(world))


async def _renewed(world: World) -> None:
    """Waits for another round of whoever has the shards."""
    lease = f"SELECT leased_until FROM probe.subscription WHERE shard = {SHARD}"
    before = await world.query(lease)

    async def is_another() -> bool:
        return await world.query(lease) != before

    await until(is_another)


async def _has_alarm(world: World) -> bool:
    return any(shard.alarm for shard in await _status(world))


async def _nothing_asked_for(world: World) -> bool:
    return not any(parked.resuming for shard in await _status(world) for parked in shard.parked)


async def _met(fault: Fault, times: int) -> bool:
    return fault.met >= times


async def _retried(follower: Follower, times: int) -> bool:
    return _metric(follower, "pushward_subscription_retries_total") >= times


async def _shows(follower: Follower, name: str, value: float) -> bool:
    return _metric(follower, name) == value


def _metric(follower: Follower, name: str) -> float:
    line = f'{name}{{shard="{SHARD}",subscription="{NAME}"}} '
    values = [one.removeprefix(line) for one in follower.metrics.text().decode().splitlines() if one.startswith(line)]
    return float(values[0]) if values else -1.0
