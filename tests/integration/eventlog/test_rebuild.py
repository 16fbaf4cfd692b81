"""A replay puts tables that it has built beside the live ones in their place: whole, repaired, and only once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import asyncpg
import pytest

from pushward.eventlog import replay
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.postgres import HoleError
from pushward.eventlog.rebuild import build, compare, copying, swap
from pushward.eventlog.rebuild.build import ReplayError
from pushward.eventlog.rebuild.copying import copy_shards
from pushward.eventlog.rebuild.projection import Projection
from pushward.eventlog.rebuild.rebuild import Rebuilt, rebuild
from pushward.eventlog.rebuild.swap import drop_old
from tests.support import sql
from tests.support.databases import SHARDS, Databases
from tests.support.probe.counter import COUNTER, COUNTERS, PROBE_MODULE, ROLE, counting, open_probe_log, stream

PROJECTION = Projection("probe", [COUNTERS], code="1")
STREAMS = 10
OID = "SELECT 'probe.counter'::regclass::oid::int"


@pytest.fixture
async def url(databases: Databases) -> str:
    """A database with ten counters on each shard, each counted three times."""
    url = await databases.make([LOG_MODULE, PROBE_MODULE])
    log = open_probe_log(url)
    for shard in range(SHARDS):
        for number in range(1, STREAMS + 1):
            await log.append(counting(stream(shard, number), 0, events=2))
            await log.append(counting(stream(shard, number), 2))
    await log.close()
    return url


@pytest.fixture
async def connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection beside the replay's."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def replayed(
    url: str,
    copy: Callable[[], Awaitable[None]] | None = None,
    *,
    code: str = "1",
    only_equal: bool = False,
    restart: bool = False,
    said: list[str] | None = None,
) -> Rebuilt:
    """A replay in this process."""
    projection = Projection("probe", [COUNTERS], code=code)
    say = (said if said is not None else []).append
    return await rebuild(
        url, projection, copy or partial(copy_shards, url, projection), say, only_equal=only_equal, restart=restart
    )


async def value(url: str, query: str) -> object:
    """The only value of the only row."""
    ((found,),) = await sql.rows(url, query)
    return found


async def test_the_tables_are_replaced_by_equal_ones(url: str) -> None:
    """Another table with the same rows; what was replaced lies beside it."""
    before = await value(url, OID)
    done = await replayed(url)
    assert (done.shards, done.events, done.rows, done.went_on) == (SHARDS, 120, 40, False)
    assert done.differences == []
    assert done.swapped is not None
    assert done.swapped.tries == 1
    assert await value(url, OID) != before
    assert await value(url, "SELECT 'probe_old.counter'::regclass::oid::int") == before
    assert await value(url, "SELECT to_regnamespace('probe_next')") is None
    assert (await replay.check(url, ROLE, [COUNTERS])).differences == ()


async def test_a_damaged_row_is_named_and_repaired(url: str) -> None:
    """A changed column, a missing row, an invented one: the tables afterwards are what the log says."""
    await sql.execute(url, "UPDATE probe.counter SET total = 99 WHERE stream_id = $1", stream(2, 5))
    await sql.execute(url, "DELETE FROM probe.counter WHERE stream_id = $1", stream(1, 1))
    await sql.execute(url, f"INSERT INTO probe.counter VALUES (1, 1, '{stream(1, 99)}', 1, now(), 1)")
    done = await replayed(url)
    assert [str(difference) for difference in done.differences] == [
        f"probe.counter({stream(1, 1)}): missing from the live table",
        f"probe.counter({stream(1, 99)}): not in the log",
        f"probe.counter({stream(2, 5)}): differs in total",
    ]
    assert done.swapped is not None
    assert (await replay.check(url, ROLE, [COUNTERS])).differences == ()


async def test_beyond_a_bound_differences_are_counted_only(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is wrong throughout doesn't fill the memory, and isn't taken for equal."""
    monkeypatch.setattr(compare, "NAMED_DIFFERENCES_MAX", 3)
    await sql.execute(url, "UPDATE probe.counter SET total = 99")
    done = await replayed(url, only_equal=True)
    assert (len(done.differences), done.unnamed_differences, done.swapped) == (3, 37, None)


