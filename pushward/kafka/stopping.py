"""Ending aiokafka's consumers."""

import asyncio
from typing import Any


async def stop_consumer(consumer: Any) -> None:  # Any: aiokafka has no types
    """Stops a consumer, also one that has only just started.

    It cancels tasks of its own and waits for them; one that never had a turn would raise CancelledError at its caller.
    """
    await asyncio.sleep(0)
    await consumer.stop()
