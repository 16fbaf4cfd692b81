"""Work with aiokafka that may not be cut: cancelled while it connects, it forgets the connection it has just made."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

REQUEST_MS_MAX: Final = 4_000
"""For a single request of such work, connecting included: it fails by itself, before its bound cuts it."""

P = ParamSpec("P")
T = TypeVar("T")


# Any: what a coroutine takes and yields, which is the event loop's business.
def to_its_end(work: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Runs the work to its end, whoever is cancelled meanwhile; then the cancellation goes on. It must be bounded."""

    @wraps(work)
    async def run(*arguments: P.args, **options: P.kwargs) -> T:
        task = asyncio.ensure_future(work(*arguments, **options))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # seen, so that nobody warns of it
            raise

    return run
