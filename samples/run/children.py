"""Processes that end with us, however we end: each has a pipe as its standard input, and stops when that ends.

They live in sessions of their own, so a Ctrl-C reaches them once, through us.
"""

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

END_SECONDS_MAX: Final = 40.0
"""What Pushward may take to finish open requests, its commits and its database; then it is killed."""


class Child:
    """One Python module that runs."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self.name = name
        self.ended = asyncio.create_task(process.wait(), name=name)

    @classmethod
    async def started(
        cls, name: str, arguments: Sequence[str], environment: Mapping[str, str], pass_fds: Sequence[int] = ()
    ) -> "Child":
        """`python -m …`, which is to stop when its standard input ends."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *arguments,
            "--until-stdin-ends",
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        return cls(process, name)

    def ask_to_stop(self) -> None:
        """Once to finish what it has begun, again not to wait for others."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    async def stopped(self) -> None:
        """Returns when it has ended; it is asked first, and killed last."""
        self.ask_to_stop()
        await asyncio.wait({self.ended}, timeout=END_SECONDS_MAX)
        if not self.ended.done():
            self._process.kill()
            await self.ended
