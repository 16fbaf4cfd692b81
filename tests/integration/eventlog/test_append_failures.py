"""What an append does when the database refuses it, goes away, or forbids it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import asyncpg
import pytest

from pushward.database.pool import Database
from pushward.errors import RevisionRefusedError, TooManyRequestsError, UnavailableError
from pushward.eventlog import groupcommit
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.port import Appended, AppendRejectedError
from pushward.eventlog.postgres import PostgresCommitter, PostgresLogReader
from tests.support.databases import Databases
from tests.support.probe.counter import FUNCTION, PROBE_MODULE, REVISION, ROLE, counting, open_probe_log, stream
from tests.support.proxy import Proxy

POISON = "1000000"  # the counter's table refuses such a total


@dataclass
class Place:
    """A database with the probe, its log, and a reader."""

    url: str
    log: GroupCommitLog
    reader: PostgresLogReader


def _open(url: str, *, revision: int = REVISION) -> GroupCommitLog:
    return open_probe_log(url, revision=revision)


@pytest.fixture
async def place(databases: Databases) -> AsyncIterator[Place]:
    """A fresh database."""
    url = await databases.make([LOG_MODULE, PROBE_MODULE])
    log = _open(url)
    database = Database(url, ROLE, "reader", size_max=2)
    yield Place(url, log, PostgresLogReader(database))
    await log.close()
    await database.close()


async def test_a_poisoned_append_fails_alone(place: Place) -> None:
    """The database refuses one row: its neighbours in the batch are taken, and it is named as the culprit."""
    appends = [counting(stream(number % 4), 0) for number in range(20)]
    poisoned = counting(stream(1), 0, step=POISON)
    results = await asyncio.gather(
        *(place.log.append(append) for append in [*appends[:10], poisoned, *appends[10:]]), return_exceptions=True
    )
    assert isinstance(results.pop(10), AppendRejectedError)
    assert all(isinstance(result, Appended) for result in results)
    assert sum((await place.reader.heads()).values()) == len(appends)


async def test_a_retry_after_a_cut_connection_is_stored_once(place: Place) -> None:
    """The answer of a commit is lost with the connection: the same append goes again, and lies in the log once."""
    async with Proxy.to_socket_of(place.url) as proxy:
        log = _open(proxy.url)
        await log.append(counting(stream(0, 1), 0))
        proxy.cut_before_next_answer()
        result = await log.append(counting(stream(0, 1), 1))
        assert proxy.cuts == 1
        assert (result.position, result.again) == (2, True)
        await log.close()
    assert (await place.reader.heads())[0] == 2


async def test_an_append_gives_up_when_the_database_stays_away(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded, with an error that says to try again; when the database is back, so is the log."""
    monkeypatch.setattr(groupcommit, "RETRY_SECONDS_MAX", 0.3)
    async with Proxy.to_socket_of(place.url) as proxy:
        log = _open(proxy.url)
        await log.append(counting(stream(0, 1), 0))
        await proxy.refuse()
        with pytest.raises(UnavailableError):
            await log.append(counting(stream(0, 1), 1))
        await proxy.accept()
        assert (await log.append(counting(stream(0, 2), 0))).shard == 0
        await log.close()


