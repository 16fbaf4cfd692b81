"""Forgets pushes after a while, and places whose streams are gone."""

import asyncio
from typing import Final

import structlog

from pushward.errors import UnavailableError
from services.notifier.app.ports import Pushes

KEEP_SECONDS: Final = 7 * 86_400.0
PRUNE_SECONDS: Final = 60.0
PRUNED_PER_SHARD_MAX: Final = 1_000

_log = structlog.get_logger(__name__)


class Pruner:
    """Prunes now and then; more at once where much has gathered."""

    def __init__(self, pushes: Pushes) -> None:
        self._pushes = pushes
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to prune."""
        self._loop = asyncio.create_task(self._run(), name="notifier-pruner")

    async def stop(self) -> None:
        """Ends it; a statement under way is given up."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_SECONDS)
            try:
                while await self._pushes.prune(KEEP_SECONDS, PRUNED_PER_SHARD_MAX) >= PRUNED_PER_SHARD_MAX:
                    pass
            except UnavailableError as error:
                _log.warning("notifier_prune_unavailable", reason=error.message)
