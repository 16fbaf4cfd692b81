"""Decides on webhooks: state and command in, events out. Whose a webhook is, is decided here too."""

from typing import Final

from pushward import error_codes
from pushward.errors import BadRequestError, NotFoundError
from pushward.ids import Sid
from services.webhook.domain.commands import CreateWebhook, DeleteWebhook, UpdateWebhook
from services.webhook.domain.events import Event, WebhookCreated, WebhookDeleted, WebhookUpdated
from services.webhook.domain.state import Webhook, WebhookState

WEBHOOKS_PER_SERVICE_MAX: Final = 100
"""Each event of a service is work for each of them. Counted before the append, so a race may exceed it by a few."""


def decide_create(state: WebhookState, command: CreateWebhook) -> list[Event]:
    """Raises BadRequestError once the service has WEBHOOKS_PER_SERVICE_MAX."""
    assert state.webhook is None
    if command.siblings >= WEBHOOKS_PER_SERVICE_MAX:
        raise BadRequestError(
            f"The service has {WEBHOOKS_PER_SERVICE_MAX} webhooks, which is the most. Delete one first.",
            code=error_codes.INVALID_REQUEST,
        )
    return [
        WebhookCreated(
            webhook_sid=command.webhook_sid,
            account_sid=command.account_sid,
            service_sid=command.service_sid,
            friendly_name=command.friendly_name,
            event_types=command.event_types,
            webhook_url=command.webhook_url,
            secret=command.secret,
            status=command.status,
            version=command.version,
        )
    ]


def decide_update(state: WebhookState, command: UpdateWebhook) -> list[Event]:
    """Nothing given, nothing happened. Raises NotFoundError."""
    webhook = owned(state, command.account_sid, command.service_sid)
    given = (command.friendly_name, command.event_types, command.webhook_url, command.status, command.version)
    if all(value is None for value in given):
        return []
    friendly_name = command.friendly_name or webhook.friendly_name
    webhook_url = command.webhook_url or webhook.webhook_url
    assert friendly_name is not None
    assert webhook_url is not None
    return [
        WebhookUpdated(
            webhook_sid=webhook.webhook_sid,
            account_sid=webhook.account_sid,
            service_sid=webhook.service_sid,
            friendly_name=friendly_name,
            event_types=command.event_types or webhook.event_types,
            webhook_url=webhook_url,
            status=command.status or webhook.status,
            version=command.version or webhook.body_version,
        )
    ]


def decide_delete(state: WebhookState, command: DeleteWebhook) -> list[Event]:
    """Raises NotFoundError."""
    webhook = owned(state, command.account_sid, command.service_sid)
    return [WebhookDeleted(webhook.webhook_sid, webhook.account_sid, webhook.service_sid)]


def owned(state: WebhookState, account_sid: Sid, service_sid: Sid) -> Webhook:
    """The live webhook, if it belongs to this account and service. Raises NotFoundError."""
    webhook = state.webhook
    if webhook is None or webhook.deleted or webhook.account_sid != account_sid or webhook.service_sid != service_sid:
        raise NotFoundError("There is no such webhook.")
    return webhook
