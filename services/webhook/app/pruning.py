"""Forgets finished deliveries after a while: they are a record for operators, no facts."""

from typing import Final

from pushward.periodic import Periodic
from services.webhook.app.ports import Deliveries

KEEP_SECONDS: Final = 7 * 86_400.0
PRUNE_SECONDS: Final = 60.0
PRUNED_PER_SHARD_MAX: Final = 1_000


def pruner(deliveries: Deliveries) -> Periodic:
    """Prunes now and then; more at once where much has gathered."""

    async def prune() -> bool:
        return await deliveries.prune(KEEP_SECONDS, PRUNED_PER_SHARD_MAX) >= PRUNED_PER_SHARD_MAX

    return Periodic("webhook-pruner", prune, pause_seconds=PRUNE_SECONDS)
