"""A process that owns an embedded PostgreSQL, for tests that kill it or run it as somebody else.

    python -m tests.integration.embedded.owner DATA_DIR

It prints one line, `UID SERVER_PID URL`, and stops the server when its input ends.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from deploy.embedded.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Owner:
    """A running owner, and what it said."""

    process: subprocess.Popen[str]
    uid: int
    server_pid: int
    url: str

    def stop(self) -> int:
        """End it as its user would; returns its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=30)


@contextmanager
def owning(data_dir: Path, prefix: Sequence[str] = ()) -> Iterator[Owner]:
    """Start an owner of ``data_dir``, its command line prefixed with ``prefix``; killed at the end if still there."""
    command = [*prefix, sys.executable, "-m", __name__, str(data_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            uid, pid, url = process.stdout.readline().split()
            yield Owner(process, int(uid), int(pid), url)
        finally:
            process.kill()


def main(data_dir: Path) -> None:
    """Own a server until the input ends."""
    # Standard output carries the one line for the test.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with EmbeddedPostgres(data_dir) as postgres:
        os.write(sys.stdout.fileno(), f"{os.geteuid()} {postgres.pid} {postgres.database_url()}\n".encode())
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
