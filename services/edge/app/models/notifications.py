"""A Notification on the wire (contract section 1a)."""

import msgspec

from pushward.api.challenge.v1 import challenge_pb2 as challenge
from pushward.challenge_view import date_text
from services.edge.app.params import Int32, Params

PRIORITY = "high"
"""Of every notification: somebody waits for it."""


class CreateNotificationParams(Params, frozen=True, kw_only=True):
    """One more push of a challenge; `Ttl` in seconds."""

    ttl: Int32 | None = None


class NotificationBody(msgspec.Struct):
    """`verify.v2.service.entity.challenge.notification`."""

    sid: str
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    challenge_sid: str
    priority: str
    ttl: int
    date_created: str


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
