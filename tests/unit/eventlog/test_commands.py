"""A command is decided on what it has seen, or decided again."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pushward.errors import ForbiddenError, TooManyRequestsError
from pushward.eventlog.commands import ATTEMPTS_MAX, Change, CommandRunner, Plan, compose
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.memory import MemoryLog
from pushward.eventlog.port import Append, Appended, VersionConflictError
from tests.support.probe.counter import COUNTER, COUNTERS, CounterState, ServiceDeleted, origin, state_at, stream

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def _count(state: CounterState, *, events: int = 1, now: datetime = NOW) -> Plan[int]:
    change = Change(COUNTERS, stream(0, 1), state, [ServiceDeleted("one", "")] * events, now)
    return Plan([change], result=lambda after: after[0].counter.total if after[0].counter else 0)


def _live(memory: MemoryLog) -> CounterState:
    row = memory.rows.get("probe.counter", {}).get((stream(0, 1),))
    return CounterState() if row is None else CounterState(COUNTER.load_columns(row[2].columns))


async def test_commands_on_one_stream_take_turns() -> None:
    """Thirty at once on one counter: none conflicts, each sees the one before."""
    memory = MemoryLog(1)
    runner = CommandRunner(GroupCommitLog([memory]))
    planned = 0

    async def plan() -> Plan[int]:
        nonlocal planned
        planned += 1
        return _count(_live(memory))

    totals = await asyncio.gather(*(runner.run(stream(0, 1), origin(), plan) for _ in range(30)))
    assert sorted(totals) == list(range(1, 31))
    assert planned == 30


async def test_a_lost_race_is_decided_again_on_what_won() -> None:
    """Another process was faster: load again."""
    memory = MemoryLog(1)
    runner = CommandRunner(GroupCommitLog([memory]))
    stale = [CounterState()]
    await runner.run(stream(0, 1), origin(), lambda: _async(_count(CounterState())))

    async def plan() -> Plan[int]:
        return _count(stale.pop() if stale else _live(memory))

    assert await runner.run(stream(0, 1), origin(), plan) == 2


async def test_a_command_that_always_loses_is_told_to_try_later() -> None:
    """Bounded: 8 tries, then 429 with Retry-After."""

    class Lost:
        tries = 0

        async def append(self, append: Append) -> Appended:
            self.tries += 1
            raise VersionConflictError("lost")

    lost = Lost()
    with pytest.raises(TooManyRequestsError) as refused:
        await CommandRunner(lost).run(stream(0, 1), origin(), lambda: _async(_count(CounterState())))
    assert (lost.tries, refused.value.code, refused.value.retry_after_seconds) == (ATTEMPTS_MAX, 20429, 1)


async def test_a_refused_command_appends_nothing() -> None:
    """What ``plan`` raises reaches the caller."""
    memory = MemoryLog(1)

    async def plan() -> Plan[int]:
        raise ForbiddenError("no")

    with pytest.raises(ForbiddenError):
        await CommandRunner(GroupCommitLog([memory])).run(stream(0, 1), origin(), plan)
    assert await memory.heads() == {0: 0}


async def test_nothing_decided_is_nothing_appended() -> None:
    """A command may find that everything is as it should be."""
    memory = MemoryLog(1)
    runner = CommandRunner(GroupCommitLog([memory]))
    state = state_at(stream(0, 1), 4)
    assert await runner.run(stream(0, 1), origin(), lambda: _async(_count(state, events=0))) == 4
    assert await memory.heads() == {0: 0}


def test_a_streams_time_never_runs_backwards() -> None:
    """Though the database's clock was set back by an hour."""
    state = state_at(stream(0, 1), 1)
    assert state.recorded_at is not None
    append, _ = compose(_count(state, now=state.recorded_at - timedelta(hours=1)), origin())
    assert append is not None
    assert append.writes[0].events[0].recorded_at == state.recorded_at


def test_a_commands_event_ids_are_its_own() -> None:
    """The same command makes the same ids, another command others: retries are recognised, copies are not."""
    one, other = origin(), origin()

    def ids(of: object) -> list[object]:
        append, _ = compose(_count(CounterState(), events=3), of)  # type: ignore[arg-type]  # one of two origins
        assert append is not None
        return [event.event_id for event in append.writes[0].events]

    assert ids(one) == ids(one)
    assert not set(ids(one)) & set(ids(other))
    assert len(set(ids(one))) == 3


async def _async(plan: Plan[int]) -> Plan[int]:
    return plan
