"""Webhooks: POST, GET, DELETE below /v2/Services/{service_sid}/Webhooks."""

from collections.abc import Sequence
from typing import Final

from pushward.api.webhook.v1 import webhook_pb2 as webhook
from pushward.api.webhook.v1.webhook_pb2_grpc import WebhooksStub
from services.edge.app.endpoints.paging import page_request
from services.edge.app.models.values import page_meta
from services.edge.app.models.webhooks import (
    CreateWebhookParams,
    UpdateWebhookParams,
    WebhookBody,
    WebhookPage,
    webhook_body,
)
from services.edge.app.operation import Answer, AnswerHeader, Call, Operation
from services.edge.app.params import NoParams, PageParams

COLLECTION: Final = "/v2/Services/{service_sid}/Webhooks"
ITEM: Final = "/v2/Services/{service_sid}/Webhooks/{webhook_sid}"
SECRET_HEADER: Final = b"pushward-webhook-secret"

_SECRET: Final = AnswerHeader(
    "Pushward-Webhook-Secret",
    "Signs this webhook's deliveries (Standard Webhooks); shown in this answer only.",
    "^whsec_[A-Za-z0-9+/]+=*$",
)


class WebhookEndpoints:
    """The operations on webhooks."""

    def __init__(self, webhooks_stub: WebhooksStub) -> None:
        self._webhooks = webhooks_stub

    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return (
            Operation(
                "POST",
                COLLECTION,
                CreateWebhookParams,
                WebhookBody,
                201,
                self.create,
                answer_headers=(_SECRET,),
            ),
            Operation("GET", COLLECTION, PageParams, WebhookPage, 200, self.list),
            Operation("GET", ITEM, NoParams, WebhookBody, 200, self.fetch),
            Operation("POST", ITEM, UpdateWebhookParams, WebhookBody, 200, self.update),
            Operation("DELETE", ITEM, NoParams, None, 204, self.delete),
        )

    async def create(self, call: Call, params: CreateWebhookParams) -> Answer:
        """A new webhook; its signing secret is shown in a header of this answer alone."""
        request = webhook.CreateWebhookRequest(
            context=call.context,
            **call.path,
            friendly_name=params.friendly_name,
            event_types=params.event_types,
            webhook_url=params.webhook_url,
            status=params.status,
            version=params.version,
        )
        hook = await self._webhooks.CreateWebhook(request)
        return Answer(webhook_body(hook, call.urls), ((SECRET_HEADER, hook.secret.encode("ascii")),))

    async def fetch(self, call: Call, _: NoParams) -> Answer:
        """One webhook."""
        request = webhook.GetWebhookRequest(context=call.context, **call.path)
        return Answer(webhook_body(await self._webhooks.GetWebhook(request), call.urls))

    async def update(self, call: Call, params: UpdateWebhookParams) -> Answer:
        """A webhook with other settings."""
        request = webhook.UpdateWebhookRequest(
            context=call.context,
            **call.path,
            friendly_name=params.friendly_name,
            event_types=params.event_types,
            webhook_url=params.webhook_url,
            status=params.status,
            version=params.version,
        )
        return Answer(webhook_body(await self._webhooks.UpdateWebhook(request), call.urls))

    async def delete(self, call: Call, _: NoParams) -> Answer:
        """No webhook any more."""
        await self._webhooks.DeleteWebhook(webhook.DeleteWebhookRequest(context=call.context, **call.path))
        return Answer()

    async def list(self, call: Call, params: PageParams) -> Answer:
        """A page of the service's webhooks."""
        request = webhook.ListWebhooksRequest(context=call.context, **call.path, page=page_request(params))
        reply = await self._webhooks.ListWebhooks(request)
        url = f"{call.urls.service(call.path['service_sid'])}/Webhooks"
        return Answer(
            WebhookPage(
                webhooks=[webhook_body(hook, call.urls) for hook in reply.webhooks],
                meta=page_meta("webhooks", url, params, reply.page),
            )
        )