async def test_nothing_is_swapped_on_a_difference_if_none_is_expected(url: str) -> None:
    """The live table stays as it is; once it is repaired, the same build is gone on with and swapped."""
    damaged, before = stream(2, 5), await value(url, OID)
    await sql.execute(url, "UPDATE probe.counter SET total = 99 WHERE stream_id = $1", damaged)
    done = await replayed(url, only_equal=True)
    assert done.swapped is None
    assert [difference.key for difference in done.differences] == [(damaged,)]
    assert await value(url, OID) == before
    assert await value(url, f"SELECT total FROM probe.counter WHERE stream_id = '{damaged}'") == 99
    await sql.execute(url, "UPDATE probe.counter SET total = 3 WHERE stream_id = $1", damaged)
    done = await replayed(url, only_equal=True)
    assert done.swapped is not None
    assert done.went_on


async def test_what_is_appended_meanwhile_is_in_the_new_tables(url: str) -> None:
    """Events after the copy had begun, on streams old and new, are caught up with."""
    log = open_probe_log(url)

    async def copy_and_append() -> None:
        await copy_shards(url, PROJECTION)
        await log.append(counting(stream(0, 1), 3))
        await log.append(counting(stream(3, 50), 0))

    done = await replayed(url, copy_and_append)
    assert done.swapped is not None
    assert done.differences == []
    assert (await replay.check(url, ROLE, [COUNTERS])).rows == 41
    assert (await replay.check(url, ROLE, [COUNTERS])).differences == ()
    await log.append(counting(stream(3, 50), 1))
    await log.close()
    assert (await replay.check(url, ROLE, [COUNTERS])).differences == ()


async def test_the_new_table_has_all_that_migrations_gave_the_old_one(url: str, connection: asyncpg.Connection) -> None:
    """Indexes with their names, constraints, storage parameters, grants: a writer with the service's role goes on."""
    await connection.execute("""
        ALTER TABLE probe.counter SET (fillfactor = 77, autovacuum_vacuum_scale_factor = 0.05);
        ALTER TABLE probe.counter ALTER COLUMN total SET DEFAULT 0;
        CREATE INDEX counter_of_total ON probe.counter (total, recorded_at DESC) WHERE total > 0;
        GRANT SELECT (total), UPDATE (total) ON probe.counter TO pushward_probe""")
    with pytest.raises(ReplayError, match="didn't become like"):
        await replayed(url)
    await connection.execute("REVOKE UPDATE (total), SELECT (total) ON probe.counter FROM pushward_probe")
    described = """
        SELECT (SELECT array_agg(pg_get_indexdef(indexrelid) ORDER BY indexrelid::regclass::text)
                  FROM pg_index WHERE indrelid = c.oid),
               (SELECT array_agg(conname || pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint
                 WHERE conrelid = c.oid),
               c.reloptions, c.relacl::text, c.relowner FROM pg_class AS c WHERE c.oid = 'probe.counter'::regclass"""
    before = await sql.rows(url, described)
    assert (await replayed(url)).swapped is not None
    assert await sql.rows(url, described) == before


async def test_connections_that_know_the_old_table_go_on(url: str, connection: asyncpg.Connection) -> None:
    """Prepared statements of both kinds, a writer's too, work on: also those that give whole rows."""
    log = open_probe_log(url)
    await log.append(counting(stream(0, 1), 3))
    column = "SELECT total FROM probe.counter WHERE stream_id = $1"
    whole = "SELECT c AS counter FROM probe.counter AS c WHERE stream_id = $1"
    assert await connection.fetchval(column, stream(0, 1)) == 4
    assert (await connection.fetchval(whole, stream(0, 1)))["total"] == 4
    assert (await replayed(url)).swapped is not None
    await log.append(counting(stream(0, 1), 4))
    assert await connection.fetchval(column, stream(0, 1)) == 5
    assert (await connection.fetchval(whole, stream(0, 1)))["total"] == 5
    await log.close()


