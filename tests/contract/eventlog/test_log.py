"""What every log must do, memory and PostgreSQL alike (pushward/eventlog/port.py, DESIGN section 4)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from pushward.database.pool import Database
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.memory import MemoryLog
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.port import (
    Appended,
    EventLog,
    Guard,
    GuardMovedError,
    LogReader,
    TooLateError,
    VersionConflictError,
)
from pushward.eventlog.postgres import PostgresLogReader
from tests.support.databases import SHARDS, Databases
from tests.support.probe.counter import PROBE_MODULE, ROLE, counting, open_probe_log, origin, stream


@dataclass
class Subject:
    """A log under test and a reader of the same."""

    log: EventLog
    reader: LogReader
    committed: list[StoredEvent]


@pytest.fixture(params=["memory", "postgres"])
async def subject(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Subject]:
    """The log in memory, and in PostgreSQL."""
    committed: list[StoredEvent] = []

    def on_commit(events: Sequence[StoredEvent]) -> None:
        committed.extend(events)

    if request.param == "memory":
        memory = MemoryLog(SHARDS)
        log = GroupCommitLog([memory], on_commit=on_commit)
        yield Subject(log, memory, committed)
        await log.close()
        return
    url = await databases.make([LOG_MODULE, PROBE_MODULE])
    log = open_probe_log(url, on_commit=on_commit)
    database = Database(url, ROLE, "test", size_max=2)
    yield Subject(log, PostgresLogReader(database), committed)
    await log.close()
    await database.close()


async def test_an_append_is_read_back_as_it_was(subject: Subject) -> None:
    """Bytes, ids, versions and times come back unchanged, with the place the log gave them."""
    append = counting(stream(1, 7), 0, events=2)
    result = await subject.log.append(append)
    assert result == Appended(1, 2)
    events = await subject.reader.read(1, 0, 10)
    assert [(event.position, event.version) for event in events] == [(1, 1), (2, 2)]
    for new, stored in zip(append.writes[0].events, events, strict=True):
        assert (new.event_id, new.type, new.schema, new.recorded_at, new.envelope, new.payload) == (
            stored.event_id,
            stored.type,
            stored.schema,
            stored.recorded_at,
            stored.envelope,
            stored.payload,
        )


async def test_positions_count_each_shard_for_itself(subject: Subject) -> None:
    """Every shard begins at 1 and has no hole, whatever the others do."""
    await asyncio.gather(*(subject.log.append(counting(stream(number % 3), 0)) for number in range(30)))
    assert await subject.reader.heads() == {0: 10, 1: 10, 2: 10, 3: 0}
    for shard in range(3):
        assert [event.position for event in await subject.reader.read(shard, 0, 100)] == list(range(1, 11))


async def test_one_of_two_writers_wins_a_version(subject: Subject) -> None:
    """Two appends that saw the same version: one is taken, the other is told."""
    results = await asyncio.gather(
        *(subject.log.append(counting(stream(0, 5), 0)) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, Appended) for result in results) == 1
    assert sum(isinstance(result, VersionConflictError) for result in results) == 4
    assert (await subject.reader.heads())[0] == 1


async def test_a_guard_that_moved_refuses_the_append(subject: Subject) -> None:
    """What was only read must still be as it was seen."""
    await subject.log.append(counting(stream(2, 1), 0))
    with pytest.raises(GuardMovedError):
        await subject.log.append(counting(stream(2, 2), 0, guards=(Guard(stream(2, 1), 0),)))
    await subject.log.append(counting(stream(2, 2), 0, guards=(Guard(stream(2, 1), 1),)))
    assert (await subject.reader.heads())[2] == 2


async def test_a_guard_does_not_move_the_guarded_stream(subject: Subject) -> None:
    """Many may guard the same stream at once."""
    await subject.log.append(counting(stream(2, 1), 0))
    await asyncio.gather(
        *(subject.log.append(counting(stream(2), 0, guards=(Guard(stream(2, 1), 1),))) for _ in range(20))
    )
    assert (await subject.reader.heads())[2] == 21


async def test_a_write_and_a_guard_on_one_stream_take_turns(subject: Subject) -> None:
    """Queued together, the guard sees the write before it and is refused; nothing slips in between."""
    guarded = stream(1, 1)
    await subject.log.append(counting(guarded, 0))
    write, guard = await asyncio.gather(
        subject.log.append(counting(guarded, 1)),
        subject.log.append(counting(stream(1, 2), 0, guards=(Guard(guarded, 1),))),
        return_exceptions=True,
    )
    assert isinstance(write, Appended)
    assert isinstance(guard, GuardMovedError)


async def test_an_append_after_its_deadline_is_refused(subject: Subject) -> None:
    """``not_after`` is compared with the log's clock, not with the caller's."""
    now = datetime.now(UTC)
    with pytest.raises(TooLateError):
        await subject.log.append(counting(stream(0, 1), 0, not_after=now - timedelta(seconds=1)))
    await subject.log.append(counting(stream(0, 1), 0, not_after=now + timedelta(minutes=5)))


async def test_the_same_append_again_is_a_success_and_is_stored_once(subject: Subject) -> None:
    """A retry finds its own event ids in its place and answers with the stored position."""
    append = counting(stream(3, 9), 0, events=3)
    first = await subject.log.append(append)
    again = await subject.log.append(append)
    assert (first.position, first.again) == (3, False)
    assert (again.position, again.again) == (3, True)
    assert (await subject.reader.heads())[3] == 3


async def test_a_retry_succeeds_though_the_stream_has_moved_on(subject: Subject) -> None:
    """What was stored stays stored, whatever came after it."""
    append = counting(stream(3, 9), 0)
    await subject.log.append(append)
    await subject.log.append(counting(stream(3, 9), 1))
    assert await subject.log.append(append) == Appended(3, 1, again=True)


async def test_another_command_on_a_taken_version_is_no_retry(subject: Subject) -> None:
    """Equal content does not make it the same append: the event id decides."""
    await subject.log.append(counting(stream(3, 9), 0, of=origin()))
    with pytest.raises(VersionConflictError):
        await subject.log.append(counting(stream(3, 9), 0, of=origin()))


async def test_two_streams_change_together_or_not_at_all(subject: Subject) -> None:
    """An append on two streams is refused whole when one of them has moved."""
    await subject.log.append(counting(stream(1, 4), 0))
    with pytest.raises(VersionConflictError):
        await subject.log.append(counting(stream(1, 3), 0, also=(stream(1, 4), 0)))
    assert (await subject.reader.heads())[1] == 1
    await subject.log.append(counting(stream(1, 3), 0, also=(stream(1, 4), 1)))
    assert (await subject.reader.heads())[1] == 3


async def test_a_stream_is_read_up_to_a_version(subject: Subject) -> None:
    """As of an event: that one and all before it."""
    await subject.log.append(counting(stream(1, 4), 0, events=3))
    await subject.log.append(counting(stream(1, 5), 0))
    assert [event.version for event in await subject.reader.read_stream(stream(1, 4))] == [1, 2, 3]
    assert len(await subject.reader.read_stream(stream(1, 4), up_to_version=2)) == 2


async def test_an_event_is_found_by_its_place(subject: Subject) -> None:
    """And nothing is found where nothing is."""
    append = counting(stream(1, 4), 0)
    await subject.log.append(append)
    event = await subject.reader.event_at(1, 1)
    assert event is not None
    assert event.event_id == append.writes[0].events[0].event_id
    assert await subject.reader.event_at(1, 2) is None


async def test_a_cancelled_caller_does_not_cancel_the_append(subject: Subject) -> None:
    """The caller loses its answer; the batch goes on."""
    task = asyncio.create_task(subject.log.append(counting(stream(0, 1), 0)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await subject.log.append(counting(stream(0, 2), 0))
    assert (await subject.reader.heads())[0] == 2


async def test_commits_are_told_to_followers(subject: Subject) -> None:
    """As they lie in the log now, once the commit is done; a retry that stored nothing tells nothing."""
    append = counting(stream(2, 1), 0, events=2, also=(stream(2, 2), 0))
    await subject.log.append(append)
    await subject.log.append(append)
    assert subject.committed == await subject.reader.read(2, 0, 10)
    assert len(subject.committed) == 4
