"""A Pushward of the demo's own: `pushward serve all` as a child, with an embedded PostgreSQL and temporary data.

Nothing outlives the demo: the child ends with its standard input, so even if we are killed.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from samples.demo.errors import DemoError

STOP_SECONDS: Final = 40.0
LOOK_SECONDS: Final = 0.05
LOG_LINES: Final = 30
TRAVERSABLE: Final = 0o711
"""PostgreSQL refuses root, so under root another user must get to its data."""


@dataclass(frozen=True, slots=True)
class Access:
    """What var/dev.json says: the server, and an account to call it as."""

    base_url: str
    account_sid: str
    auth_token: str
    service_sid: str


class DemoServer:
    """A context manager; the server runs within. ``settings`` are more `PUSHWARD_…` variables, without the prefix."""

    def __init__(self, **settings: str) -> None:
        self._settings = {f"PUSHWARD_{name.upper()}": value for name, value in settings.items()}
        self._cleanup = contextlib.ExitStack()
        self._directory = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._directory = Path(self._cleanup.enter_context(tempfile.TemporaryDirectory(prefix="pushward-demo-")))
        self._directory.chmod(TRAVERSABLE)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PUSHWARD_")}
        environment |= {
            "PUSHWARD_ENV": "development",
            "PUSHWARD_HTTP_PORT": "0",
            "PUSHWARD_VAR_DIR": str(self._directory / "var"),
            **self._settings,
        }
        log = self._cleanup.enter_context(self._log.open("wb"))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pushward.cli", "serve", "all", "--until-stdin-ends"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is for the demo, which then stops its server
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process is not None and process.stdin is not None:
            process.stdin.close()
        self._cleanup.close()

    @property
    def pid(self) -> int:
        """The process that was started; workers and PostgreSQL are its children."""
        assert self._process is not None
        return self._process.pid

    @property
    def _log(self) -> Path:
        return self._directory / "server.log"

    async def ready(self) -> Access:
        """Waits until it serves. Raises DemoError if it ended instead."""
        async with httpx.AsyncClient() as client:
            while True:
                assert self._process is not None
                if self._process.poll() is not None:
                    raise DemoError(f"The server ended with status {self._process.returncode}.")
                access = self._access()
                if access is not None and await _is_ready(client, access.base_url):
                    return access
                await asyncio.sleep(LOOK_SECONDS)

    def log_tail(self) -> str:
        """The end of what the server said."""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:])

    def _access(self) -> Access | None:
        try:
            return Access(**json.loads((self._directory / "var" / "dev.json").read_text("utf-8")))
        except FileNotFoundError:
            return None


async def _is_ready(client: httpx.AsyncClient, base_url: str) -> bool:
    try:
        return (await client.get(f"{base_url}/readyz")).is_success
    except httpx.TransportError:
        return False
