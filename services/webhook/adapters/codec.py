"""The numbers and messages of webhook's events."""

from typing import Final

from pushward.api.events.v1 import types_pb2, webhook_pb2
from pushward.eventlog.codec import Binding, Codec
from services.webhook.domain.events import WebhookCreated, WebhookDeleted, WebhookUpdated

CODEC: Final = Codec(
    [
        Binding(types_pb2.EVENT_TYPE_WEBHOOK_CREATED, 1, WebhookCreated, webhook_pb2.WebhookCreated),
        Binding(types_pb2.EVENT_TYPE_WEBHOOK_UPDATED, 1, WebhookUpdated, webhook_pb2.WebhookUpdated),
        Binding(types_pb2.EVENT_TYPE_WEBHOOK_DELETED, 1, WebhookDeleted, webhook_pb2.WebhookDeleted),
    ]
)
