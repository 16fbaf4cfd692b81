"""One child process of a test: started, killed, ended by its pid, its output in a file."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil

ROOT: Final = Path(__file__).parents[2]
END_SECONDS_MAX: Final = 30.0
ABORT_SECONDS_MAX: Final = 5.0
TAIL_BYTES: Final = 6000


class Child:
    """Runs one command, again and again if asked to."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = list(command)
        self._environment = {"PYTHONFAULTHANDLER": "1", **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._said_before = 0
        self.log = log

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None, "start() comes first"
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it was started and hasn't ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts the command; its output is added to the log."""
        assert not self.running
        with self.log.open("ab") as log:
            self._said_before = log.tell()
            self._process = subprocess.Popen(
                self._command, env=self._environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def terminate(self) -> None:
        """Asks it to drain; `wait` for it."""
        os.kill(self.pid, signal.SIGTERM)

    def wait(self) -> int:
        """Its exit status, once it has ended. Raises subprocess.TimeoutExpired; its log then shows where it hangs."""
        assert self._process is not None
        try:
            return self._process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired as error:
            self._abort(self._process)
            error.add_note(self.tail())
            raise

    def kill(self) -> None:
        """`kill -9`."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def end(self) -> None:
        """Ends it in any case."""
        if self.running:
            self.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.wait()

    def _abort(self, process: subprocess.Popen[bytes]) -> None:
        """Ends it, with its stacks in the log unless it can't even tell them: it may have been stopped."""
        process.send_signal(signal.SIGABRT)
        try:
            process.wait(ABORT_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(END_SECONDS_MAX)

    def living_children(self) -> list[psutil.Process]:
        """What it has started and what still runs: nothing that ends while it is looked at, no zombie."""
        return [child for child in psutil.Process(self.pid).children() if not has_ended(child)]

    def entries(self) -> Iterator[dict[str, Any]]:  # Any: an entry's members
        """Whatever it logged as JSON, in order; a line that a kill has cut short is passed over."""
        return _entries(self.log.read_bytes())

    def entries_since_start(self) -> Iterator[dict[str, Any]]:  # Any: as above
        """What the process that was started last logged."""
        return _entries(self._said_since_start())

    def said_since_start(self) -> str:
        """What the process that was started last said."""
        return self._said_since_start().decode(errors="replace")

    def _said_since_start(self) -> bytes:
        return self.log.read_bytes()[self._said_before :]

    def tail(self) -> str:
        """The end of what it said."""
        return self.log.read_bytes()[-TAIL_BYTES:].decode(errors="replace") if self.log.exists() else ""


def _entries(said: bytes) -> Iterator[dict[str, Any]]:  # Any: an entry's members
    for line in said.decode(errors="replace").splitlines():
        if line.startswith("{"):
            with suppress(json.JSONDecodeError):
                yield json.loads(line)


def has_ended(process: psutil.Process) -> bool:
    """Whether it runs no more; nobody may have collected its status yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
