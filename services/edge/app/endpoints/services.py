"""Services: POST, GET, DELETE below /v2/Services."""

from collections.abc import Sequence
from typing import Final

from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from services.edge.app.endpoints.paging import page_request
from services.edge.app.models.services import (
    CreateServiceParams,
    ServiceBody,
    ServicePage,
    UpdateServiceParams,
    service_body,
)
from services.edge.app.models.values import page_meta
from services.edge.app.operation import Answer, Call, Caller, Operation
from services.edge.app.params import NoParams, PageParams

COLLECTION: Final = "/v2/Services"
ITEM: Final = "/v2/Services/{service_sid}"


class ServiceEndpoints:
    """The operations on services."""

    def __init__(self, registry_stub: RegistryStub) -> None:
        self._registry = registry_stub

    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return (
            Operation("POST", COLLECTION, CreateServiceParams, ServiceBody, 201, self.create),
            Operation("GET", COLLECTION, PageParams, ServicePage, 200, self.list),
            Operation("GET", ITEM, NoParams, ServiceBody, 200, self.fetch, callers=(Caller.ACCOUNT, Caller.DEVICE)),
            Operation("POST", ITEM, UpdateServiceParams, ServiceBody, 200, self.update),
            Operation("DELETE", ITEM, NoParams, None, 204, self.delete),
        )

    async def create(self, call: Call, params: CreateServiceParams) -> Answer:
        """A new service."""
        request = registry.CreateServiceRequest(context=call.context, patch=params.patch())
        return Answer(service_body(await self._registry.CreateService(request), call.urls))

    async def fetch(self, call: Call, _: NoParams) -> Answer:
        """One service."""
        request = registry.GetServiceRequest(context=call.context, **call.path)
        return Answer(service_body(await self._registry.GetService(request), call.urls))

    async def update(self, call: Call, params: UpdateServiceParams) -> Answer:
        """A service with other settings."""
        request = registry.UpdateServiceRequest(
            context=call.context, service_sid=call.path["service_sid"], patch=params.patch()
        )
        return Answer(service_body(await self._registry.UpdateService(request), call.urls))

    async def delete(self, call: Call, _: NoParams) -> Answer:
        """No service any more."""
        request = registry.DeleteServiceRequest(context=call.context, **call.path)
        await self._registry.DeleteService(request)
        return Answer()

    async def list(self, call: Call, params: PageParams) -> Answer:
        """A page of the account's services."""
        request = registry.ListServicesRequest(context=call.context, page=page_request(params))
        reply = await self._registry.ListServices(request)
        return Answer(
            ServicePage(
                services=[service_body(service, call.urls) for service in reply.services],
                meta=page_meta("services", f"{call.urls.base}{COLLECTION}", params, reply.page),
            )
        )
