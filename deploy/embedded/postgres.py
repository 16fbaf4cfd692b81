"""An embedded PostgreSQL: the wheel's server as a direct child of this process.

It owns one data directory (a lock file in it says so), the server that works there, and two databases. It admits only
us: no TCP, and a socket in a directory of mode 0700. It refuses to share the directory with another process.

    start   takes the lock, ends orphans, makes the cluster if missing, starts the server, waits until it answers
    stop    a fast shutdown (sessions end, a checkpoint is written), then the lock is released

Whatever was committed is there after `kill -9` of everything: the next start recovers. If this process dies, the kernel
tells the server to shut down. That bond is to the *thread* that started the server, so only the main thread may.

    with EmbeddedPostgres(Path("var/postgres")) as postgres:
        connect(postgres.database_url("pushward"))
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

import structlog

from deploy.embedded import launch
from deploy.embedded.cluster import PORT, SERVER_ENVIRONMENT, SUPERUSER, ensure_cluster, run_as, server_command
from deploy.embedded.errors import DataDirInUseError, EmbeddedPostgresError, StartError, StopError
from deploy.embedded.orphans import FAST_STOP_SECONDS, IMMEDIATE_STOP_SECONDS, stop_orphans
from deploy.embedded.places import (
    CLUSTER,
    PUBLIC_MODE,
    binaries,
    reachable_data_dir,
    release_socket_dir,
    socket_dir,
)
from deploy.embedded.server_user import server_user
from deploy.embedded.waiting import wait_until

MAIN_DATABASE: Final = "pushward"
KEYS_DATABASE: Final = "pushward_keys"
# A killed owner needs a moment to be gone.
LOCK_TIMEOUT_SECONDS: Final = 2.0
START_TIMEOUT_SECONDS: Final = 60.0
STATEMENT_TIMEOUT_SECONDS: Final = 30.0
LOG_TAIL_LINES: Final = 20
# PostgreSQL's "fast" shutdown: sessions end, a checkpoint is written.
DEATH_SIGNAL: Final = signal.SIGINT
# The line of postmaster.pid that says how far the server is; the same that pg_ctl waits for.
PIDFILE_STATUS_LINE: Final = 7

_log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """A server on ``data_dir``. ``fsync=False`` trades crash safety for speed: for tests that ask for it only.

    ``settings`` of PostgreSQL are for tests, too: of backups, which need more than we do.
    """

    def __init__(self, data_dir: Path, *, fsync: bool = True, settings: Mapping[str, str] | None = None) -> None:
        self._asked_dir = data_dir
        self._fsync = fsync
        self._settings = dict(settings or {})
        self._user = server_user(data_dir / CLUSTER)
        self._binaries = Path()
        self._data_dir = data_dir
        self._sockets = Path()
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextlib.contextmanager
    def ephemeral(cls, *, fsync: bool = True) -> Iterator[Self]:
        """A started server whose data is removed at the end: the same code, for tests."""
        with tempfile.TemporaryDirectory(prefix="pushward-pg-") as directory:
            parent = Path(directory)
            parent.chmod(PUBLIC_MODE)
            postgres = cls(parent / "postgres", fsync=fsync)
            try:
                with postgres:
                    yield postgres
            finally:
                # It may lie elsewhere than under the temporary directory.
                shutil.rmtree(postgres._data_dir, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process id; its sessions are this process's children."""
        if self._server is None:
            raise EmbeddedPostgresError("the server is not running: start() comes first")
        return self._server.pid

    @property
    def log_file(self) -> Path:
        """The server's log since its last start."""
        return self._data_dir / "server.log"

    def database_url(self, database: str = MAIN_DATABASE, role: str = SUPERUSER) -> str:
        """Where ``role`` finds ``database`` (valid until the next start: the socket may move)."""
        return f"postgresql://{quote(role)}@/{quote(database)}?host={quote(str(self._sockets), safe='/')}&port={PORT}"

    def start(self) -> str:
        """Start the server with the databases `pushward` and `pushward_keys`; returns the first one's URL.

        Raises the errors of deploy.embedded.errors; then nothing of it runs.
        """
        if threading.current_thread() is not threading.main_thread():
            raise EmbeddedPostgresError("start the embedded PostgreSQL from the main thread: it dies with its thread")
        if self._server is not None:
            raise EmbeddedPostgresError("the server is running already")
        self._binaries = binaries(self._user)
        self._data_dir = reachable_data_dir(self._asked_dir, self._user)
        self._lock = _locked(self._data_dir / "lock")
        try:
            cluster = self._data_dir / CLUSTER
            stop_orphans(cluster, self._user)
            ensure_cluster(cluster, self._binaries, self._user, fsync=self._fsync)
            self._sockets = socket_dir(self._data_dir, self._user)
            self._server = self._launch(cluster)
            self._wait_ready(cluster)
            self.create_databases(MAIN_DATABASE, KEYS_DATABASE)
        except BaseException:
            self.stop()
            raise
        _log.info("embedded_postgres_started", data_dir=str(self._data_dir), pid=self.pid, uid=self._user.uid)
        return self.database_url()

    def stop(self) -> None:
        """Stop the server if it runs, and let the data directory go. Raises StopError if it had to be killed."""
        server, self._server = self._server, None
        try:
            if server is not None:
                self._end(server)
        finally:
            if self._lock is not None:
                release_socket_dir(self._data_dir)
                os.close(self._lock)
                self._lock = None

    def create_databases(self, *databases: str) -> None:
        """Create those of ``databases`` that aren't there.

        Raises StartError with psql's own words.
        """
        command = [str(self._binaries / "psql"), "--no-psqlrc", "--quiet", f"--dbname={self.database_url(SUPERUSER)}"]
        command += ["--set=ON_ERROR_STOP=1", *(f"--set=name{n}={name}" for n, name in enumerate(databases))]
        script = "".join(_creation(f":'name{n}'") for n in range(len(databases)))
        result = run_as(
            self._user, command, cwd=self._data_dir, timeout_seconds=STATEMENT_TIMEOUT_SECONDS, stdin=script
        )
        if result.returncode != 0:
            raise StartError(f"could not create {', '.join(databases)}:\n{result.stdout}\n{self._log_tail()}")

    def _launch(self, cluster: Path) -> subprocess.Popen[bytes]:
        if self.log_file.exists():
            self.log_file.replace(self.log_file.with_name("server.log.1"))
        uid, gid = (self._user.uid, self._user.gid) if self._user.is_other else (-1, -1)
        bond = (os.getpid(), DEATH_SIGNAL.value, uid, gid)
        launcher = [sys.executable, "-I", "-S", launch.__file__, *map(str, bond)]
        with self.log_file.open("wb") as log:
            return subprocess.Popen(
                launcher
                + server_command(self._binaries, cluster, self._sockets, fsync=self._fsync, settings=self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._data_dir,
                env=dict(SERVER_ENVIRONMENT),
                # Ctrl-C is for us: we drain first, and stop the server last.
                start_new_session=True,
            )

    def _wait_ready(self, cluster: Path) -> None:
        server = self._server
        assert server is not None
        answered = wait_until(
            lambda: server.poll() is not None or _status(cluster, server.pid) == "ready", START_TIMEOUT_SECONDS
        )
        if server.poll() is not None:
            raise StartError(f"PostgreSQL ended with status {server.returncode} at its start.\n{self._log_tail()}")
        if not answered:
            raise StartError(f"PostgreSQL was not ready after {START_TIMEOUT_SECONDS:.0f} s.\n{self._log_tail()}")

    def _end(self, server: subprocess.Popen[bytes]) -> None:
        for number, timeout_seconds in (
            (signal.SIGINT, FAST_STOP_SECONDS),
            (signal.SIGQUIT, IMMEDIATE_STOP_SECONDS),
        ):
            server.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = server.wait(timeout_seconds)
                _log.info("embedded_postgres_stopped", status=status)
                return
        server.kill()
        server.wait()
        raise StopError(f"PostgreSQL did not stop and was killed; the next start recovers.\n{self._log_tail()}")

    def _log_tail(self) -> str:
        try:
            lines = self.log_file.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return f"(there is no {self.log_file})"
        return "\n".join([f"The end of {self.log_file}:", *lines[-LOG_TAIL_LINES:]])


def _creation(variable: str) -> str:
    return (
        f"SELECT format('CREATE DATABASE %I', {variable}) "  # noqa: S608 - psql quotes its variable
        f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {variable}) \\gexec\n"
    )


def _locked(path: Path) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not wait_until(lambda: _try_lock(lock), LOCK_TIMEOUT_SECONDS):
        owner = os.read(lock, 32).decode().strip() or "unknown"
        os.close(lock)
        raise DataDirInUseError(
            f"process {owner} already serves from {path.parent}: stop it first, or use another directory"
        )
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _status(cluster: Path, pid: int) -> str | None:
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    # A file of an earlier server, not yet overwritten, says nothing about this one.
    if len(lines) <= PIDFILE_STATUS_LINE or lines[0] != str(pid):
        return None
    return lines[PIDFILE_STATUS_LINE].strip()
