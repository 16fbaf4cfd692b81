"""Starts Pushward and, once it serves, the samples' backend; ends both when asked to, or when one has ended.

A port in use is told before anything runs. Exit status: 0 when asked to stop, 1 when something failed.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import httpx
from rich.console import Console

from samples.backend.__main__ import bind, port_from, url_of
from samples.backend.settings import Settings, SettingsError
from samples.run.children import Child
from samples.run.errors import RunError
from samples.run.screen import screen

VAR_VARIABLE: Final = "PUSHWARD_VAR_DIR"
DEV_FILE: Final = "dev.json"
LOOK_SECONDS: Final = 0.1
LOOK_SECONDS_MAX: Final = 5.0

T = TypeVar("T")


class StoppedError(Exception):
    """Somebody asked to stop before everything had started."""


class Run:
    """One run."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._children: list[Child] = []
        self._environment = {**os.environ, "PUSHWARD_ENV": "development"}
        self._dev_file = Path(self._environment.get(VAR_VARIABLE, "var")) / DEV_FILE

    def stop(self) -> None:
        """Asks to end; asked again, not to wait for open requests."""
        if self._asked.is_set():
            for child in self._children:
                child.ask_to_stop()
        self._asked.set()

    async def run(self) -> None:
        """Until it is asked to stop. Raises RunError, SettingsError."""
        try:
            with bind(port_from(self._environment)) as listening:
                await self._start(listening)
            await self._until(_never)
        except StoppedError:
            pass
        finally:
            # The backend first: it needs Pushward, and not the other way round.
            for child in reversed(self._children):
                await child.stopped()

    async def _start(self, listening: socket.socket) -> None:
        url, written_before = url_of(listening), _written(self._dev_file)
        await self._add("Pushward", "pushward.cli", "serve", "all")

        async def base_url() -> str | None:
            """Where this run's Pushward serves, once it has said so: the file of the last run is no news."""
            if _written(self._dev_file) == written_before:
                return None
            return Settings.from_dev_file(self._dev_file, url).base_url

        ready_url = f"{await self._until(base_url)}/readyz"
        async with httpx.AsyncClient(timeout=LOOK_SECONDS_MAX, trust_env=False) as client:
            await self._until(lambda: _answers(client, ready_url))
            backend = ("samples.backend", "--dev", str(self._dev_file), "--listening-fd", str(listening.fileno()))
            await self._add("The samples' backend", *backend, pass_fds=(listening.fileno(),))
            await self._until(lambda: _answers(client, f"{url}/config"))
        Console().print(screen(url))

    async def _add(self, name: str, *arguments: str, pass_fds: tuple[int, ...] = ()) -> None:
        self._children.append(await Child.started(name, arguments, self._environment, pass_fds))

    async def _until(self, look: Callable[[], Awaitable[T | None]]) -> T:
        """What is seen, once it isn't None. Raises StoppedError when asked to stop, RunError when a child has ended."""
        asked = asyncio.create_task(self._asked.wait())
        try:
            while True:
                if (seen := await look()) is not None:
                    return seen
                endings = [asked, *(child.ended for child in self._children)]
                await asyncio.wait(endings, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if asked.done():
                    raise StoppedError
                if ended := next((child for child in self._children if child.ended.done()), None):
                    raise RunError(f"{ended.name} ended with status {ended.ended.result()}.")
        finally:
            asked.cancel()


async def _never() -> None:
    """Nothing to see; only endings count."""


async def _answers(client: httpx.AsyncClient, url: str) -> bool | None:
    try:
        return (await client.get(url)).is_success or None
    except httpx.TransportError:
        return None


def _written(file: Path) -> tuple[int, int] | None:
    """Which file it is: whoever writes it puts a new one in its place."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


async def _run() -> None:
    run = Run()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, run.stop)
    await run.run()


def main() -> int:
    """The exit code."""
    try:
        asyncio.run(_run())
    except (RunError, SettingsError) as error:
        print(f"samples: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
