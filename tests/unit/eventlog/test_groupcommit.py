"""Batches gather without a timer, keep streams apart, and fail one by one."""

import asyncio
from collections import deque
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushward.errors import UnavailableError
from pushward.eventlog import groupcommit
from pushward.eventlog.groupcommit import GroupCommitLog, Outcome, take_batch
from pushward.eventlog.memory import MemoryLog
from pushward.eventlog.port import Append, Appended, Guard
from tests.support.probe.counter import counting, stream


class Gate:
    """A committer that waits until it is let through, and notes the size of each batch."""

    def __init__(self) -> None:
        self.log = MemoryLog(1)
        self.open = asyncio.Event()
        self.batches: list[int] = []

    async def commit(self, batch: Sequence[Append]) -> Sequence[Outcome]:
        await self.open.wait()
        self.batches.append(len(batch))
        return await self.log.commit(batch)

    async def close(self) -> None:
        """Nothing is held."""


async def test_what_gathers_during_a_commit_is_one_batch() -> None:
    """The first goes alone at once; the others wait for it, together."""
    gate = Gate()
    log = GroupCommitLog([gate])
    first = asyncio.create_task(log.append(counting(stream(0), 0)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(log.append(counting(stream(0), 0))) for _ in range(9)]
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(first, *others)
    assert gate.batches == [1, 9]
    await log.close()


async def test_closing_commits_what_was_taken_and_takes_nothing_more() -> None:
    """Nothing accepted is lost on the way down."""
    gate = Gate()
    log = GroupCommitLog([gate])
    taken = [asyncio.create_task(log.append(counting(stream(0), 0))) for _ in range(5)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(log.close())
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the lane has its own task for closing
    with pytest.raises(UnavailableError):
        await log.append(counting(stream(0), 0))
    gate.open.set()
    await closing
    assert all(isinstance(result, Appended) for result in await asyncio.gather(*taken))


async def test_a_lost_connection_is_retried_until_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the callers are told, and the lane lives on."""
    monkeypatch.setattr(groupcommit, "RETRY_DELAY_SECONDS", 0)
    now = 0.0

    class Away(Gate):
        tries = 0

        async def commit(self, batch: Sequence[Append]) -> Sequence[Outcome]:
            nonlocal now
            self.tries += 1
            if now < 9:
                now += 1.0
                raise UnavailableError("away")
            return await self.log.commit(batch)

    away = Away()
    log = GroupCommitLog([away], monotonic=lambda: now)
    with pytest.raises(UnavailableError):
        await log.append(counting(stream(0), 0))
    assert away.tries == groupcommit.RETRY_SECONDS_MAX
    assert isinstance(await log.append(counting(stream(0), 0)), Appended)
    await log.close()


@st.composite
def queues(draw: st.DrawFn) -> list[Append]:
    """Appends that write one of a few streams and guard some of the others."""
    appends = []
    for _ in range(draw(st.integers(1, 30))):
        written = draw(st.integers(1, 6))
        guards = draw(st.sets(st.integers(1, 6), max_size=2)) - {written}
        appends.append(counting(stream(0, written), 0, guards=tuple(Guard(stream(0, guard), 0) for guard in guards)))
    return appends


async def _pendings(appends: list[Append]) -> deque[groupcommit._Pending]:
    loop = asyncio.get_running_loop()
    return deque(groupcommit._Pending(append, loop.create_future(), 0.0) for append in appends)


@given(queues())
def test_batches_keep_streams_apart_and_in_order(appends: list[Append]) -> None:
    """No two appends of a batch touch the same stream but to read it, and none overtakes another on a stream."""

    async def drain() -> list[list[groupcommit._Pending]]:
        queue = await _pendings(appends)
        batches = []
        while queue:
            batches.append(take_batch(queue))
        return batches

    batches = asyncio.run(drain())
    order = [pending.append for batch in batches for pending in batch]
    assert sorted(map(id, order)) == sorted(map(id, appends))
    for batch in batches:
        for number, one in enumerate(batch):
            for other in batch[number + 1 :]:
                assert one.written.isdisjoint(other.written | other.read)
                assert one.read.isdisjoint(other.written)
    place = {id(append): number for number, append in enumerate(order)}
    for number, earlier in enumerate(appends):
        for later in appends[number + 1 :]:
            touches = {write.stream_id for write in earlier.writes}, {guard.stream_id for guard in earlier.guards}
            wants = {write.stream_id for write in later.writes}, {guard.stream_id for guard in later.guards}
            if touches[0] & (wants[0] | wants[1]) or touches[1] & wants[0]:
                assert place[id(earlier)] < place[id(later)]