async def test_a_full_queue_refuses_at_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes when the bound is reached is told so; what was queued is committed."""
    monkeypatch.setattr(groupcommit, "QUEUE_APPENDS_MAX", 5)
    results = await asyncio.gather(
        *(place.log.append(counting(stream(0), 0)) for _ in range(9)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, TooManyRequestsError)]
    assert len(refused) == 4
    assert (await place.reader.heads())[0] == 5


async def test_a_caller_that_knows_fewer_tables_is_refused(place: Place) -> None:
    """Since the release that it belongs to, a table was added: no function takes what it brings."""
    committer = PostgresCommitter(place.url, ROLE, function=FUNCTION, tables=(), revision=REVISION)
    log = GroupCommitLog([committer])
    with pytest.raises(RevisionRefusedError):
        await log.append(replace(counting(stream(1), 0), rows=()))
    assert log.problem() is not None
    await log.close()


async def test_a_caller_of_another_revision_is_refused(place: Place) -> None:
    """State tables are written by the release that made them; another one's process says that it isn't ready."""
    log = _open(place.url, revision=REVISION + 1)
    assert log.problem() is None
    with pytest.raises(RevisionRefusedError):
        await log.append(counting(stream(0), 0))
    assert log.problem() == groupcommit.OTHER_RELEASE
    await log.close()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO log.shard VALUES (9, 0)",
        "UPDATE log.shard SET position = 5",
        "DELETE FROM log.event",
        "UPDATE log.stream SET version = 9",
        "UPDATE probe.counter SET total = 0",
        "SELECT log.append('{}', '{}', '{}', 1::smallint, 9::smallint)",
        "SELECT log.create_shards(5)",
    ],
)
async def test_a_services_role_may_only_read_and_append(place: Place, statement: str) -> None:
    """All writing goes through the append function, whatever the service's code tries."""
    connection = await asyncpg.connect(place.url, server_settings={"role": ROLE})
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_commands_commit_together_when_they_meet(place: Place) -> None:
    """Group commit: what gathers during a commit is one transaction, seen by the rows' common xmin."""
    await asyncio.gather(*(place.log.append(counting(stream(2), 0)) for _ in range(50)))
    connection = await asyncpg.connect(place.url)
    try:
        transactions = await connection.fetchval("SELECT count(DISTINCT xmin::text) FROM log.event WHERE shard = 2")
    finally:
        await connection.close()
    assert transactions <= 2


async def test_the_committer_alone_tells_away_from_wrong(place: Place) -> None:
    """An address where no database is: UnavailableError, not a driver's own."""
    committer = PostgresCommitter(
        f"postgresql://nobody@/none?host=/nonexistent-{uuid.uuid4().hex}",
        ROLE,
        function=FUNCTION,
        tables=("probe.counter",),
        revision=REVISION,
    )
    with pytest.raises(UnavailableError):
        await committer.commit([counting(stream(0), 0)])


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("type 50 of another service", "(1,'{stream}',0,true)"),
        ("a stream that only is read", "(1,'{stream}',0,false)"),
        ("a stream that isn't expected", "(1,'{other}',0,true)"),
    ],
)
async def test_a_service_appends_only_its_own_events_where_it_said(place: Place, events: str, expected: str) -> None:
    """Whatever its code tries: the function refuses, and nothing is stored."""
    number = 50 if events.startswith("type 50") else 12
    expectation = expected.format(stream=stream(0, 1), other=stream(0, 2))
    event = f"(1,'{stream(0, 1)}',1,gen_random_uuid(),{number},1,now(),'','')"
    connection = await asyncpg.connect(place.url, server_settings={"role": ROLE})
    try:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await connection.execute(
                f"SELECT probe.append(ARRAY[(0,NULL)::log.append_header], ARRAY[{expectation}::log.expected_version],"
                f" ARRAY[{event}::log.new_event], '{{}}', '{{}}', 1)"
            )
    finally:
        await connection.close()
    assert refused.value.sqlstate == "PW004"
    assert (await place.reader.heads())[0] == 0


async def test_an_event_lies_on_its_streams_shard(place: Place) -> None:
    """A stream says its shard; an append to another one is refused."""
    append = counting(stream(0, 1), 0)
    with pytest.raises(AppendRejectedError):
        await place.log.append(replace(append, shard=1))
    assert (await place.reader.heads())[1] == 0


async def test_a_value_without_an_encoding_is_the_appends_own_fault(place: Place) -> None:
    """The driver refuses it before the database sees it: alone, and not as if the database were away."""
    wrong = counting(stream(1, 1), 0, step=str(2**40))
    results = await asyncio.gather(
        *(place.log.append(append) for append in [counting(stream(0), 0), wrong, counting(stream(0), 0)]),
        return_exceptions=True,
    )
    assert [isinstance(result, Appended) for result in results] == [True, False, True]
    assert isinstance(results[1], AppendRejectedError)
