"""Followers wake when the log grows, and the newest events are read once for all of them."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushward.errors import UnavailableError
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.memory import MemoryLog
from pushward.eventlog.tail import LogTail
from tests.support.probe.counter import counting, stream


class Counting(MemoryLog):
    """A log in memory that counts how often it is read."""

    reads = 0

    async def read(self, shard: int, after: int, limit: int) -> Sequence[StoredEvent]:
        self.reads += 1
        await asyncio.sleep(0)
        return await super().read(shard, after, limit)


async def _filled(log: MemoryLog, events: int) -> None:
    await log.commit([counting(stream(0), 0) for _ in range(events)])


async def test_followers_that_wake_together_read_once() -> None:
    """The first reads, the others are served from memory."""
    log = Counting(1)
    await _filled(log, 5)
    followed = LogTail(log)
    seen = await asyncio.gather(*(followed.read(0, 0, 100) for _ in range(10)))
    assert all([event.position for event in events] == [1, 2, 3, 4, 5] for events in seen)
    assert log.reads == 1


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 40), st.integers(1, 9)), max_size=30))
def test_a_tail_reads_as_the_log_itself(steps: list[tuple[int, int, int]]) -> None:
    """Whatever is kept, dropped, asked for: the same events, without a hole, beginning where they were asked for."""

    async def run() -> None:
        log = MemoryLog(1)
        followed = LogTail(log, kept_events_max=6)
        for grow, after, limit in steps:
            await _filled(log, grow)
            expected = await log.read(0, after, limit)
            seen = await followed.read(0, after, limit)
            # It may answer with fewer than it could, but never with none where there are some.
            assert list(seen) == list(expected[: len(seen)])
            assert bool(seen) == bool(expected)

    asyncio.run(run())


async def test_a_commit_of_this_process_wakes_followers_at_once() -> None:
    """Without waiting for the poll."""
    memory = MemoryLog(1)
    heads = HeadWatch(memory, poll_seconds=3600)
    log = GroupCommitLog([memory], on_commit=heads.committed)
    waiting = asyncio.create_task(heads.beyond(0, 0))
    await log.append(counting(stream(0), 0, events=2))
    assert await waiting == 2
    await log.close()


async def test_what_this_process_commits_is_not_read_again() -> None:
    """Neither by position nor by stream: it is in memory already. What others put in between is."""
    log = Counting(1)
    heads = HeadWatch(log)
    await _filled(log, 3)
    assert len(await heads.tail.read(0, 0, 10)) == 3
    mine = GroupCommitLog([log], on_commit=heads.committed)
    await mine.append(counting(stream(0, 7), 0, events=2))
    reads = log.reads
    assert [event.position for event in await heads.tail.read(0, 3, 10)] == [4, 5]
    assert [event.version for event in await heads.tail.read_stream(stream(0, 7), up_to_version=2)] == [1, 2]
    assert log.reads == reads
    await _filled(log, 1)  # another process
    await mine.append(counting(stream(0, 8), 0))
    assert [event.position for event in await heads.tail.read(0, 5, 10)] == [6, 7]
    assert log.reads == reads + 1
    await mine.close()


@pytest.mark.parametrize("failure", [UnavailableError("away"), RuntimeError("nobody has thought of this")], ids=repr)
async def test_what_others_commit_is_found_by_the_poll_though_the_log_was_away(failure: Exception) -> None:
    """One query for all shards; a failed one is tried again, however it failed."""

    class Flaky(MemoryLog):
        failures = 1

        async def heads(self) -> dict[int, int]:
            if self.failures:
                self.failures -= 1
                raise failure
            return await super().heads()

    log = Flaky(2)
    heads = HeadWatch(log, poll_seconds=0.001)
    await heads.start()
    await log.commit([counting(stream(1), 0)])
    assert await heads.beyond(1, 0) == 1
    assert heads.head(0) == 0
    await heads.stop()
