"""N worker processes on one listening socket.

    supervisor  binds the socket, owns the embedded PostgreSQL, starts and restarts workers; serves nothing itself
    worker      inherits the socket, a pipe that ends with the supervisor, and a pipe to say "ready" on

A worker that dies is started again, at once if it had lived, else after a growing pause. SIGTERM and SIGINT are passed
on; the supervisor leaves when every worker has drained. Workers are executed afresh, never forked: nothing of the
supervisor's loop or threads is theirs. They live in sessions of their own, so a Ctrl-C reaches them once, through us.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from pushward.cli.stopping import Stopping, stopping
from pushward.cli.worker import NOTHING_INHERITED, OnReady
from pushward.config.settings import Settings

RESTART_SECONDS_MIN: Final = 0.1
RESTART_SECONDS_MAX: Final = 5.0
STEADY_SECONDS: Final = 30.0
"""A worker that lived this long is replaced at once."""

KILL_AFTER_DRAIN_SECONDS: Final = 10.0
"""What a worker gets beyond the drain before it is killed: its commits and farewells."""

_log = structlog.get_logger(__name__)


def supervise(
    settings: Settings,
    targets: Sequence[str],
    listening: socket.socket,
    environment: Mapping[str, str],
    on_ready: OnReady,
    life: int | None = None,
    metrics: Sequence[socket.socket] = (),
) -> None:
    """Runs the workers that the settings ask for; returns when all have drained.

    ``environment`` is theirs, and of ``metrics`` a socket each.

    It also stops when the pipe ``life`` ends.
    """
    supervisor = Supervisor(
        targets,
        listening,
        environment,
        count=settings.workers,
        drain_seconds=settings.drain_seconds,
        on_ready=on_ready,
        metrics=metrics,
    )
    asyncio.run(supervisor.run(life))


class Supervisor:
    """Keeps ``count`` workers running until it is asked to stop."""

    def __init__(
        self,
        targets: Sequence[str],
        listening: socket.socket,
        environment: Mapping[str, str],
        *,
        count: int,
        drain_seconds: float,
        on_ready: OnReady,
        metrics: Sequence[socket.socket] = (),
    ) -> None:
        self._targets = tuple(targets)
        self._listening = listening
        self._environment = dict(environment)
        self._count = count
        self._drain_seconds = drain_seconds
        self._on_ready = on_ready
        self._metrics = [listening.fileno() for listening in metrics] or [NOTHING_INHERITED] * count
        self._unready = set(range(count))
        self._all_ready = asyncio.Event()
        self._starting = asyncio.Lock()
        # The write end is ours alone (descriptors aren't inherited unless passed): it ends when we do.
        self._life, self._alive = os.pipe()

    async def run(self, life: int | None) -> None:
        """Returns when all workers have drained and left."""
        with stopping(life) as wish:
            announcing = asyncio.create_task(self._announce(wish))
            await asyncio.gather(self._close_socket(wish), *(self._keep(number, wish) for number in range(self._count)))
            announcing.cancel()
            await asyncio.wait({announcing})
        os.close(self._life)
        os.close(self._alive)
        if not announcing.cancelled():
            announcing.result()

    async def _announce(self, wish: Stopping) -> None:
        """What is to be done once every worker has been ready; if that fails, there is no going on."""
        await self._all_ready.wait()
        try:
            await self._on_ready()
        except Exception:
            wish.ask("not_prepared")
            raise

    async def _close_socket(self, wish: Stopping) -> None:
        """Once we were asked to stop: whoever comes then is refused at once, and doesn't wait until we have left."""
        await wish.asked.wait()
        async with self._starting:
            self._listening.close()

    async def _keep(self, number: int, wish: Stopping) -> None:
        """One worker after another."""
        loop = asyncio.get_running_loop()
        pause_seconds = RESTART_SECONDS_MIN
        while True:
            started_at = loop.time()
            async with self._starting:
                if wish.asked.is_set():
                    return
                worker = await self._start(number)
            await self._see_through(worker, wish)
            if wish.asked.is_set():
                return
            if loop.time() - started_at >= STEADY_SECONDS:
                pause_seconds = RESTART_SECONDS_MIN
            _log.error("worker_died", worker=number, status=worker.returncode, restart_in_seconds=pause_seconds)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wish.asked.wait(), pause_seconds)
            pause_seconds = min(pause_seconds * 2, RESTART_SECONDS_MAX)

    async def _start(self, number: int) -> asyncio.subprocess.Process:
        ready, says_ready = os.pipe()
        descriptors = (self._listening.fileno(), self._life, says_ready, self._metrics[number])
        command = [sys.executable, "-m", "pushward.cli.worker", *map(str, descriptors), *self._targets]
        worker = await asyncio.create_subprocess_exec(
            *command,
            env=self._environment,
            pass_fds=[descriptor for descriptor in descriptors if descriptor != NOTHING_INHERITED],
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(says_ready)
        asyncio.get_running_loop().add_reader(ready, self._heard, ready, number)
        _log.info("worker_started", worker=number, pid=worker.pid)
        return worker

    def _heard(self, ready: int, number: int) -> None:
        """The worker said that it is ready, or died before it could."""
        if os.read(ready, 1):
            self._unready.discard(number)
            if not self._unready:
                self._all_ready.set()
        asyncio.get_running_loop().remove_reader(ready)
        os.close(ready)

    async def _see_through(self, worker: asyncio.subprocess.Process, wish: Stopping) -> None:
        """Until the worker has ended, by itself or because we were asked to stop."""
        ended = asyncio.create_task(worker.wait())
        asked = asyncio.create_task(wish.asked.wait())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if ended.done():
            return
        _send(worker, signal.SIGTERM)
        hurry = asyncio.create_task(wish.hurried.wait())
        deadline_seconds = self._drain_seconds + KILL_AFTER_DRAIN_SECONDS
        await asyncio.wait({ended, hurry}, timeout=deadline_seconds, return_when=asyncio.FIRST_COMPLETED)
        if hurry.done() and not ended.done():
            _send(worker, signal.SIGTERM)
            await asyncio.wait({ended}, timeout=deadline_seconds)
        hurry.cancel()
        if not ended.done():
            _log.error("worker_killed", pid=worker.pid)
            _send(worker, signal.SIGKILL)
            await ended


def _send(worker: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.send_signal(number)
