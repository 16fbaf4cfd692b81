"""A tenant's backend and its users' devices, as registry sees them: requests with a principal."""

import base64
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2 as pb
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.errors import PushwardError
from pushward.rpc.context import request_context
from tests.unit.security import tokens

FCM_TOKEN = "t" * 40


@dataclass
class Tenant:
    """An account with a service, and an identity that it speaks of unless told otherwise."""

    registry: RegistryStub
    principal: common_pb2.Principal
    account_sid: str
    auth_token: str
    service_sid: str
    identity: str

    def by(self, principal: common_pb2.Principal | None = None) -> common_pb2.RequestContext:
        """A new request's context: the account's own, unless another principal asks."""
        return request_context(principal or self.principal, uuid4(), uuid4())

    def at(self, by: common_pb2.Principal | None = None, **members: Any) -> dict[str, Any]:
        """The members of a request below the service, about the identity. Any: the request's fields, here and below."""
        return {
            "context": self.by(by),
            "service_sid": self.service_sid,
            "identity": self.identity,
        } | members

    def asking_with(self, registry: RegistryStub) -> Self:
        """The same, calling another process."""
        return replace(self, registry=registry)

    def of(self, identity: str) -> Self:
        """The same, speaking of somebody else."""
        return replace(self, identity=identity)

    async def create_service(self, friendly_name: str, **patch: Any) -> pb.Service:
        """A new service."""
        wanted = pb.ServicePatch(friendly_name=friendly_name, **patch)
        return await self.registry.CreateService(pb.CreateServiceRequest(context=self.by(), patch=wanted))

    async def update_service(self, **patch: Any) -> pb.Service:
        """The service with other settings."""
        request = pb.UpdateServiceRequest(
            context=self.by(), service_sid=self.service_sid, patch=pb.ServicePatch(**patch)
        )
        return await self.registry.UpdateService(request)

    async def delete_service(self) -> None:
        """The service is gone."""
        await self.registry.DeleteService(pb.DeleteServiceRequest(context=self.by(), service_sid=self.service_sid))

    async def access_token(self, **members: Any) -> pb.AccessToken:
        """A new access token for the identity."""
        request = pb.CreateAccessTokenRequest(**self.at(factor_type="push") | members)
        return await self.registry.CreateAccessToken(request)

    async def authenticate(self, username: str, password: str) -> common_pb2.Principal:
        """Who that is."""
        reply = await self.registry.Authenticate(pb.AuthenticateRequest(username=username, password=password))
        return reply.principal

    async def bearer(self, **members: Any) -> common_pb2.Principal:
        """The bearer of a new access token."""
        return await self.authenticate("token", (await self.access_token(**members)).token)

    async def enrol(
        self, by: common_pb2.Principal | None = None, key: ec.EllipticCurvePrivateKey | None = None, **members: Any
    ) -> "Phone":
        """A new factor."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        request: dict[str, Any] = self.at(by) | {
            "friendly_name": "Jo's phone",
            "factor_type": "push",
            "binding_alg": "ES256",
            "binding_public_key": base64.b64encode(tokens.spki(key)).decode(),
            "app_id": "com.example.app",
            "sdk_version": "1.0",
            "notification_platform": "none",
        }
        factor = await self.registry.CreateFactor(pb.CreateFactorRequest(**request | members))
        return Phone(self, factor, key)

    async def get_entity(self) -> pb.Entity:
        """The entity of the identity."""
        return await self.registry.GetEntity(pb.GetEntityRequest(**self.at()))

    async def delete_entity(self) -> None:
        """The entity is gone."""
        await self.registry.DeleteEntity(pb.DeleteEntityRequest(**self.at()))

    async def factors(self, **page: Any) -> list[str]:
        """The SIDs of a page of the identity's factors."""
        reply = await self.registry.ListFactors(pb.ListFactorsRequest(**self.at(page=common_pb2.PageRequest(**page))))
        return [factor.sid for factor in reply.factors]

    async def live_factor(self, factor_sid: str, **members: Any) -> pb.LiveFactor:
        """What challenge asks."""
        return await self.registry.GetLiveFactor(pb.GetLiveFactorRequest(**self.at(factor_sid=factor_sid) | members))


@dataclass
class Phone:
    """A device with its key, and the factor that it is."""

    tenant: Tenant
    factor: pb.Factor
    key: ec.EllipticCurvePrivateKey

    @property
    def sid(self) -> str:
        """The factor's."""
        return self.factor.sid

    @property
    def proof(self) -> str:
        """What verifies the factor."""
        return base64.b64encode(tokens.der_signature(self.sid, self.key)).decode()

    def token(self, now_seconds: int, **claims: Any) -> str:
        """A device token, made at a time of the database's clock."""
        header = tokens.header(kid=self.factor.push.credential_sid)
        right = {"sub": self.tenant.account_sid, "nbf": now_seconds, "exp": now_seconds + 600}
        return tokens.token(header, right | claims, key=self.key)

    async def update(self, by: common_pb2.Principal | None = None, **members: Any) -> pb.Factor:
        """The factor, changed."""
        request = pb.UpdateFactorRequest(**self.tenant.at(by, factor_sid=self.sid) | members)
        return await self.tenant.registry.UpdateFactor(request)

    async def verify(self, by: common_pb2.Principal | None = None) -> pb.Factor:
        """The factor, verified."""
        return await self.update(by, auth_payload=self.proof)

    async def get(self, by: common_pb2.Principal | None = None, **members: Any) -> pb.Factor:
        """The factor as it is now."""
        return await self.tenant.registry.GetFactor(
            pb.GetFactorRequest(**self.tenant.at(by, factor_sid=self.sid) | members)
        )

    async def delete(self, by: common_pb2.Principal | None = None, **members: Any) -> None:
        """The factor is gone."""
        await self.tenant.registry.DeleteFactor(
            pb.DeleteFactorRequest(**self.tenant.at(by, factor_sid=self.sid) | members)
        )


async def code_of(call: Awaitable[object]) -> int:
    """The contract's code that a call is refused with."""
    with pytest.raises(PushwardError) as raised:
        await call
    return raised.value.code
