"""The whole of Pushward as child processes, in each shape in which it can run.

one       `pushward serve all`: one process, calls between services in it
workers   `pushward serve all` with PUSHWARD_WORKERS=2: two processes on one port, and their supervisor
split     a process for each target, gRPC over Unix sockets between them
"""

import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import httpx

from deploy.embedded.waiting import wait_until
from tests.support.child import Child
from tests.support.installation import Stores
from tests.support.plain_http import NO_CERTIFICATES

TARGETS: Final = ("registry", "challenge", "notifier", "webhook", "relay", "insights", "edge")
READY_SECONDS_MAX: Final = 60.0
LOOK_SECONDS_MAX: Final = 5.0
POOL_SIZE_MAX: Final = 4
ENTITY_CREATIONS_PER_SECOND: Final = 10_000
"""All tests of a system are one account: what is a flood elsewhere is a busy suite here."""
WORKERS: Final = 2
LOOPBACK: Final = "127.0.0.1"
DEV_FILE: Final = "dev.json"


class Shape(StrEnum):
    """How the services are spread over processes."""

    ONE = "one"
    WORKERS = "workers"
    SPLIT = "split"


class System:
    """Processes on stores of their own. ``children`` are named by what they serve."""

    def __init__(
        self, shape: Shape, stores: Stores, directory: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        self.shape = shape
        self.stores = stores
        self._access = directory / DEV_FILE
        port = _free_port()
        self.base_url = f"http://{LOOPBACK}:{port}"
        environment = {
            **stores.environment(),
            "PUSHWARD_ENV": "development",
            "PUSHWARD_HTTP_PORT": str(port),
            "PUSHWARD_VAR_DIR": str(directory),
            "PUSHWARD_POOL_SIZE_MAX": str(POOL_SIZE_MAX),
            "PUSHWARD_LOG_JSON": "true",
            "PUSHWARD_ENTITY_CREATIONS_PER_SECOND": str(ENTITY_CREATIONS_PER_SECOND),
            **{f"PUSHWARD_{target.upper()}_ADDRESS": f"unix:{directory / target}.sock" for target in TARGETS[:-1]},
            **(settings or {}),
        }
        self._directory = directory
        self._environment = environment
        self._development = environment["PUSHWARD_ENV"] == "development"
        if shape is Shape.WORKERS:
            environment["PUSHWARD_WORKERS"] = str(WORKERS)
        self.children = {
            target: Child(
                [sys.executable, "-m", "pushward.cli", "serve", target], environment, directory / f"{target}.log"
            )
            for target in (TARGETS if shape is Shape.SPLIT else ("all",))
        }

    @property
    def edge(self) -> Child:
        """The process that answers HTTP (with workers: their supervisor)."""
        return self.children["edge" if self.shape is Shape.SPLIT else "all"]

    def another(self, target: str) -> Child:
        """One more process of a target, at an address of its own; not started, and the caller's to end."""
        name = f"other-{target}"
        address = {f"PUSHWARD_{target.upper()}_ADDRESS": f"unix:{self._directory / name}.sock"}
        command = [sys.executable, "-m", "pushward.cli", "serve", target]
        return Child(command, {**self._environment, **address}, self._directory / f"{name}.log")

    def start(self) -> None:
        """Starts what isn't running, and waits until requests can be served."""
        for child in self.children.values():
            if not child.running:
                child.start()
        is_ready = wait_until(lambda: self._some_ended() or (self._ready() and self._prepared()), READY_SECONDS_MAX)
        assert is_ready, f"not ready after {READY_SECONDS_MAX:g} s\n{self.tail()}"
        assert not self._some_ended(), f"ended at its start\n{self.tail()}"

    def end(self) -> None:
        """Ends every process: first whoever calls the others."""
        for child in reversed(self.children.values()):
            child.end()

    def tail(self) -> str:
        """The end of what each process said."""
        return "\n".join(f"--- {name}\n{child.tail()}" for name, child in self.children.items())

    def log_entries(self) -> Iterator[dict[str, Any]]:  # Any: an entry's members
        """Whatever was logged, by all processes, oldest first in each."""
        for child in self.children.values():
            yield from child.entries()

    def _ready(self) -> bool:
        """The edge is once a login can be served; other requests need the rest, which may take longer to start."""
        return all(map(_says_ready, self.children.values())) and self._edge_ready()

    def _edge_ready(self) -> bool:
        try:
            look = httpx.get(f"{self.base_url}/readyz", timeout=LOOK_SECONDS_MAX, verify=NO_CERTIFICATES)
            return look.status_code == 200
        except httpx.TransportError:
            return False

    def _prepared(self) -> bool:
        """Everything in one place makes an account to begin with, in development; it ends if it can't."""
        return self.shape is Shape.SPLIT or not self._development or self._access.exists()

    def _some_ended(self) -> bool:
        return not all(child.running for child in self.children.values())


@contextmanager
def running(
    shape: Shape, stores: Stores, directory: Path, settings: Mapping[str, str] | None = None
) -> Iterator[System]:
    """A system that serves, ended with the block."""
    system = System(shape, stores, directory, settings)
    try:
        system.start()
        yield system
    finally:
        system.end()


def _says_ready(child: Child) -> bool:
    told = [entry["event"] for entry in child.entries_since_start() if entry.get("event") in ("ready", "not_ready")]
    return told[-1:] == ["ready"]


def _free_port() -> int:
    """A port that nobody has now. Whoever takes it meanwhile makes the start fail by name."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
