"""`make run` as somebody runs it: Pushward and the samples, in a var directory and on ports of their own."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from deploy.embedded.waiting import wait_until
from pushward.cli.dev_file import read_dev_file
from tests.e2e.cli.development import READY_SECONDS_MAX, TRAVERSABLE
from tests.support.child import Child

RUN: Final = (sys.executable, "-m", "samples.run")


class Run:
    """One run in a directory of its own, on free ports."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.var = directory / "var"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PUSHWARD_")}
        ports = {"PUSHWARD_HTTP_PORT": "0", "BACKEND_PORT": "0"}
        environment = {**inherited, **ports, "PUSHWARD_VAR_DIR": str(self.var), "COLUMNS": "120", **settings}
        self.child = Child(RUN, environment, directory / "run.log")

    @classmethod
    @contextmanager
    def made(cls, **settings: str) -> Iterator["Run"]:
        """One that is removed with the block, with all of its processes."""
        with tempfile.TemporaryDirectory(prefix="pushward-run-") as directory:
            Path(directory).chmod(TRAVERSABLE)
            run = cls(Path(directory), **settings)
            try:
                yield run
            finally:
                run.child.end()

    def start(self) -> tuple[str, str]:
        """Starts it; where Pushward and the samples are, once it has said so."""
        self.child.start()
        wait_until(lambda: not self.child.running or "Samples" in self.child.said_since_start(), READY_SECONDS_MAX)
        assert self.child.running, f"it ended at its start:\n{self.child.tail()}"
        access = read_dev_file(self.var)
        assert access is not None
        web_app = next(line for line in self.child.said_since_start().splitlines() if "Web app" in line)
        return access.base_url, next(word for word in web_app.split() if word.startswith("http")).rstrip("/")

    def processes(self) -> list[psutil.Process]:
        """All that runs of it."""
        first = psutil.Process(self.child.pid)
        return [first, *first.children(recursive=True)]
