"""An embedded Kafka: a real broker, its own controller, as a direct child of this process. For development and tests.

    <directory>/lock               held by the broker's owner and by the broker
    <directory>/ports              where it listens: the same ports at each start, loopback only
    <directory>/data/              Kafka's log directory
    <directory>/server.properties  written anew at each start
    <directory>/server.log         and server.log.1 of the start before

    start   formats the data if there are none, starts the broker, waits until it answers
    kill    `kill -9`: what was acknowledged is there at the next start (only the machine's own end may lose it)
    stop    an orderly end, then the directory is let go
    wipe    a broker without data, for those who must survive that

If this process dies, the kernel kills the broker. That bond is to the *thread* that started it, so only the main thread
may; waiting is free (`launch`, then `wait_ready` wherever you like).

    with EmbeddedKafka(Path("var/kafka")) as kafka:
        AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)
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
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import structlog

from deploy.embedded import kafka_config, kafka_probe, launch
from deploy.embedded.kafka_config import LOOPBACK, Ports
from deploy.embedded.kafka_errors import EmbeddedKafkaError, KafkaDirInUseError, KafkaStartError
from deploy.embedded.kafka_java import find_java
from deploy.embedded.waiting import wait_until

# A killed owner's broker needs a moment to be gone.
LOCK_TIMEOUT_SECONDS: Final = 10.0
START_TIMEOUT_SECONDS: Final = 90.0
STOP_TIMEOUT_SECONDS: Final = 20.0
FORMAT_TIMEOUT_SECONDS: Final = 60.0
LOG_TAIL_LINES: Final = 20
PRIVATE_MODE: Final = 0o700
DATA: Final = "data"
# An orderly end may take long or for ever, and a killed Kafka loses nothing.
DEATH_SIGNAL: Final = signal.SIGKILL

_log = structlog.get_logger(__name__)


class EmbeddedKafka:
    """A broker on ``directory``; ``java`` instead of what find_java() finds; ``jvm_options`` on top of ours."""

    def __init__(self, directory: Path, *, java: Path | None = None, jvm_options: Sequence[str] = ()) -> None:
        self._directory = directory.absolute()
        self._java = java
        self._jvm_options = tuple(jvm_options)
        self._ports: Ports | None = None
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextlib.contextmanager
    def ephemeral(cls) -> Iterator[Self]:
        """A started broker whose data are removed at the end: the same code, for tests."""
        with (
            tempfile.TemporaryDirectory(prefix="pushward-kafka-") as directory,
            cls(Path(directory) / "kafka") as kafka,
        ):
            yield kafka

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """Where clients find it, from its first start on: `host:port`, the same after each start."""
        if self._ports is None:
            raise EmbeddedKafkaError("the broker has no port yet: start() comes first")
        return f"{LOOPBACK}:{self._ports.broker}"

    @property
    def pid(self) -> int:
        """The broker's process id."""
        if self._server is None:
            raise EmbeddedKafkaError("the broker is not running: start() comes first")
        return self._server.pid

    @property
    def running(self) -> bool:
        """Whether it was started and hasn't ended, by itself or otherwise."""
        return self._server is not None and self._server.poll() is None

    @property
    def log_file(self) -> Path:
        """What the broker said since its last start."""
        return self._directory / "server.log"

    def start(self) -> None:
        """Starts the broker and waits until it answers.

        Raises the errors of deploy.embedded.kafka_errors; then nothing of it runs.
        """
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Starts the broker's process, its data formatted; wait_ready() comes next, in any thread."""
        if threading.current_thread() is not threading.main_thread():
            raise EmbeddedKafkaError("start the embedded Kafka from the main thread: it dies with its thread")
        if self.running:
            raise EmbeddedKafkaError("the broker is running already")
        jars = kafka_config.jars_dir()
        java = self._java or find_java()
        self._directory.mkdir(mode=PRIVATE_MODE, parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._launch(java, jars)
        except BaseException:
            self.stop()
            raise

    def wait_ready(self) -> None:
        """Waits until the broker answers. Raises KafkaStartError; then nothing of it runs."""
        server, ports = self._server, self._ports
        assert server is not None, "launch() comes first"
        assert ports is not None
        try:
            answered = wait_until(
                lambda: server.poll() is not None or kafka_probe.answers(LOOPBACK, ports.broker), START_TIMEOUT_SECONDS
            )
            if server.poll() is not None:
                raise KafkaStartError(f"Kafka ended with status {server.returncode} at its start.\n{self._log_tail()}")
            if not answered:
                raise KafkaStartError(f"Kafka did not answer after {START_TIMEOUT_SECONDS:.0f} s.\n{self._log_tail()}")
        except BaseException:
            self.stop()
            raise
        _log.info("embedded_kafka_started", directory=str(self._directory), pid=server.pid, bootstrap=self.bootstrap)

    def kill(self) -> None:
        """`kill -9`; a later start() goes on with the same data at the same port."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def stop(self) -> None:
        """Ends the broker if it runs, and lets the directory go."""
        server, self._server = self._server, None
        try:
            if server is not None:
                _end(server)
        finally:
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def wipe(self) -> None:
        """Removes all data of a broker that doesn't run: the next start is a new cluster's, at the same port."""
        if self.running:
            raise EmbeddedKafkaError("the broker is running: kill() or stop() comes first")
        shutil.rmtree(self._directory / DATA, ignore_errors=True)

    def _take_lock(self) -> None:
        """Takes the directory. The broker inherits the lock, so a killed owner's broker keeps it while it lives."""
        if self._lock is not None:
            return
        lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not wait_until(lambda: _try_lock(lock), LOCK_TIMEOUT_SECONDS):
            owner = os.read(lock, 32).decode().strip() or "unknown"
            os.close(lock)
            raise KafkaDirInUseError(
                f"process {owner} (or the broker it left) works in {self._directory}: stop it first, or use another "
                "directory"
            )
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock

    def _launch(self, java: Path, jars: Path) -> None:
        ports_file = self._directory / "ports"
        self._ports = kafka_config.remembered_ports(ports_file)
        kafka_config.require_free(self._ports, ports_file)
        self._ensure_formatted(java, jars, self._ports)
        properties = self._directory / "server.properties"
        kafka_config.write_properties(properties, self._ports, self._directory / DATA)
        scratch = self._directory / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        if self.log_file.exists():
            self.log_file.replace(self.log_file.with_name("server.log.1"))
        self._server = self._launched(kafka_config.server_command(java, jars, properties, scratch, self._jvm_options))

    def _launched(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        assert self._lock is not None
        bond = (os.getpid(), DEATH_SIGNAL.value, -1, -1)
        with self.log_file.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", launch.__file__, *map(str, bond), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._directory,
                env=dict(kafka_config.ENVIRONMENT),
                pass_fds=(self._lock,),
                # Ctrl-C is for us: we drain first, and stop the broker last.
                start_new_session=True,
            )

    def _ensure_formatted(self, java: Path, jars: Path, ports: Ports) -> None:
        """Data are there formatted or not at all: a kill in between costs only the time."""
        data = self._directory / DATA
        if (data / kafka_config.FORMATTED).exists():
            return
        shutil.rmtree(data, ignore_errors=True)
        unfinished = self._directory / f"{DATA}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        properties = self._directory / "format.properties"
        kafka_config.write_properties(properties, ports, unfinished)
        result = subprocess.run(
            kafka_config.format_command(java, jars, properties),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self._directory,
            env=dict(kafka_config.ENVIRONMENT),
            timeout=FORMAT_TIMEOUT_SECONDS,
            check=False,
        )
        if result.returncode != 0:
            raise KafkaStartError(f"Kafka could not format {unfinished} (status {result.returncode}):\n{result.stdout}")
        unfinished.rename(data)

    def _log_tail(self) -> str:
        lines = self.log_file.read_text("utf-8", errors="replace").splitlines()
        return "\n".join([f"The end of {self.log_file}:", *lines[-LOG_TAIL_LINES:]])


def _end(server: subprocess.Popen[bytes]) -> None:
    # 143 is the orderly end of a Java that was asked with SIGTERM.
    server.terminate()
    try:
        status = server.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        status = server.wait()
    _log.info("embedded_kafka_stopped", status=status)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
