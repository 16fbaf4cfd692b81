"""Work for a client that may leave before it is done: nobody waits on behalf of nobody."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.types import Receive

from services.edge.app.form import ClientGoneError

T = TypeVar("T")


async def unless_gone(work: Awaitable[T], receive: Receive) -> T:
    """What ``work`` comes to. Cancels it and raises ClientGoneError when the client closes its connection."""
    working = asyncio.ensure_future(work)
    watching = asyncio.create_task(_gone(receive), name="client-watch")
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGoneError
        return await working
    finally:
        working.cancel()
        watching.cancel()
        await asyncio.wait({working, watching})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
