"""The rpcs of challenge, each handed to whoever does it."""

from typing import Any

from google.protobuf.empty_pb2 import Empty
from grpc import aio

from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesServicer
from services.challenge.app.answering import Answering
from services.challenge.app.codes import CodeAnswering
from services.challenge.app.creating import Creating
from services.challenge.app.notifying import Notifying
from services.challenge.app.reading import Reading
from services.challenge.app.webhook_event import WebhookEvents

Context = aio.ServicerContext[Any, Any]
"""Not used: errors are raised, and whoever registers the servicer maps them. Any: each rpc has its own messages."""


class Challenges(ChallengesServicer):
    """pushward.api.challenge.v1.Challenges."""

    def __init__(
        self,
        creating: Creating,
        reading: Reading,
        answering: Answering,
        code_answering: CodeAnswering,
        notifying: Notifying,
        webhook_events: WebhookEvents,
    ) -> None:
        self._creating = creating
        self._reading = reading
        self._answering = answering
        self._code_answering = code_answering
        self._notifying = notifying
        self._webhook_events = webhook_events

    async def CreateChallenge(
        self, request: challenge_pb2.CreateChallengeRequest, context: Context
    ) -> challenge_pb2.Challenge:
        """Asks a factor's device, or for a code."""
        return await self._creating.create(request)

    async def GetChallenge(
        self, request: challenge_pb2.GetChallengeRequest, context: Context
    ) -> challenge_pb2.Challenge:
        """One challenge."""
        return await self._reading.get(request)

    async def ListChallenges(
        self, request: challenge_pb2.ListChallengesRequest, context: Context
    ) -> challenge_pb2.ListChallengesReply:
        """A page of challenges."""
        return await self._reading.list(request)

    async def AnswerChallenge(
        self, request: challenge_pb2.AnswerChallengeRequest, context: Context
    ) -> challenge_pb2.Challenge:
        """A device's signed answer, or an account's code."""
        if request.context.principal.WhichOneof("kind") == "account":
            return await self._code_answering.answer(request)
        return await self._answering.answer(request)

    async def CreateNotification(
        self, request: challenge_pb2.CreateNotificationRequest, context: Context
    ) -> challenge_pb2.Notification:
        """Asks a factor's device once more."""
        return await self._notifying.request(request)

    async def RecordFailedPush(self, request: challenge_pb2.RecordFailedPushRequest, context: Context) -> Empty:
        """A push ended unsent."""
        await self._notifying.record_failed(request)
        return Empty()

    async def RenderWebhookEvent(
        self, request: challenge_pb2.RenderChallengeEventRequest, context: Context
    ) -> challenge_pb2.RenderChallengeEventReply:
        """What a challenge event says."""
        return await self._webhook_events.render(request)

    async def GetPrompt(self, request: challenge_pb2.GetPromptRequest, context: Context) -> challenge_pb2.Prompt:
        """What a push shows."""
        return await self._reading.prompt(request)

    async def GetReceipt(self, request: challenge_pb2.GetReceiptRequest, context: Context) -> challenge_pb2.Receipt:
        """The proof of an answer."""
        return await self._reading.receipt(request)
