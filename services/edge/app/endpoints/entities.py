"""Entities: POST, GET, DELETE below /v2/Services/{service_sid}/Entities."""

from collections.abc import Sequence
from typing import Final

from pushward import error_codes as codes
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from services.edge.app.endpoints.paging import page_request
from services.edge.app.models.entities import CreateEntityParams, EntityBody, EntityPage, entity_body
from services.edge.app.models.values import page_meta
from services.edge.app.operation import Answer, Call, Operation
from services.edge.app.params import NoParams, PageParams

COLLECTION: Final = "/v2/Services/{service_sid}/Entities"
ITEM: Final = "/v2/Services/{service_sid}/Entities/{identity}"


class EntityEndpoints:
    """The operations on entities."""

    def __init__(self, registry_stub: RegistryStub) -> None:
        self._registry = registry_stub

    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return (
            Operation(
                "POST",
                COLLECTION,
                CreateEntityParams,
                EntityBody,
                201,
                self.create,
                refusals=(codes.ENTITY_EXISTS, codes.ENTITY_CREATIONS_EXHAUSTED),
            ),
            Operation("GET", COLLECTION, PageParams, EntityPage, 200, self.list),
            Operation("GET", ITEM, NoParams, EntityBody, 200, self.fetch, refusals=(codes.ENTITY_NOT_FOUND,)),
            Operation("DELETE", ITEM, NoParams, None, 204, self.delete, refusals=(codes.ENTITY_NOT_FOUND,)),
        )

    async def create(self, call: Call, params: CreateEntityParams) -> Answer:
        """A new entity."""
        request = registry.CreateEntityRequest(
            context=call.context, service_sid=call.path["service_sid"], identity=params.identity
        )
        return Answer(entity_body(await self._registry.CreateEntity(request), call.urls))

    async def fetch(self, call: Call, _: NoParams) -> Answer:
        """One entity."""
        request = registry.GetEntityRequest(context=call.context, **call.path)
        return Answer(entity_body(await self._registry.GetEntity(request), call.urls))

    async def delete(self, call: Call, _: NoParams) -> Answer:
        """No entity any more, and none of its factors and challenges."""
        await self._registry.DeleteEntity(registry.DeleteEntityRequest(context=call.context, **call.path))
        return Answer()

    async def list(self, call: Call, params: PageParams) -> Answer:
        """A page of the service's entities."""
        service_sid = call.path["service_sid"]
        request = registry.ListEntitiesRequest(context=call.context, service_sid=service_sid, page=page_request(params))
        reply = await self._registry.ListEntities(request)
        return Answer(
            EntityPage(
                entities=[entity_body(entity, call.urls) for entity in reply.entities],
                meta=page_meta("entities", f"{call.urls.service(service_sid)}/Entities", params, reply.page),
            )
        )
