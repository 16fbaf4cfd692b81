"""The rpcs of registry, each handed to whoever does it."""

from typing import Any

from google.protobuf.empty_pb2 import Empty
from grpc import aio

from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryServicer
from pushward.security.secret import Secret
from pushward.values import FactorType
from services.registry.app.access_tokens import AccessTokens
from services.registry.app.api_keys import ApiKeys
from services.registry.app.authentication import Authentication
from services.registry.app.enrolment import Enrolment
from services.registry.app.entities import Entities
from services.registry.app.factor_lookups import FactorLookups
from services.registry.app.factors import Factors
from services.registry.app.forgetting import Forgetting
from services.registry.app.services import Services
from services.registry.app.totp_checks import TotpChecks
from services.registry.app.totp_enrolment import TotpEnrolment
from services.registry.app.webhooks import WebhookEvents

Context = aio.ServicerContext[Any, Any]
"""Not used: errors are raised, and whoever registers the servicer maps them. Any: each rpc has its own messages."""


class Registry(RegistryServicer):
    """pushward.api.registry.v1.Registry."""

    def __init__(
        self,
        *,
        authentication: Authentication,
        api_keys: ApiKeys,
        services: Services,
        entities: Entities,
        forgetting: Forgetting,
        enrolment: Enrolment,
        totp_enrolment: TotpEnrolment,
        totp_checks: TotpChecks,
        factors: Factors,
        access_tokens: AccessTokens,
        factor_lookups: FactorLookups,
        webhook_events: WebhookEvents,
    ) -> None:
        self._authentication = authentication
        self._api_keys = api_keys
        self._services = services
        self._entities = entities
        self._forgetting = forgetting
        self._enrolment = enrolment
        self._totp_enrolment = totp_enrolment
        self._totp_checks = totp_checks
        self._factors = factors
        self._access_tokens = access_tokens
        self._factor_lookups = factor_lookups
        self._webhook_events = webhook_events

    async def Authenticate(
        self, request: registry_pb2.AuthenticateRequest, context: Context
    ) -> registry_pb2.AuthenticateReply:
        """Who is it?"""
        principal = await self._authentication.authenticate(request.username, Secret(request.password))
        return registry_pb2.AuthenticateReply(principal=principal)

    async def CreateApiKey(self, request: registry_pb2.CreateApiKeyRequest, context: Context) -> registry_pb2.ApiKey:
        """A new API key, its secret told once."""
        return await self._api_keys.asked_to_create(request)

    async def GetApiKey(self, request: registry_pb2.GetApiKeyRequest, context: Context) -> registry_pb2.ApiKey:
        """One API key."""
        return await self._api_keys.asked_to_get(request)

    async def RevokeApiKey(self, request: registry_pb2.RevokeApiKeyRequest, context: Context) -> Empty:
        """An API key is refused."""
        await self._api_keys.asked_to_revoke(request)
        return Empty()

    async def ListApiKeys(
        self, request: registry_pb2.ListApiKeysRequest, context: Context
    ) -> registry_pb2.ListApiKeysReply:
        """A page of API keys."""
        return await self._api_keys.asked_to_list(request)

    async def CreateService(self, request: registry_pb2.CreateServiceRequest, context: Context) -> registry_pb2.Service:
        """A new service."""
        return await self._services.create(request)

    async def GetService(self, request: registry_pb2.GetServiceRequest, context: Context) -> registry_pb2.Service:
        """One service."""
        return await self._services.get(request)

    async def UpdateService(self, request: registry_pb2.UpdateServiceRequest, context: Context) -> registry_pb2.Service:
        """A service with other settings."""
        return await self._services.update(request)

    async def DeleteService(self, request: registry_pb2.DeleteServiceRequest, context: Context) -> Empty:
        """A service is gone."""
        await self._services.delete(request)
        return Empty()

    async def ListServices(
        self, request: registry_pb2.ListServicesRequest, context: Context
    ) -> registry_pb2.ListServicesReply:
        """A page of services."""
        return await self._services.list(request)

    async def CreateEntity(self, request: registry_pb2.CreateEntityRequest, context: Context) -> registry_pb2.Entity:
        """A new entity."""
        return await self._entities.create(request)

    async def GetEntity(self, request: registry_pb2.GetEntityRequest, context: Context) -> registry_pb2.Entity:
        """One entity."""
        return await self._entities.get(request)

    async def DeleteEntity(self, request: registry_pb2.DeleteEntityRequest, context: Context) -> Empty:
        """An entity and its factors are gone."""
        await self._entities.delete(request)
        return Empty()

    async def ListEntities(
        self, request: registry_pb2.ListEntitiesRequest, context: Context
    ) -> registry_pb2.ListEntitiesReply:
        """A page of entities."""
        return await self._entities.list(request)

    async def ForgetEntity(
        self, request: registry_pb2.ForgetEntityRequest, context: Context
    ) -> registry_pb2.ForgetEntityReply:
        """An identity is forgotten, for good."""
        return await self._forgetting.asked(request)

    async def CreateFactor(self, request: registry_pb2.CreateFactorRequest, context: Context) -> registry_pb2.Factor:
        """A device is enrolled, or a secret for codes agreed on."""
        if request.factor_type == FactorType.TOTP:
            return await self._totp_enrolment.create(request)
        return await self._enrolment.create(request)

    async def GetFactor(self, request: registry_pb2.GetFactorRequest, context: Context) -> registry_pb2.Factor:
        """One factor."""
        return await self._factors.get(request)

    async def UpdateFactor(self, request: registry_pb2.UpdateFactorRequest, context: Context) -> registry_pb2.Factor:
        """A factor verified, changed, or both."""
        return await self._factors.update(request)

    async def DeleteFactor(self, request: registry_pb2.DeleteFactorRequest, context: Context) -> Empty:
        """A factor is gone."""
        await self._factors.delete(request)
        return Empty()

    async def ListFactors(
        self, request: registry_pb2.ListFactorsRequest, context: Context
    ) -> registry_pb2.ListFactorsReply:
        """A page of factors."""
        return await self._factors.list(request)

    async def CreateAccessToken(
        self, request: registry_pb2.CreateAccessTokenRequest, context: Context
    ) -> registry_pb2.AccessToken:
        """A new access token, told once."""
        return await self._access_tokens.create(request)

    async def GetAccessToken(
        self, request: registry_pb2.GetAccessTokenRequest, context: Context
    ) -> registry_pb2.AccessToken:
        """An access token's record."""
        return await self._access_tokens.get(request)

    async def GetLiveFactor(
        self, request: registry_pb2.GetLiveFactorRequest, context: Context
    ) -> registry_pb2.LiveFactor:
        """A factor to be challenged."""
        return await self._factor_lookups.live_factor(request)

    async def CheckTotp(self, request: registry_pb2.CheckTotpRequest, context: Context) -> registry_pb2.CheckTotpReply:
        """Whether a code counts."""
        return await self._totp_checks.check(request)

    async def CheckService(
        self, request: registry_pb2.CheckServiceRequest, context: Context
    ) -> registry_pb2.CheckServiceReply:
        """Whether a service lives and is the principal's."""
        return await self._factor_lookups.check_service(request)

    async def RenderWebhookEvent(
        self, request: registry_pb2.RenderWebhookEventRequest, context: Context
    ) -> registry_pb2.RenderWebhookEventReply:
        """What a factor event says."""
        return await self._webhook_events.render(request)

    async def SignWebhook(
        self, request: registry_pb2.SignWebhookRequest, context: Context
    ) -> registry_pb2.SignWebhookReply:
        """The signature that stock validators check."""
        return await self._webhook_events.sign(request)

    async def GetPushTarget(
        self, request: registry_pb2.GetPushTargetRequest, context: Context
    ) -> registry_pb2.PushTarget:
        """Where a factor's pushes go now."""
        return await self._factor_lookups.push_target(request)
