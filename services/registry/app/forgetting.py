"""Forgets identities: one append that says so, then the keys are destroyed. Nothing is left half done.

    append   FactorDeleted …, EntityDeleted (if somebody lives), EntityForgotten with the ids of the keys, and one more
             for each generation that comes next and whose key is destroyed already (the log was restored)
    destroy  the keys, by whoever ran the command
    destroy  the same keys again, by the subscriber ``KeyDestroyer``: it finishes the job of a process that died, and
             makes the process that it runs in let go of cached keys at once

Destroying a destroyed key does nothing, so each step may be repeated, and so may the command.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import structlog

from pushward import ids
from pushward.api.events.v1 import registry_pb2 as events_pb2
from pushward.api.events.v1 import types_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.errors import UnavailableError
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.eventlog.event import Origin, StoredEvent
from pushward.eventlog.port import LogReader
from pushward.ids import Sid
from pushward.rpc.context import account_of
from pushward.security.keys import KeyFate, KeyRing
from services.registry.app.origins import origin_of
from services.registry.app.paths import entity_path, service_not_found, service_sid_of
from services.registry.app.ports import RegistryStore
from services.registry.app.streams import Streams
from services.registry.domain.decider.forgetting import Expected, Past, Subject, decide_forget, past_of
from services.registry.domain.events import EntityEvent, EntityForgotten
from services.registry.domain.state import EntityState, ServiceRecord

EVENTS_READ_TOGETHER: Final = 1_000
SPENT_SKIPPED_MAX: Final = 100
"""Generations that one forgetting passes over, at most; forgetting again passes over more."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is forgotten now: the entities for the first time, all keys that the identity ever had up to now."""

    entity_sids: tuple[Sid, ...]
    key_ids: tuple[UUID, ...]


class Forgetting:
    """The command ForgetEntity."""

    def __init__(
        self, runner: CommandRunner, streams: Streams, store: RegistryStore, reader: LogReader, keys: KeyRing
    ) -> None:
        self._runner = runner
        self._streams = streams
        self._store = store
        self._reader = reader
        self._keys = keys

    async def asked(self, request: registry_pb2.ForgetEntityRequest) -> registry_pb2.ForgetEntityReply:
        """For the account. Raises NotFoundError 20404, 60392, ForbiddenError 20403."""
        account_sid = account_of(request.context).account_sid
        sid = await service_sid_of(self._store, request.service_sid)
        service = (await self._store.service(account_sid, sid)).state.service
        if service is None:
            raise service_not_found()
        done = await self.forget(service, request.identity, origin_of(request.context))
        return registry_pb2.ForgetEntityReply(
            entity_sids=done.entity_sids, key_ids=[key_id.bytes for key_id in done.key_ids]
        )

    async def forget(self, service: ServiceRecord, identity: str, origin: Origin) -> Forgotten:
        """Forgets an identity of a service, deleted or not. Raises NotFoundError 60392, UnavailableError."""
        path = await entity_path(self._store, service.account_sid, service.sid, identity)
        subject = Subject(service.account_sid, service.sid, identity, with_service=service.deleted)

        async def plan() -> Plan[tuple[Past, Sequence[EntityEvent]]]:
            loaded = await self._store.entity_stream(path.stream_id)
            past = await self._past(path.stream_id, loaded.state.version)
            events = decide_forget(loaded.state, past, subject, await self._expected(path.stream_id, loaded.state))
            change = Change(self._streams.entities, path.stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: (past, events))

        past, events = await self._runner.run(path.stream_id, origin, plan)
        new = [event for event in events if isinstance(event, EntityForgotten)]
        key_ids = past.forgotten_key_ids + tuple(key_id for event in new for key_id in event.key_ids)
        entity_sids = tuple(sid for event in new for sid in event.entity_sids)
        for key_id in key_ids:
            await self._keys.destroy(key_id)
        return Forgotten(entity_sids, key_ids)

    async def _past(self, stream_id: UUID, version: int) -> Past:
        if version == 0:
            return Past()
        decode = self._streams.entities.codec.decode
        stored = await self._reader.read_stream(stream_id, up_to_version=version)
        return past_of(decode(event.type, event.schema, event.payload) for event in stored)

    async def _expected(self, stream_id: UUID, state: EntityState) -> Expected:
        """What the key store knows of keys of somebody who isn't there yet. Raises UnavailableError if nobody lives."""
        key_id = ids.entity_key(stream_id, state.deletions)
        if state.live is None:
            known = await self._keys.fate(key_id) is not KeyFate.NEVER_MADE
            return Expected(key_id, known, await self._spent(stream_id, state.deletions + 1))
        try:  # EntityDeleted ends a generation, EntityForgotten another one
            return Expected(key_id, spent=await self._spent(stream_id, state.deletions + 2))
        except (
            UnavailableError
        ):  # The event needn't wait for the key store; forgetting again passes over what is spent.
            return Expected(key_id)

    async def _spent(self, stream_id: UUID, generation: int) -> tuple[UUID, ...]:
        """The keys of the generations from this one on, up to the first that isn't destroyed."""
        spent: list[UUID] = []
        while len(spent) < SPENT_SKIPPED_MAX:
            key_id = ids.entity_key(stream_id, generation + len(spent))
            if await self._keys.fate(key_id) is not KeyFate.DESTROYED:
                break
            spent.append(key_id)
        return tuple(spent)


class KeyDestroyer:
    """A subscriber of the log: destroys the keys that each EntityForgotten names."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    @staticmethod
    def wants(event: StoredEvent) -> bool:
        """Whoever was forgotten."""
        return event.type == types_pb2.EVENT_TYPE_ENTITY_FORGOTTEN

    async def apply(self, connection: Any, events: Sequence[StoredEvent]) -> None:  # Any: asyncpg's, not needed here
        """Destroys what is left of the keys; those of a forgetting that ran to its end are gone already."""
        for event in events:
            forgotten = events_pb2.EntityForgotten.FromString(event.payload)
            await _destroy(self._keys, forgotten)
            _log.info("identity_forgotten", shard=event.shard, position=event.position, keys=len(forgotten.key_ids))


async def destroy_forgotten(reader: LogReader, keys: KeyRing) -> int:
    """Destroys again the keys of all whom the log says forgotten; returns how many events said so.

    For a key store that was restored from a backup in which they were still there. Raises UnavailableError.
    """
    count = 0
    for shard, head in (await reader.heads()).items():
        position = 0
        while position < head:
            events = await reader.read(shard, position, EVENTS_READ_TOGETHER)
            for event in filter(KeyDestroyer.wants, events):
                await _destroy(keys, events_pb2.EntityForgotten.FromString(event.payload))
                count += 1
            position = events[-1].position
    return count


async def _destroy(keys: KeyRing, forgotten: events_pb2.EntityForgotten) -> None:
    for key_id in forgotten.key_ids:
        await keys.destroy(UUID(bytes=key_id))
