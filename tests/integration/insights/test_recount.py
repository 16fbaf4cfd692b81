"""The recount in PostgreSQL: what it finds, what it repairs, what it costs."""

from datetime import timedelta
from uuid import uuid4

import pytest

from pushward.telemetry.metrics import Metrics
from services.insights.app.ports import Progress, Term
from services.insights.app.recount_timer import SPANS_A_TURN_MAX, RecountTimer
from services.insights.domain.figures import Figures
from services.insights.domain.happening import Kind
from services.insights.domain.rows import Row, RowKey
from services.insights.domain.windows import WINDOW_SECONDS, floor
from tests.integration.insights.conftest import World, long_ago, measured, recently
from tests.integration.insights.history import SERVICE, Challenge, Load, ask_and_answer, factor
from tests.support.databases import SHARDS

RECOUNT_SECONDS = 60.0


async def recount(turning: RecountTimer) -> None:
    """All turns of one recount."""
    while await turning.turn():
        pass


def timer(world: World, metrics: Metrics | None = None) -> RecountTimer:
    """The recount of a process."""
    return RecountTimer(
        world.counted_log, world.store, world.leases, metrics or world.metrics, lease_seconds=RECOUNT_SECONDS
    )


async def test_a_recount_fills_an_empty_table(world: World) -> None:
    """So figures come without Kafka, only later."""
    await ask_and_answer(world.log, factor(2, 1), long_ago(), [Kind.APPROVED, Kind.DENIED, Kind.EXPIRED])
    assert await world.drift() == {"missing": 2}
    await recount(timer(world))
    assert await world.drift() == {}
    rows = (
        "SELECT sid, shard, created, approved, denied, expired, answered, time_to_answer_ms_sum FROM insights.figures"
    )
    assert sorted(await world.query(rows)) == sorted(
        [(factor(2, 1), 2, 3, 1, 1, 1, 2, 4_000), (SERVICE, 2, 3, 1, 1, 1, 2, 4_000)]
    )


@pytest.mark.parametrize("seed", range(3))
async def test_spans_seen_one_by_one_are_the_whole(world: World, seed: int) -> None:
    """Windows counted in pieces, from wherever, come to the same as all at once."""
    load = Load(world.log, seed, long_ago() - timedelta(hours=12), timedelta(seconds=90))
    await load.go_on(400)
    await world.fill()
    assert await world.drift() == {}
    begin = int(long_ago().timestamp())
    for offset in range(0, 30 * WINDOW_SECONDS, 7 * WINDOW_SECONDS):
        spans = await world.spans(begin + offset, begin + offset + 5 * WINDOW_SECONDS)
        assert [span.differences for span in spans] == [()] * len(spans)
    assert sum(span.events for span in await world.spans()) == load.events


async def test_drift_is_told_by_kind_and_repaired(world: World) -> None:
    """In a metric, and in the table."""
    begin = recently()
    for number in range(4):
        await ask_and_answer(world.log, factor(number, 1), begin, [Kind.APPROVED])
    await recount(timer(world))
    await world.query("UPDATE insights.figures SET approved = 7 WHERE sid = $1", factor(0, 1))
    await world.query("UPDATE insights.figures SET position = 99 WHERE sid = $1", factor(1, 1))
    await world.query(
        "UPDATE insights.figures SET approved = 0, answered = 0, time_to_answer_ms_sum = 0, time_to_answer_ms_max = 0, "
        "position = 1 WHERE sid = $1",
        factor(2, 1),
    )
    await world.query("DELETE FROM insights.figures WHERE sid = $1", factor(3, 1))
    await world.query(
        "INSERT INTO insights.figures "
        "SELECT $1, window_start, shard, service_sid, epoch, position, 1, 1, 1, 1, 1, 1, 1, 1 "
        "FROM insights.figures WHERE sid = $2 LIMIT 1",
        factor(0, 2),
        SERVICE,
    )
    expected = {"miscounted": 2, "behind": 1, "missing": 1, "unfounded": 1}
    assert await world.drift() == expected
    later = Metrics()
    await world.query("DELETE FROM insights.lease")
    await recount(timer(world, later))
    assert await world.drift() == {}
    for drift, count in expected.items():
        assert measured(later, f'pushward_insights_drift_windows_total{{drift="{drift}"}}') == count


async def test_a_row_that_went_further_meanwhile_is_left_alone(world: World) -> None:
    """What was recounted is older than what the counter has stored since."""
    begin = long_ago()
    await ask_and_answer(world.log, factor(1, 1), begin, [Kind.APPROVED])
    spans = await world.spans()
    further = Row(RowKey(floor(int(begin.timestamp())), factor(1, 1), 1), SERVICE, 9, Figures(created=5))
    await _store(world, further)
    for span in spans:
        await world.recount.repair(span)
    stored = await world.query("SELECT position, created FROM insights.figures WHERE sid = $1", factor(1, 1))
    assert stored == [(9, 5)]


