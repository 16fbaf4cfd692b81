"""Forgets finished deliveries after a while: they are a record for operators, no facts."""

import asyncio
from typing import Final

import structlog

from pushward.errors import UnavailableError
from services.webhook.app.ports import Deliveries

KEEP_SECONDS: Final = 7 * 86_400.0
PRUNE_SECONDS: Final = 60.0
PRUNED_PER_SHARD_MAX: Final = 1_000

_log = structlog.get_logger(__name__)


class Pruner:
    """Prunes now and then; more at once where much has gathered."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to prune."""
        self._loop = asyncio.create_task(self._run(), name="webhook-pruner")

    async def stop(self) -> None:
        """Ends it; a statement under way is given up."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_SECONDS)
            try:
                while await self._deliveries.prune(KEEP_SECONDS, PRUNED_PER_SHARD_MAX) >= PRUNED_PER_SHARD_MAX:
                    pass
            except UnavailableError as error:
                _log.warning("webhook_prune_unavailable", reason=error.message)
