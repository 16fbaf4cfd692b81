"""Entities: created explicitly, read and deleted by their account."""

from pushward.api.registry.v1 import registry_pb2
from pushward.database.paging import Page
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.rpc.context import account_of
from services.registry.app import messages
from services.registry.app.new_entities import NewEntities
from services.registry.app.origins import origin_of
from services.registry.app.paths import (
    entity_path,
    found_service,
    new_entity_path,
    service_not_found,
    service_sid_of,
)
from services.registry.app.ports import RegistryStore, entity_key
from services.registry.app.streams import Streams
from services.registry.domain.decider import entity as decider


class Entities:
    """The commands and queries on entities."""

    def __init__(
        self, runner: CommandRunner, streams: Streams, store: RegistryStore, new_entities: NewEntities
    ) -> None:
        self._runner = runner
        self._streams = streams
        self._store = store
        self._new_entities = new_entities

    async def create(self, request: registry_pb2.CreateEntityRequest) -> registry_pb2.Entity:
        """A new entity.

        Raises NotFoundError 20404, BadRequestError 60367, ConflictError 60301, TooManyRequestsError 60328.
        """
        account_sid = account_of(request.context).account_sid
        path = await new_entity_path(self._store, account_sid, request.service_sid, request.identity)

        async def plan() -> Plan[registry_pb2.Entity]:
            loaded = await self._store.entity(path.account_sid, path.service_sid, path.stream_id)
            found_service(loaded)
            decider.refuse_existing(loaded.state)  # before a key is made for nothing
            events = decider.decide_create(loaded.state, await self._new_entities.new(path, loaded))
            change = Change(self._streams.entities, path.stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: messages.entity(decider.live_entity(after[0])))

        return await self._runner.run(path.stream_id, origin_of(request.context), plan)

    async def get(self, request: registry_pb2.GetEntityRequest) -> registry_pb2.Entity:
        """An entity of the account. Raises NotFoundError 20404, 60392."""
        account_sid = account_of(request.context).account_sid
        path = await entity_path(self._store, account_sid, request.service_sid, request.identity)
        loaded = await self._store.entity(path.account_sid, path.service_sid, path.stream_id)
        found_service(loaded)
        return messages.entity(decider.live_entity(loaded.state))

    async def delete(self, request: registry_pb2.DeleteEntityRequest) -> None:
        """The entity and its factors are gone, in one append. Raises NotFoundError 20404, 60392."""
        account_sid = account_of(request.context).account_sid
        path = await entity_path(self._store, account_sid, request.service_sid, request.identity)

        async def plan() -> Plan[None]:
            loaded = await self._store.entity(path.account_sid, path.service_sid, path.stream_id)
            found_service(loaded)
            events = decider.decide_delete(loaded.state)
            change = Change(self._streams.entities, path.stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: None)

        await self._runner.run(path.stream_id, origin_of(request.context), plan)

    async def list(self, request: registry_pb2.ListEntitiesRequest) -> registry_pb2.ListEntitiesReply:
        """A page of a service's entities. Raises NotFoundError 20404, BadRequestError 60373, 60374."""
        account_sid = account_of(request.context).account_sid
        service_sid = await service_sid_of(self._store, request.service_sid)
        page = Page.requested(request.page)
        entities = await self._store.entities(account_sid, service_sid, page.scan())
        if entities is None:
            raise service_not_found()
        shown = page.shown(entities, entity_key)
        return registry_pb2.ListEntitiesReply(
            entities=[messages.entity(entity) for entity in shown.rows], page=shown.reply
        )
