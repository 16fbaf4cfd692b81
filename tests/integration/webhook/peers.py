"""Registry and challenge as webhook sees them through their stubs: their contract, kept in memory."""

from typing import Any
from uuid import UUID

from grpc import aio
from twilio.request_validator import RequestValidator

from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesServicer
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryServicer
from pushward.errors import ForbiddenError, NotFoundError, UnavailableError

Context = aio.ServicerContext[Any, Any]  # Any: as grpc declares it


class Registry(RegistryServicer):
    """One account with one data key; services live until they are deleted."""

    def __init__(self, key_id: UUID, auth_token: str) -> None:
        self.key_id = key_id
        self.auth_token = auth_token
        self.deleted_services: set[str] = set()
        self.forgotten: set[tuple[int, int]] = set()
        self.away = False
        self.disabled = False

    async def CheckService(
        self, request: registry_pb2.CheckServiceRequest, context: Context
    ) -> registry_pb2.CheckServiceReply:
        self._require(request.service_sid)
        return registry_pb2.CheckServiceReply(account_key_id=self.key_id.bytes)

    async def RenderWebhookEvent(
        self, request: registry_pb2.RenderWebhookEventRequest, context: Context
    ) -> registry_pb2.RenderWebhookEventReply:
        if self.away:
            raise UnavailableError("away")
        if (request.shard, request.position) in self.forgotten:
            raise NotFoundError("forgotten")
        fields = {
            "entity_identity": "7d2f0a1e-user",
            "factor_type": "push",
            "factor_friendly_name": "Zoë’s phone & tablet",
            "factor_status": "verified",
            "position": str(request.position),
        }
        return registry_pb2.RenderWebhookEventReply(fields=fields)

    async def SignWebhook(
        self, request: registry_pb2.SignWebhookRequest, context: Context
    ) -> registry_pb2.SignWebhookReply:
        self._require(request.service_sid)
        if self.disabled:
            raise ForbiddenError("The account is disabled.")
        signature = RequestValidator(self.auth_token).compute_signature(request.url, dict(request.fields))
        return registry_pb2.SignWebhookReply(signature=signature)

    def _require(self, service_sid: str) -> None:
        if service_sid in self.deleted_services:
            raise NotFoundError("There is no such service.")


class Challenges(ChallengesServicer):
    """Renders whatever it is asked for."""

    async def RenderWebhookEvent(
        self, request: challenge_pb2.RenderChallengeEventRequest, context: Context
    ) -> challenge_pb2.RenderChallengeEventReply:
        fields = {"challenge_sid": f"YC{request.position:032x}", "challenge_hidden_details": ""}
        return challenge_pb2.RenderChallengeEventReply(fields=fields)