async def test_a_counter_stores_what_goes_further_and_nothing_else(world: World) -> None:
    """A counter that begins again after a crash has less than what it once stored."""
    key = RowKey(floor(int(long_ago().timestamp())), factor(1, 1), 1)
    rows = [Row(key, SERVICE, position, Figures(created=created)) for position, created in ((5, 3), (4, 9), (5, 9))]
    for row in rows:
        await _store(world, row)
    assert await world.query("SELECT position, created FROM insights.figures") == [(5, 3)]


async def test_a_counter_whose_term_is_over_stores_nothing(world: World) -> None:
    """However late it finds out."""
    row = Row(RowKey(floor(int(long_ago().timestamp())), factor(1, 1), 1), SERVICE, 1, Figures(created=1))
    owner, successor = uuid4(), uuid4()
    old = await world.leases.take("live", owner, 60)
    assert old is not None
    assert await world.leases.take("live", successor, 60) is None
    await world.leases.give_up("live", old)
    new = await world.leases.take("live", successor, 60)
    assert new == Term(successor, old.number + 1)
    assert not await world.store.store(old, 1, [row])
    assert await world.query("SELECT * FROM insights.figures") == []
    assert await world.store.store(new, 1, [row])


async def test_a_lease_that_lapsed_is_a_new_term_for_its_owner(world: World) -> None:
    """What it did before may have been done by somebody else meanwhile."""
    owner = uuid4()
    first = await world.leases.take("live", owner, 60)
    assert first is not None
    assert await world.leases.take("live", owner, 60) == first
    await world.query("UPDATE insights.lease SET expires_at = clock_timestamp()")
    assert await world.leases.take("live", owner, 60) == Term(owner, first.number + 1)


async def test_only_one_process_recounts(world: World) -> None:
    """The others' turns pass."""
    await ask_and_answer(world.log, factor(2, 1), long_ago(), [Kind.APPROVED])
    idle = Metrics()
    await recount(timer(world))
    await recount(timer(world, idle))
    assert b"recounted_through_seconds{" not in idle.text()


async def test_an_open_window_is_left_to_the_counter(world: World) -> None:
    """It is recounted when nothing more can come."""
    now = long_ago() + timedelta(hours=5)  # the hour that runs
    await ask_and_answer(world.log, factor(2, 1), now + timedelta(hours=1), [Kind.APPROVED])
    await recount(timer(world))
    assert await world.query("SELECT * FROM insights.figures") == []


async def test_the_next_turn_looks_at_the_last_hour_and_what_is_new(world: World) -> None:
    """Not at the whole log again; a new epoch is counted from the beginning."""
    begin = long_ago()
    await ask_and_answer(world.log, factor(2, 1), begin, [Kind.APPROVED])
    first = timer(world)
    await recount(first)
    assert set((await world.store.progress()).keys()) == set(range(SHARDS))
    await world.query("UPDATE insights.figures SET created = 9")
    await recount(first)
    assert await world.drift() == {"miscounted": 2}  # hours ago: not looked at again
    for shard, progress in (await world.store.progress()).items():
        await world.store.reached(shard, Progress(0, progress.through))
    await recount(first)
    assert await world.drift() == {}


async def test_a_log_that_is_far_from_in_order_is_read_all_the_same(world: World) -> None:
    """Events get their positions up to a minute after they were recorded."""
    begin = long_ago()
    for number in range(120):
        await Challenge(
            world.log, factor(3, number % 5), begin + timedelta(seconds=10 * number - 59 * (number % 2))
        ).happen(Kind.CREATED)
    await world.fill()
    windows = "SELECT sum(created)::int FROM insights.figures WHERE sid = $1"
    assert await world.query(windows, SERVICE) == [(120,)]
    second = int(begin.timestamp())
    for start in range(second - WINDOW_SECONDS, second + 6 * WINDOW_SECONDS, WINDOW_SECONDS):
        assert [span.differences for span in await world.spans(start, start + WINDOW_SECONDS)] in ([()], [])


async def test_old_figures_are_forgotten(world: World) -> None:
    """After their time, in bounded pieces."""
    await ask_and_answer(world.log, factor(2, 1), long_ago() - timedelta(days=91), [Kind.APPROVED])
    await world.fill()
    await ask_and_answer(world.log, factor(2, 1), long_ago(), [Kind.APPROVED])
    await recount(timer(world))
    assert await world.query("SELECT sum(created)::int FROM insights.figures WHERE sid = $1", SERVICE) == [(1,)]


async def _store(world: World, row: Row) -> None:
    term = await world.leases.take("live", _OWNER, 60)
    assert term is not None
    assert await world.store.store(term, 1, [row])


_OWNER = uuid4()


async def test_a_long_history_takes_many_turns(world: World) -> None:
    """So that a process may leave between two; whoever comes goes on where it was."""
    begin = long_ago() - timedelta(hours=20)
    for hour in range(SPANS_A_TURN_MAX + 3):
        await ask_and_answer(world.log, factor(2, 1), begin + timedelta(hours=hour), [Kind.APPROVED])
    assert await timer(world).turn()
    assert await world.drift() == {"missing": 6}
    await world.query("DELETE FROM insights.lease")
    await recount(timer(world))
    assert await world.drift() == {}
