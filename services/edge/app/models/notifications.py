"""A Notification on the wire (contract section 1a)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from pushward.api.challenge.v1 import challenge_pb2 as challenge
from pushward.challenge_view import date_text
from services.edge.app.models.shapes import (
    AccountSid,
    ChallengeSid,
    Date,
    EntitySid,
    Identity,
    NotificationSid,
    ServiceSid,
    told,
)
from services.edge.app.params import Int32, Params

PRIORITY = "high"
"""Of every notification: somebody waits for it."""


class CreateNotificationParams(Params, frozen=True, kw_only=True):
    """One more push of a challenge; `Ttl` in seconds."""

    ttl: Annotated[Int32, Meta(description="Seconds; 300 if not given."), told(minimum=0, maximum=300)] | None = None


class NotificationBody(msgspec.Struct):
    """`verify.v2.service.entity.challenge.notification`."""

    sid: NotificationSid
    account_sid: AccountSid
    service_sid: ServiceSid
    entity_sid: EntitySid
    identity: Identity
    challenge_sid: ChallengeSid
    priority: Annotated[str, told(enum=[PRIORITY])]
    ttl: Annotated[int, told(minimum=0, maximum=300)]
    date_created: Date


def notification_body(notification: challenge.Notification) -> NotificationBody:
    """The notification as the contract shows it."""
    return NotificationBody(
        sid=notification.sid,
        account_sid=notification.account_sid,
        service_sid=notification.service_sid,
        entity_sid=notification.entity_sid,
        identity=notification.identity,
        challenge_sid=notification.challenge_sid,
        priority=PRIORITY,
        ttl=notification.ttl_seconds,
        date_created=date_text(notification.date_created),
    )
