"""A process that owns an embedded Kafka, for tests that kill it.

    python -m tests.integration.embedded.kafka_owner DIRECTORY

It prints one line, `BROKER_PID BOOTSTRAP`, and stops the broker when its input ends.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from deploy.embedded.kafka import EmbeddedKafka
from tests.support.child import ROOT


@dataclass(frozen=True, slots=True)
class KafkaOwner:
    """A running owner, and what it said."""

    process: subprocess.Popen[str]
    broker_pid: int
    bootstrap: str

    def stop(self) -> int:
        """Ends it as its user would; returns its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=30)


@contextmanager
def owning_kafka(directory: Path) -> Iterator[KafkaOwner]:
    """Starts an owner of ``directory``; killed at the end if it is still there."""
    command = [sys.executable, "-m", __name__, str(directory)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            pid, bootstrap = process.stdout.readline().split()
            yield KafkaOwner(process, int(pid), bootstrap)
        finally:
            process.kill()


def main(directory: Path) -> None:
    """Own a broker until the input ends."""
    # Standard output carries the one line for the test.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with EmbeddedKafka(directory) as kafka:
        os.write(sys.stdout.fileno(), f"{kafka.pid} {kafka.bootstrap}\n".encode())
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
