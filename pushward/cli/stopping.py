"""When to stop: a signal, or the supervisor's death.

The first SIGTERM or SIGINT asks to drain; a second one asks not to wait for open requests any longer. Neither cuts a
commit short. A worker also drains when the pipe from its supervisor ends, so that `kill -9` of the supervisor leaves
nobody behind.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator

import structlog

_log = structlog.get_logger(__name__)


class Stopping:
    """Set once somebody asked to stop; ``hurried`` once they asked again."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()

    def ask(self, reason: str) -> None:
        """Asks to drain, or, asked again, to hurry."""
        if self.asked.is_set():
            self.hurried.set()
        else:
            _log.info("stopping", reason=reason)
            self.asked.set()


@contextlib.contextmanager
def stopping(life: int | None = None) -> Iterator[Stopping]:
    """Listens for signals, and for the end of the pipe ``life`` (a file descriptor that is read from)."""
    loop = asyncio.get_running_loop()
    wish = Stopping()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, wish.ask, number.name)

    def life_ended() -> None:
        assert life is not None
        if not os.read(life, 1):
            loop.remove_reader(life)
            wish.ask("supervisor_gone")

    if life is not None:
        loop.add_reader(life, life_ended)
    try:
        yield wish
    finally:
        if life is not None:
            loop.remove_reader(life)
        for number in signals:
            loop.remove_signal_handler(number)
