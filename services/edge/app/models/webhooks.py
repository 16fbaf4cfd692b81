"""A Webhook on the wire (contract section 1a)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from pushward.api.webhook.v1 import webhook_pb2 as webhook
from pushward.challenge_view import date_text
from services.edge.app.models.values import PageMeta
from services.edge.app.params import Params
from services.edge.app.urls import Urls

WEBHOOK_METHOD = "POST"
Status = Annotated[str, Meta(extra_json_schema={"enum": ["enabled", "disabled"]})]
Version = Annotated[str, Meta(extra_json_schema={"enum": ["v1", "v2"]})]


class CreateWebhookParams(Params, frozen=True, kw_only=True):
    """A new webhook."""

    friendly_name: str
    event_types: tuple[str, ...]
    webhook_url: str
    status: Status | None = None
    version: Version | None = None


class UpdateWebhookParams(Params, frozen=True, kw_only=True):
    """What is not given stays as it is."""

    friendly_name: str | None = None
    event_types: tuple[str, ...] = ()
    webhook_url: str | None = None
    status: Status | None = None
    version: Version | None = None


class WebhookBody(msgspec.Struct):
    """`verify.v2.service.webhook`."""

    sid: str
    service_sid: str
    account_sid: str
    friendly_name: str
    event_types: list[str]
    status: str
    version: str
    webhook_url: str
    webhook_method: str
    date_created: str
    date_updated: str
    url: str


class WebhookPage(msgspec.Struct):
    """A page of webhooks."""

    webhooks: list[WebhookBody]
    meta: PageMeta


def webhook_body(hook: webhook.Webhook, urls: Urls) -> WebhookBody:
    """The webhook as the contract shows it."""
    return WebhookBody(
        sid=hook.sid,
        service_sid=hook.service_sid,
        account_sid=hook.account_sid,
        friendly_name=hook.friendly_name,
        event_types=list(hook.event_types),
        status=hook.status,
        version=hook.version,
        webhook_url=hook.webhook_url,
        webhook_method=WEBHOOK_METHOD,
        date_created=date_text(hook.date_created),
        date_updated=date_text(hook.date_updated),
        url=f"{urls.service(hook.service_sid)}/Webhooks/{hook.sid}",
    )