async def test_an_interrupted_copy_is_gone_on_with(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off after each batch in turn: every event is folded once, and the result is the same."""
    monkeypatch.setattr(copying, "COPY_ROWS", 3)
    write, batches = copying._write, 0

    async def cut_off(*arguments: object, **options: object) -> None:
        nonlocal batches
        await write(*arguments, **options)  # type: ignore[arg-type]  # handed through
        batches += 1
        raise ConnectionError

    monkeypatch.setattr(copying, "_write", cut_off)
    for _ in range(5):
        with pytest.raises(ConnectionError):
            await replayed(url)
    assert batches == 5
    monkeypatch.setattr(copying, "_write", write)
    done = await replayed(url)
    assert (done.went_on, done.events, done.rows, done.differences) == (True, 120, 40, [])
    assert (await replay.check(url, ROLE, [COUNTERS])).differences == ()


async def test_a_build_of_other_code_is_begun_anew(url: str) -> None:
    """Rows that another release has folded are thrown away, with a word."""
    await sql.execute(url, "UPDATE probe.counter SET total = 99 WHERE stream_id = $1", stream(2, 5))
    await replayed(url, only_equal=True)
    said: list[str] = []
    done = await replayed(url, code="2", said=said)
    assert not done.went_on
    assert said[0] == "beginning probe_next anew: code, tables or epoch have changed since"


async def test_a_build_of_tables_that_were_altered_is_begun_anew(url: str) -> None:
    """The same for a migration meanwhile."""
    await sql.execute(url, "UPDATE probe.counter SET total = 99 WHERE stream_id = $1", stream(2, 5))
    await replayed(url, only_equal=True)
    await sql.execute(url, "CREATE INDEX counter_of_total ON probe.counter (total)")
    done = await replayed(url)
    assert not done.went_on
    assert done.swapped is not None
    assert await value(url, "SELECT 'probe.counter_of_total'::regclass::text") == "probe.counter_of_total"


async def test_a_build_can_be_begun_anew_by_command(url: str) -> None:
    """Also one that could be gone on with."""
    await sql.execute(url, "UPDATE probe.counter SET total = 99 WHERE stream_id = $1", stream(2, 5))
    await replayed(url, only_equal=True)
    assert not (await replayed(url, restart=True)).went_on


async def test_replaced_tables_are_dropped_by_command_only(url: str) -> None:
    """A next replay refuses to lose them, and says what to do."""
    assert not await drop_old(url, PROJECTION)
    await replayed(url)
    with pytest.raises(ReplayError, match=r"probe_old still holds .* --drop-old"):
        await replayed(url)
    assert await drop_old(url, PROJECTION)
    assert (await replayed(url)).swapped is not None


async def test_two_replays_at_once_are_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is refused."""
    monkeypatch.setattr(build, "ALONE_SECONDS", 0.1)

    async def another() -> None:
        with pytest.raises(ReplayError, match="under way"):
            await replayed(url)
        await copy_shards(url, PROJECTION)

    assert (await replayed(url, another)).swapped is not None


async def test_several_workers_share_the_shards(url: str) -> None:
    """Each shard is copied once, and none ends before all are."""

    async def copy() -> None:
        await asyncio.gather(*(copy_shards(url, PROJECTION) for _ in range(3)))

    done = await replayed(url, copy)
    assert (done.events, done.rows, done.differences) == (120, 40, [])


async def test_a_worker_takes_over_what_another_one_leaves(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One dies in the middle of a shard, while the other one waits for it."""
    write, died = copying._write, False

    async def die_once(*arguments: object, **options: object) -> None:
        nonlocal died
        if not died:
            died = True
            raise ConnectionError
        await write(*arguments, **options)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(copying, "_write", die_once)

    async def copy() -> None:
        ends = await asyncio.gather(*(copy_shards(url, PROJECTION) for _ in range(2)), return_exceptions=True)
        assert sorted(map(type, ends), key=str) == sorted([ConnectionError, type(None)], key=str)

    done = await replayed(url, copy)
    assert (done.events, done.rows, done.differences) == (120, 40, [])


async def test_a_hole_in_the_log_ends_a_replay(url: str) -> None:
    """From a damaged log no table is made."""
    await sql.execute(url, "DELETE FROM log.event WHERE shard = 3 AND position = 7")
    with pytest.raises(HoleError):
        await replayed(url)


async def test_a_swap_gives_way_to_a_reader_and_is_tried_again(
    url: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody reads the table the swap waits a moment, not longer, and writers write in between."""
    monkeypatch.setattr(swap, "TRY_AGAIN_SECONDS", 0.01)
    log = open_probe_log(url)
    attempt, version = swap._try, 3

    async def written_before(*arguments: object, **options: object) -> object:
        nonlocal version
        await log.append(counting(stream(0, 1), version))
        version += 1
        if version == 6:
            await reading.rollback()
        return await attempt(*arguments, **options)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(swap, "_try", written_before)
    reading = connection.transaction()
    await reading.start()
    await connection.fetch("SELECT FROM probe.counter LIMIT 1")
    done = await replayed(url)
    await log.close()
    assert done.swapped is not None
    assert done.swapped.tries == 3
    assert done.differences == []
    assert (await replay.check(url, ROLE, [COUNTERS])).differences == ()


async def test_a_check_and_a_swap_exclude_each_other(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison never sees a table that is younger than its snapshot."""
    monkeypatch.setattr(swap, "SWAP_TRIES_MAX", 1)
    async with replay._snapshot(url, ROLE, [COUNTER]):
        with pytest.raises(ReplayError, match="LockNotAvailableError"):
            await replayed(url)
    assert (await replayed(url)).swapped is not None


async def test_a_swap_that_never_succeeds_is_given_up(
    url: str, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has changed, and it says what was in the way."""
    monkeypatch.setattr(swap, "TRY_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(swap, "SWAP_TRIES_MAX", 2)
    before = await value(url, OID)
    async with connection.transaction():
        await connection.fetch("SELECT FROM probe.counter LIMIT 1")
        with pytest.raises(ReplayError, match=r"2 tries .* LockNotAvailableError"):
            await replayed(url)
    assert await value(url, OID) == before
    assert (await replayed(url)).went_on


async def test_a_swap_that_takes_too_long_is_ended_by_the_server(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if this process does nothing any more, writers wait no longer than the limit."""
    monkeypatch.setattr(swap, "_LIMITS", "SET LOCAL transaction_timeout = '100ms'")
    monkeypatch.setattr(swap, "SWAP_TRIES_MAX", 2)
    exchange, tries = swap._exchange, 0

    async def stuck_once(connection: asyncpg.Connection, projection: Projection) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            await connection.execute("SELECT pg_sleep(10)")
        await exchange(connection, projection)

    monkeypatch.setattr(swap, "_exchange", stuck_once)
    done = await replayed(url)
    assert done.swapped is not None
    assert done.swapped.tries == 2


async def test_what_hangs_on_a_table_is_named(url: str) -> None:
    """A function that takes the table's row type would stay with the replaced table, so would a view."""
    await sql.execute(url, "CREATE VIEW probe.large AS SELECT stream_id FROM probe.counter WHERE total > 9")
    with pytest.raises(ReplayError, match=r"can't be replaced, .* probe\.counter: rule _RETURN on view"):
        await replayed(url)
    await sql.execute(url, "DROP VIEW probe.large")
    await sql.execute(
        url, "CREATE FUNCTION probe.total(probe.counter) RETURNS integer LANGUAGE sql AS 'SELECT $1.total'"
    )
    with pytest.raises(ReplayError, match=r"probe\.counter: function probe\.total"):
        await replayed(url)


async def test_a_schema_that_no_replay_has_made_is_left_alone(url: str) -> None:
    """What is called like ours may be somebody's."""
    await sql.execute(url, "CREATE SCHEMA probe_next")
    with pytest.raises(ReplayError, match="no replay has made it"):
        await replayed(url)
