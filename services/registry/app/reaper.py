"""Deletes what lay below a deleted service: its entities, each with its factors. A subscriber of the log.

From ``ServiceDeleted`` on nothing below the service is found or authenticated, so nobody waits for this. Begun anew
after a crash, it finds what is still left. Who was created in the very moment of the deletion may be left over, and
can't be reached either.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import structlog

from pushward.api.events.v1 import registry_pb2, types_pb2
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.eventlog.event import Origin, StoredEvent
from services.registry.app.origins import caused_by
from services.registry.app.ports import RegistryStore
from services.registry.app.streams import Streams
from services.registry.domain.decider import entity as decider

REAPED_TOGETHER_MAX: Final = 64

_log = structlog.get_logger(__name__)


class Reaper:
    """Appends FactorDeleted and EntityDeleted, marked as part of the service's deletion: no webhook is sent."""

    def __init__(self, runner: CommandRunner, streams: Streams, store: RegistryStore) -> None:
        self._runner = runner
        self._streams = streams
        self._store = store

    @staticmethod
    def wants(event: StoredEvent) -> bool:
        """Deletions of services."""
        return event.type == types_pb2.EVENT_TYPE_SERVICE_DELETED

    async def apply(self, connection: Any, events: Sequence[StoredEvent]) -> None:  # Any: asyncpg's
        """Deletes what the events ask for. Appends are effects of their own: repeated, they do nothing."""
        for event in events:
            deleted = registry_pb2.ServiceDeleted.FromString(event.payload)
            origin = caused_by(deleted.account_sid, event.event_id)
            count = await self._reap(connection, deleted.service_sid, origin)
            _log.info("service_reaped", service_sid=deleted.service_sid, entities=count)

    async def _reap(self, connection: Any, service_sid: str, origin: Origin) -> int:  # Any: asyncpg's
        count = 0
        while page := await self._store.entities_to_reap(connection, service_sid, REAPED_TOGETHER_MAX):
            await asyncio.gather(*(self._delete(stream_id, origin) for stream_id in page))
            count += len(page)
        return count

    async def _delete(self, stream_id: UUID, origin: Origin) -> None:
        async def plan() -> Plan[None]:
            loaded = await self._store.entity_stream(stream_id)
            events = decider.decide_delete(loaded.state, with_service=True) if loaded.state.live else []
            change = Change(self._streams.entities, stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: None)

        await self._runner.run(stream_id, origin, plan)
