"""Webhook's state table."""

from typing import Final

from pushward.eventlog.table import Table
from services.webhook.domain.state import Webhook

WEBHOOK: Final = Table("webhook.webhook", Webhook, key=("stream_id",))
