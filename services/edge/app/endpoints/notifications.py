"""Notifications: POST below a challenge pushes it to its device once more."""

from collections.abc import Sequence
from typing import Final

from pushward import error_codes as codes
from pushward.api.challenge.v1 import challenge_pb2 as challenge
from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesStub
from services.edge.app.models.notifications import CreateNotificationParams, NotificationBody, notification_body
from services.edge.app.operation import Answer, Call, Operation

COLLECTION: Final = "/v2/Services/{service_sid}/Entities/{identity}/Challenges/{challenge_sid}/Notifications"


class NotificationEndpoints:
    """The one operation on notifications: they can't be read."""

    def __init__(self, challenges_stub: ChallengesStub) -> None:
        self._challenges = challenges_stub

    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return (
            Operation(
                "POST",
                COLLECTION,
                CreateNotificationParams,
                NotificationBody,
                201,
                self.create,
                refusals=(
                    codes.NO_NOTIFICATION_PLATFORM,
                    codes.NOTIFICATIONS_EXHAUSTED,
                    codes.CHALLENGE_ANSWERED,
                    codes.CHALLENGE_EXPIRED,
                    codes.FACTOR_NOT_FOUND,
                    codes.CHALLENGE_NOT_FOUND,
                    codes.ENTITY_NOT_FOUND,
                ),
            ),
        )

    async def create(self, call: Call, params: CreateNotificationParams) -> Answer:
        """A new notification."""
        request = challenge.CreateNotificationRequest(context=call.context, **call.path, ttl_seconds=params.ttl)
        return Answer(notification_body(await self._challenges.CreateNotification(request)))
