"""API keys: POST, GET, DELETE below /pushward/v1/keys."""

from collections.abc import Sequence
from typing import Final

from pushward import error_codes as codes
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from services.edge.app.endpoints.paging import page_request
from services.edge.app.models.api_keys import (
    ApiKeyBody,
    ApiKeyPage,
    CreateApiKeyParams,
    NewApiKeyBody,
    api_key_body,
    new_api_key_body,
)
from services.edge.app.models.values import page_meta
from services.edge.app.operation import Answer, Call, Operation
from services.edge.app.params import NoParams, PageParams
from services.edge.app.urls import API_KEYS

COLLECTION: Final = API_KEYS
ITEM: Final = f"{API_KEYS}/{{api_key_sid}}"


class ApiKeyEndpoints:
    """The operations on API keys."""

    def __init__(self, registry_stub: RegistryStub) -> None:
        self._registry = registry_stub

    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return (
            Operation(
                "POST", COLLECTION, CreateApiKeyParams, NewApiKeyBody, 201, self.create, refusals=(codes.CONFLICT,)
            ),
            Operation("GET", COLLECTION, PageParams, ApiKeyPage, 200, self.list),
            Operation("GET", ITEM, NoParams, ApiKeyBody, 200, self.fetch),
            Operation("DELETE", ITEM, NoParams, None, 204, self.revoke),
        )

    async def create(self, call: Call, params: CreateApiKeyParams) -> Answer:
        """A new API key; its answer alone shows the secret."""
        request = registry.CreateApiKeyRequest(context=call.context, friendly_name=params.friendly_name)
        return Answer(new_api_key_body(await self._registry.CreateApiKey(request), call.urls))

    async def fetch(self, call: Call, _: NoParams) -> Answer:
        """One API key."""
        request = registry.GetApiKeyRequest(context=call.context, **call.path)
        return Answer(api_key_body(await self._registry.GetApiKey(request), call.urls))

    async def revoke(self, call: Call, _: NoParams) -> Answer:
        """The API key is refused from now on."""
        await self._registry.RevokeApiKey(registry.RevokeApiKeyRequest(context=call.context, **call.path))
        return Answer()

    async def list(self, call: Call, params: PageParams) -> Answer:
        """A page of the account's API keys."""
        request = registry.ListApiKeysRequest(context=call.context, page=page_request(params))
        reply = await self._registry.ListApiKeys(request)
        return Answer(
            ApiKeyPage(
                keys=[api_key_body(key, call.urls) for key in reply.api_keys],
                meta=page_meta("keys", f"{call.urls.base}{COLLECTION}", params, reply.page),
            )
        )
