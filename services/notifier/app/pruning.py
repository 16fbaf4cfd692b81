"""Forgets pushes after a while, and places whose streams are gone."""

from typing import Final

from pushward.periodic import Periodic
from services.notifier.app.ports import Pushes

KEEP_SECONDS: Final = 7 * 86_400.0
PRUNE_SECONDS: Final = 60.0
PRUNED_PER_SHARD_MAX: Final = 1_000


def pruner(pushes: Pushes) -> Periodic:
    """Prunes now and then; more at once where much has gathered."""

    async def prune() -> bool:
        return await pushes.prune(KEEP_SECONDS, PRUNED_PER_SHARD_MAX) >= PRUNED_PER_SHARD_MAX

    return Periodic("notifier-pruner", prune, pause_seconds=PRUNE_SECONDS)
