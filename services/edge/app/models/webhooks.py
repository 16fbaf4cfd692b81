"""A Webhook on the wire (contract section 1a)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from pushward.api.webhook.v1 import webhook_pb2 as webhook
from pushward.challenge_view import date_text
from services.edge.app.models.shapes import AccountSid, Date, ServiceSid, Url, WebhookSid, told
from services.edge.app.models.values import PageMeta
from services.edge.app.params import Params
from services.edge.app.urls import Urls

WEBHOOK_METHOD = "POST"
Status = Annotated[str, told(enum=["enabled", "disabled"])]
Version = Annotated[str, told(enum=["v1", "v2"])]
FriendlyName = Annotated[str, told(minLength=1, maxLength=64)]
EventTypes = Annotated[
    tuple[str, ...],
    Meta(description="One or more of the contract's event types; `*` for its six, `pushward.*` for all."),
]
WebhookUrl = Annotated[str, Meta(description="https, without credentials and fragment."), told(format="uri")]


class CreateWebhookParams(Params, frozen=True, kw_only=True):
    """A new webhook."""

    friendly_name: FriendlyName
    event_types: Annotated[EventTypes, told(minItems=1)]
    webhook_url: WebhookUrl
    status: Status | None = None
    version: Version | None = None


class UpdateWebhookParams(Params, frozen=True, kw_only=True):
    """What is not given stays as it is."""

    friendly_name: FriendlyName | None = None
    event_types: EventTypes = ()
    webhook_url: WebhookUrl | None = None
    status: Status | None = None
    version: Version | None = None


class WebhookBody(msgspec.Struct):
    """`verify.v2.service.webhook`."""

    sid: WebhookSid
    service_sid: ServiceSid
    account_sid: AccountSid
    friendly_name: str
    event_types: Annotated[list[str], told(minItems=1)]
    status: Status
    version: Version
    webhook_url: Annotated[str, told(format="uri")]
    webhook_method: Annotated[str, told(enum=[WEBHOOK_METHOD])]
    date_created: Date
    date_updated: Date
    url: Url


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
