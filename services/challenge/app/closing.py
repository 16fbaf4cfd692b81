"""Closes the challenges of a deleted factor, answered or not: from then on nobody sees them, and no webhook is sent.

A subscriber of the log. Creating and answering are guarded by the entity's stream on the same shard, so once
``FactorDeleted`` is read, no challenge of that factor can appear or change any more but by this.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pushward.api.events.v1 import registry_pb2, types_pb2
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.eventlog.event import Origin, StoredEvent
from services.challenge.app.origins import caused_by
from services.challenge.app.ports import ChallengeStore
from services.challenge.domain.decider import decide_close
from services.challenge.domain.state import ChallengeState

CLOSED_TOGETHER_MAX: Final = 64


class Closer:
    """Appends ChallengeClosed. Begun anew after a crash, it finds only what is still open."""

    def __init__(self, runner: CommandRunner, aggregate: Aggregate[ChallengeState], store: ChallengeStore) -> None:
        self._runner = runner
        self._aggregate = aggregate
        self._store = store

    @staticmethod
    def wants(event: StoredEvent) -> bool:
        """Entities are deleted factor by factor, so factors are all there is to follow."""
        return event.type == types_pb2.EVENT_TYPE_FACTOR_DELETED

    async def apply(self, connection: Any, events: Sequence[StoredEvent]) -> None:  # Any: asyncpg's, not needed here
        """Closes what the events ask for. Appends are effects of their own: repeated, they do nothing."""
        for event in events:
            deleted = registry_pb2.FactorDeleted.FromString(event.payload)
            await self._close_all(deleted.factor_sid, caused_by(deleted.account_sid, event.event_id))

    async def _close_all(self, factor_sid: str, origin: Origin) -> None:
        while streams := await self._store.open_of_factor(factor_sid, CLOSED_TOGETHER_MAX):
            await asyncio.gather(*(self._close(stream_id, origin) for stream_id in streams))

    async def _close(self, stream_id: UUID, origin: Origin) -> None:
        async def plan() -> Plan[None]:
            loaded = await self._store.load(stream_id)
            change = Change(self._aggregate, stream_id, loaded.state, decide_close(loaded.state), loaded.now)
            return Plan([change], lambda after: None)

        await self._runner.run(stream_id, origin, plan)
