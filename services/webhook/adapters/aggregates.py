"""Webhook's kinds of streams."""

from typing import Final

from pushward.eventlog.aggregate import Aggregate
from services.webhook.adapters.codec import CODEC
from services.webhook.adapters.tables import WEBHOOK
from services.webhook.domain.state import INITIAL, Webhook, WebhookState, evolve

WEBHOOKS: Final[Aggregate[WebhookState]] = Aggregate("webhook", INITIAL, evolve, CODEC, {Webhook: WEBHOOK})
AGGREGATES: Final = (WEBHOOKS,)
