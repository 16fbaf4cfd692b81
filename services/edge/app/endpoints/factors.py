"""Factors: POST, GET, DELETE below /v2/Services/{service_sid}/Entities/{identity}/Factors."""

from collections.abc import Sequence
from typing import Final

from pushward import error_codes as codes
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from services.edge.app.endpoints.paging import page_request
from services.edge.app.models.factors import (
    CreateFactorParams,
    FactorBody,
    FactorPage,
    NewFactorBody,
    UpdateFactorParams,
    factor_body,
    new_factor_body,
    totp_patch,
)
from services.edge.app.models.values import page_meta
from services.edge.app.operation import Answer, Call, Caller, Operation
from services.edge.app.params import NoParams, PageParams

COLLECTION: Final = "/v2/Services/{service_sid}/Entities/{identity}/Factors"
ITEM: Final = "/v2/Services/{service_sid}/Entities/{identity}/Factors/{factor_sid}"

_ABSENT: Final = (codes.ENTITY_NOT_FOUND, codes.FACTOR_NOT_FOUND)


class FactorEndpoints:
    """The operations on factors."""

    def __init__(self, registry_stub: RegistryStub) -> None:
        self._registry = registry_stub

    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return (
            Operation(
                "POST",
                COLLECTION,
                CreateFactorParams,
                NewFactorBody,
                201,
                self.create,
                callers=(Caller.ACCOUNT, Caller.ACCESS_TOKEN),
                refusals=(
                    codes.CREDENTIAL_MISSING,
                    codes.INVALID_PARAMETER,
                    codes.UNAUTHORIZED_FACTOR_CREATION,
                    codes.INVALID_BINDING,
                    codes.TOO_MANY_FACTORS,
                    codes.SAME_BINDING,
                    codes.FACTOR_CREATIONS_EXHAUSTED,
                    codes.ENTITY_CREATIONS_EXHAUSTED,
                    codes.INVALID_IDENTITY,
                    codes.INVALID_FACTOR_TYPE,
                    codes.INVALID_CONFIG,
                ),
            ),
            Operation("GET", COLLECTION, PageParams, FactorPage, 200, self.list, refusals=(codes.ENTITY_NOT_FOUND,)),
            Operation(
                "GET",
                ITEM,
                NoParams,
                FactorBody,
                200,
                self.fetch,
                callers=(Caller.ACCOUNT, Caller.DEVICE),
                refusals=_ABSENT,
            ),
            Operation(
                "POST",
                ITEM,
                UpdateFactorParams,
                FactorBody,
                200,
                self.update,
                callers=(Caller.ACCOUNT, Caller.DEVICE, Caller.ACCESS_TOKEN),
                refusals=(
                    *_ABSENT,
                    codes.CREDENTIAL_MISSING,
                    codes.FACTOR_TRIES_EXHAUSTED,
                    codes.FACTOR_VERIFICATION_FAILED,
                    codes.UNAUTHORIZED_FACTOR_CREATION,
                    codes.INVALID_CONFIG,
                ),
            ),
            Operation(
                "DELETE",
                ITEM,
                NoParams,
                None,
                204,
                self.delete,
                callers=(Caller.ACCOUNT, Caller.DEVICE),
                refusals=_ABSENT,
            ),
        )

    async def create(self, call: Call, params: CreateFactorParams) -> Answer:
        """A new factor, by a server or by the bearer of an access token."""
        request = registry.CreateFactorRequest(
            context=call.context,
            service_sid=call.path["service_sid"],
            identity=call.path["identity"],
            friendly_name=params.friendly_name,
            factor_type=params.factor_type,
            binding_alg=params.binding_alg,
            binding_public_key=params.binding_public_key,
            app_id=params.app_id,
            sdk_version=params.sdk_version,
            notification_platform=params.notification_platform,
            notification_token=params.notification_token,
            metadata_json=params.metadata,
            binding_secret=params.binding_secret,
            totp=totp_patch(params),
        )
        return Answer(new_factor_body(await self._registry.CreateFactor(request), call.urls))

    async def fetch(self, call: Call, _: NoParams) -> Answer:
        """One factor."""
        request = registry.GetFactorRequest(context=call.context, **call.path)
        return Answer(factor_body(await self._registry.GetFactor(request), call.urls))

    async def update(self, call: Call, params: UpdateFactorParams) -> Answer:
        """A factor verified, changed, or both."""
        request = registry.UpdateFactorRequest(
            context=call.context,
            service_sid=call.path["service_sid"],
            identity=call.path["identity"],
            factor_sid=call.path["factor_sid"],
            auth_payload=params.auth_payload,
            friendly_name=params.friendly_name,
            app_id=params.app_id,
            sdk_version=params.sdk_version,
            notification_platform=params.notification_platform,
            notification_token=params.notification_token,
            totp=totp_patch(params),
        )
        return Answer(factor_body(await self._registry.UpdateFactor(request), call.urls))

    async def delete(self, call: Call, _: NoParams) -> Answer:
        """No factor any more."""
        await self._registry.DeleteFactor(registry.DeleteFactorRequest(context=call.context, **call.path))
        return Answer()

    async def list(self, call: Call, params: PageParams) -> Answer:
        """A page of the entity's factors."""
        request = registry.ListFactorsRequest(context=call.context, **call.path, page=page_request(params))
        reply = await self._registry.ListFactors(request)
        url = f"{call.urls.entity(call.path['service_sid'], call.path['identity'])}/Factors"
        return Answer(
            FactorPage(
                factors=[factor_body(factor, call.urls) for factor in reply.factors],
                meta=page_meta("factors", url, params, reply.page),
            )
        )
