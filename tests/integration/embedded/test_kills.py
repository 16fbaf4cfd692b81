"""`kill -9`, of the server, of its owner, of both: nothing committed is lost, and nothing is left behind."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded.cluster import SERVER_ENVIRONMENT, server_command
from deploy.embedded.places import binaries, socket_dir
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.server_user import server_user
from deploy.embedded.waiting import wait_until
from tests.integration.embedded import sql
from tests.integration.embedded.owner import owning

WAIT_SECONDS = 20.0


def is_running(pid: int) -> bool:
    """Whether the process lives (a zombie doesn't)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@contextmanager
def parentless_server(data_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server on ``data_dir`` without its owner's lock and bond: what a kill of the owner alone could leave."""
    user = server_user(data_dir / "cluster")
    sockets = socket_dir(data_dir, user)
    command = server_command(binaries(user), data_dir / "cluster", sockets, fsync=True)
    with subprocess.Popen(
        command,
        cwd=data_dir,
        env=dict(SERVER_ENVIRONMENT),
        stderr=subprocess.DEVNULL,
        user=user.uid,
        group=user.gid,
        extra_groups=[] if user.is_other else None,
    ) as server:
        pidfile = data_dir / "cluster/postmaster.pid"
        try:
            assert wait_until(lambda: pidfile.exists() and "ready" in pidfile.read_text(), WAIT_SECONDS)
            yield server
        finally:
            server.kill()


def test_rows_survive_a_kill_of_the_server(home: Path) -> None:
    """The same object starts it again after its stop has noticed."""
    postgres = EmbeddedPostgres(home / "postgres")
    sql.run(postgres.start(), "CREATE TABLE kept AS SELECT 7 AS value")
    os.kill(postgres.pid, signal.SIGKILL)
    postgres.stop()
    with postgres:
        assert sql.run(postgres.database_url(), "SELECT value FROM kept") == [(7,)]


def test_the_server_ends_when_its_owner_is_killed(home: Path) -> None:
    """The kernel tells it; the next start finds the rows."""
    with owning(home / "postgres") as owner:
        sql.run(owner.url, "CREATE TABLE kept AS SELECT 7 AS value")
        owner.process.kill()
        owner.process.wait()
        assert wait_until(lambda: not is_running(owner.server_pid), WAIT_SECONDS)
    with EmbeddedPostgres(home / "postgres") as postgres:
        assert sql.run(postgres.database_url(), "SELECT value FROM kept") == [(7,)]


def test_rows_survive_a_kill_of_everything(home: Path) -> None:
    """Owner and server at once; the next start doesn't wait for anybody's leave."""
    with owning(home / "postgres") as owner:
        sql.run(owner.url, "CREATE TABLE kept AS SELECT 7 AS value")
        os.kill(owner.server_pid, signal.SIGKILL)
        owner.process.kill()
        with EmbeddedPostgres(home / "postgres") as postgres:
            assert sql.run(postgres.database_url(), "SELECT value FROM kept") == [(7,)]


def test_an_orphan_is_stopped_before_the_start(home: Path) -> None:
    """A server that lives on without an owner gives way, and its rows stay."""
    with EmbeddedPostgres(home / "postgres") as postgres:
        url = postgres.database_url()
    with parentless_server(home / "postgres") as orphan:
        sql.run(url, "CREATE TABLE kept AS SELECT 7 AS value")
        with EmbeddedPostgres(home / "postgres") as postgres:
            assert not is_running(orphan.pid)
            assert sql.run(postgres.database_url(), "SELECT value FROM kept") == [(7,)]


def test_a_zombie_does_not_block_the_start(home: Path) -> None:
    """A killed server that nobody has waited for still has its number, and its lock file names it."""
    with EmbeddedPostgres(home / "postgres"):
        pass
    with parentless_server(home / "postgres") as orphan:
        os.kill(orphan.pid, signal.SIGKILL)
        assert wait_until(lambda: not is_running(orphan.pid), WAIT_SECONDS)
        assert Path(f"/proc/{orphan.pid}").exists()
        with EmbeddedPostgres(home / "postgres") as postgres:
            assert sql.run(postgres.database_url(), "SELECT 1") == [(1,)]


def test_an_initialisation_that_was_cut_short_is_done_anew(home: Path) -> None:
    """Half a cluster is never taken for a whole one."""
    unfinished = home / "postgres/cluster.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(home / "postgres") as postgres:
        assert sql.run(postgres.database_url(), "SELECT 1") == [(1,)]
        assert not unfinished.exists()
