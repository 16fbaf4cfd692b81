"""One process that serves: alone, or as one of a supervisor's workers.

python -m pushward.cli.worker LISTENING LIFE READY METRICS TARGET…      the first four are inherited file descriptors

METRICS is NOTHING_INHERITED where metrics aren't served.
"""

import asyncio
import gc
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from pushward.cli.runner import serving_runner
from pushward.cli.runtime import Host
from pushward.cli.stopping import Stopping, stopping
from pushward.cli.targets import EVERY_TARGET
from pushward.config.settings import Settings
from pushward.telemetry.logs import configure_logs

NOTHING_INHERITED: Final = -1

OnReady = Callable[[], Awaitable[None]]
"""What is done once, when requests can be served."""


async def nothing_more() -> None:
    """For whoever has nothing to do then."""


def run(
    settings: Settings,
    targets: Sequence[str],
    listening: socket.socket | None,
    on_ready: OnReady,
    life: int | None = None,
    metrics: socket.socket | None = None,
) -> None:
    """Serves ``targets`` until it is asked to stop, then drains. ``listening`` is the edge's socket, if it is one."""
    with serving_runner() as runner:
        runner.run(_serve(settings, targets, listening, on_ready, life, metrics))


async def _serve(
    settings: Settings,
    targets: Sequence[str],
    listening: socket.socket | None,
    on_ready: OnReady,
    life: int | None,
    metrics: socket.socket | None,
) -> None:
    with stopping(life) as wish:
        everything = {*targets} == {*EVERY_TARGET}
        host = Host(
            settings, targets, listening, shares_socket=settings.workers > 1, grpc=not everything, metrics=metrics
        )
        try:
            await host.start()
            await _until_asked(host, wish, on_ready)
        finally:
            await host.stop(wish.hurried)


async def _until_asked(host: Host, wish: Stopping, on_ready: OnReady) -> None:
    asked = asyncio.create_task(wish.asked.wait())
    ready = asyncio.create_task(host.ready.wait())
    failed = asyncio.create_task(host.failed())
    try:
        await asyncio.wait({asked, ready, failed}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            # What lives now lives for ever: collections needn't look at it again.
            gc.collect()
            gc.freeze()
            await on_ready()
        await asyncio.wait({asked, failed}, return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            failed.result()
    finally:
        for task in (asked, ready, failed):
            task.cancel()


def main(arguments: Sequence[str]) -> None:
    """A supervisor's worker."""
    listening, life, ready, metrics = (int(number) for number in arguments[:4])
    settings = Settings()
    configure_logs(settings.log_level, json=settings.log_json)

    async def say_ready() -> None:
        os.write(ready, b"1")
        os.close(ready)

    measured = None if metrics == NOTHING_INHERITED else socket.socket(fileno=metrics)
    run(settings, arguments[4:], socket.socket(fileno=listening), say_ready, life, measured)


if __name__ == "__main__":
    main(sys.argv[1:])
