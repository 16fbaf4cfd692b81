"""The event loop of a process that serves, and its end, which always comes.

asyncio's own runner waits for every task that is still there. A library's task that swallows its cancellation, as
faust's and aiokafka's may when a broker doesn't answer, would keep the process for ever: by then whatever had to be
finished is, so it is left behind, and told.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
import uvloop

LEFTOVERS_SECONDS_MAX: Final = 2.0

_log = structlog.get_logger(__name__)


@contextmanager
def serving_runner() -> Iterator[asyncio.Runner]:
    """A runner; with the block's end it is closed, unless something hangs in it."""
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    try:
        yield runner
    finally:
        if not runner.run(_hanging()):
            runner.close()


async def _hanging() -> bool:
    """Cancels what still runs; whether any of it goes on all the same."""
    leftovers = asyncio.all_tasks() - {asyncio.current_task()}
    for task in leftovers:
        task.cancel()
    if not leftovers:
        return False
    _, hanging = await asyncio.wait(leftovers, timeout=LEFTOVERS_SECONDS_MAX)
    if hanging:
        _log.warning("tasks_left_behind", tasks=sorted(task.get_name() for task in hanging))
    return bool(hanging)
