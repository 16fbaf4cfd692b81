"""`pushward serve all` as a developer runs it: its own PostgreSQL (and Kafka, if asked for), var directory, port."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Self

import httpx
import psutil

from deploy.embedded.waiting import wait_until
from pushward.cli.dev_file import DevelopmentAccess, read_dev_file
from tests.support.child import Child, has_ended

READY_SECONDS_MAX: Final = 100.0
LOOK_SECONDS_MAX: Final = 5.0
TRAVERSABLE: Final = 0o711
"""Under root PostgreSQL runs as somebody else, who must get to its data."""

POSTGRES: Final = "postgres"
SERVE: Final = (sys.executable, "-m", "pushward.cli", "serve", "all")


class Development:
    """One var directory, and what is served from it."""

    def __init__(self, directory: Path, *, workers: int = 1, kafka: bool = False) -> None:
        self.var = directory / "var"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PUSHWARD_")} | {
            "PUSHWARD_ENV": "development",
            "PUSHWARD_HTTP_PORT": "0",
            "PUSHWARD_VAR_DIR": str(self.var),
            "PUSHWARD_WORKERS": str(workers),
            "PUSHWARD_EMBEDDED_KAFKA": str(kafka),
        }
        self.child = Child(SERVE, self.environment, directory / "server.log")

    @classmethod
    @contextmanager
    def made(cls, *, workers: int = 1, kafka: bool = False) -> Iterator[Self]:
        """One that is removed with the block, with all of its processes."""
        with tempfile.TemporaryDirectory(prefix="pushward-development-") as directory:
            Path(directory).chmod(TRAVERSABLE)
            development = cls(Path(directory), workers=workers, kafka=kafka)
            try:
                yield development
            finally:
                development.child.end()

    def start(self) -> DevelopmentAccess:
        """Starts it; returns once it serves."""
        before = read_dev_file(self.var)
        self.child.start()
        is_ready = wait_until(lambda: not self.child.running or self._is_ready(before), READY_SECONDS_MAX)
        assert self.child.running, f"it ended at its start:\n{self.child.tail()}"
        assert is_ready, f"it was not ready in time:\n{self.child.tail()}"
        return self.access

    @property
    def access(self) -> DevelopmentAccess:
        """What var/dev.json says."""
        access = read_dev_file(self.var)
        assert access is not None
        return access

    def processes(self) -> list[psutil.Process]:
        """All that runs of it, the one that was started first."""
        server = psutil.Process(self.child.pid)
        return [server, *server.children(recursive=True)]

    def workers(self) -> list[psutil.Process]:
        """The supervisor's workers that run."""
        return [one for one in self.child.living_children() if not _is_postgres(one)]

    def _is_ready(self, before: DevelopmentAccess | None) -> bool:
        access = read_dev_file(self.var)
        if access is None or (before is not None and access.base_url == before.base_url):
            return False
        return is_served(access.base_url)


def is_served(base_url: str) -> bool:
    """Whether requests can be served."""
    try:
        return httpx.get(f"{base_url}/readyz", timeout=LOOK_SECONDS_MAX).is_success
    except httpx.TransportError:
        return False


def kill(processes: list[psutil.Process]) -> None:
    """`kill -9` of all of them, one after the other; some end by themselves once their parent is gone."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def all_ended(processes: list[psutil.Process]) -> bool:
    """Whether none of them runs any more."""
    return all(not one.is_running() or has_ended(one) for one in processes)


def _is_postgres(process: psutil.Process) -> bool:
    try:
        return process.name() == POSTGRES
    except psutil.NoSuchProcess:
        return False
