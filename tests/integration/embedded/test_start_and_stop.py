"""Starting, using, stopping; who gets in."""

import os
import stat
import threading
from pathlib import Path

import pytest

from deploy.embedded.errors import DataDirInUseError, EmbeddedPostgresError, StartError
from deploy.embedded.postgres import EmbeddedPostgres
from tests.integration.embedded import sql

TCP_TABLE = "SELECT count(*)::int FROM pg_settings WHERE name = 'listen_addresses' AND setting = ''"


def test_a_start_serves_both_databases(home: Path) -> None:
    """The log's database and the keys' database are there, and durability is on."""
    with EmbeddedPostgres(home / "postgres") as postgres:
        for database in ("pushward", "pushward_keys"):
            rows = sql.run(postgres.database_url(database), "SELECT current_database(), current_setting('fsync')")
            assert [tuple(map(str, row)) for row in rows] == [(database, "on")]


def test_rows_are_there_after_a_stop_and_a_start(home: Path) -> None:
    """The second start finds the cluster of the first."""
    postgres = EmbeddedPostgres(home / "postgres")
    sql.run(postgres.start(), "CREATE TABLE kept AS SELECT 7 AS value")
    postgres.stop()
    with EmbeddedPostgres(home / "postgres") as again:
        assert sql.run(again.database_url(), "SELECT value FROM kept") == [(7,)]


def test_only_its_owner_gets_in(home: Path) -> None:
    """No TCP; the socket's directory and the data are closed to others."""
    with EmbeddedPostgres(home / "postgres") as postgres:
        assert sql.run(postgres.database_url(), TCP_TABLE) == [(1,)]
        for private in ("postgres", "postgres/run", "postgres/cluster"):
            assert stat.S_IMODE((home / private).stat().st_mode) == 0o700, private


def test_the_server_never_runs_as_root(home: Path) -> None:
    """Whoever starts it, its process is a normal user's."""
    with EmbeddedPostgres(home / "postgres") as postgres:
        assert Path(f"/proc/{postgres.pid}").stat().st_uid != 0


def test_a_data_directory_has_one_owner(home: Path) -> None:
    """A second server on it is refused, names the first's process, and leaves it alone."""
    with EmbeddedPostgres(home / "postgres") as postgres:
        with pytest.raises(DataDirInUseError, match=f"process {os.getpid()} "):
            EmbeddedPostgres(home / "postgres").start()
        assert sql.run(postgres.database_url(), "SELECT 1") == [(1,)]


def test_a_path_too_long_for_a_socket_is_served_from_a_short_one(home: Path) -> None:
    """The socket moves to a private directory of its own, which the stop removes."""
    deep = home / ("long-" * 30)
    postgres = EmbeddedPostgres(deep / "postgres")
    with postgres:
        assert sql.run(postgres.database_url(), "SELECT 1") == [(1,)]
        elsewhere = (deep / "postgres/run").readlink()
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    assert not elsewhere.exists()


def test_a_database_is_created_once(home: Path) -> None:
    """Asking again changes nothing, and a name is data, never SQL."""
    name = "odd \"name'; SELECT 1"
    with EmbeddedPostgres(home / "postgres") as postgres:
        postgres.create_databases(name)
        postgres.create_databases(name)
        assert sql.run(postgres.database_url(name), "SELECT current_database()::text") == [(name,)]


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    """The error carries the end of the server's log, and the directory is free again."""
    with EmbeddedPostgres(home / "postgres"):
        pass
    version = home / "postgres/cluster/PG_VERSION"
    version.write_text("9\n")
    with pytest.raises(StartError, match="initialized by PostgreSQL version 9"):
        EmbeddedPostgres(home / "postgres").start()
    version.write_text("18\n")
    with EmbeddedPostgres(home / "postgres") as postgres:
        assert sql.run(postgres.database_url(), "SELECT 1") == [(1,)]


def test_a_thread_may_not_start_it(home: Path) -> None:
    """The kernel would end the server with that thread."""
    refusals: list[str] = []

    def start() -> None:
        try:
            EmbeddedPostgres(home / "postgres").start()
        except EmbeddedPostgresError as error:
            refusals.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert len(refusals) == 1
    assert "main thread" in refusals[0]


def test_an_ephemeral_server_leaves_nothing() -> None:
    """Its data is removed at the end."""
    with EmbeddedPostgres.ephemeral() as postgres:
        assert sql.run(postgres.database_url(), "SELECT 1") == [(1,)]
        data_dir = postgres.log_file.parent
        assert data_dir.exists()
    assert not data_dir.parent.exists()
