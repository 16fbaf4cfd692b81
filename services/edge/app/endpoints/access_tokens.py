"""Access tokens: POST and GET below /v2/Services/{service_sid}/AccessTokens."""

from collections.abc import Sequence
from typing import Final

from pushward import error_codes as codes
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from services.edge.app.models.access_tokens import AccessTokenBody, CreateAccessTokenParams, access_token_body
from services.edge.app.operation import Answer, Call, Operation
from services.edge.app.params import NoParams

COLLECTION: Final = "/v2/Services/{service_sid}/AccessTokens"
ITEM: Final = "/v2/Services/{service_sid}/AccessTokens/{access_token_sid}"


class AccessTokenEndpoints:
    """The operations on access tokens."""

    def __init__(self, registry_stub: RegistryStub) -> None:
        self._registry = registry_stub

    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return (
            Operation(
                "POST",
                COLLECTION,
                CreateAccessTokenParams,
                AccessTokenBody,
                201,
                self.create,
                refusals=(codes.INVALID_IDENTITY,),
            ),
            Operation("GET", ITEM, NoParams, AccessTokenBody, 200, self.fetch),
        )

    async def create(self, call: Call, params: CreateAccessTokenParams) -> Answer:
        """A new access token; its answer alone shows it."""
        request = registry.CreateAccessTokenRequest(
            context=call.context,
            **call.path,
            identity=params.identity,
            factor_type=params.factor_type,
            factor_friendly_name=params.factor_friendly_name,
            ttl=params.ttl,
        )
        return Answer(access_token_body(await self._registry.CreateAccessToken(request), call.urls))

    async def fetch(self, call: Call, _: NoParams) -> Answer:
        """One access token, without the token itself."""
        request = registry.GetAccessTokenRequest(context=call.context, **call.path)
        return Answer(access_token_body(await self._registry.GetAccessToken(request), call.urls))
