"""The RPCs on webhooks: translate, validate, seal, run the command, answer.

Accounts only. Each request asks registry once whether the service lives and is the account's.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from grpc import aio

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.api.webhook.v1 import webhook_pb2
from pushward.api.webhook.v1.webhook_pb2_grpc import WebhooksServicer
from pushward.clock import Clock, milliseconds
from pushward.database.paging import Key, Page
from pushward.errors import NotFoundError
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.codec import timestamp_of
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.ids import Sid
from pushward.outbound.urls import Reach, UrlRefusedError, check_url
from pushward.rpc.context import account_of
from pushward.security.sealing import Sealer
from services.webhook.app.origins import account_origin
from services.webhook.app.ports import WebhookStore
from services.webhook.app.sealed_fields import FRIENDLY_NAME, SECRET, URL, field
from services.webhook.domain import rules
from services.webhook.domain.body import SECRET_BYTES, new_secret
from services.webhook.domain.commands import CreateWebhook, DeleteWebhook, UpdateWebhook
from services.webhook.domain.decider import decide_create, decide_delete, decide_update, owned
from services.webhook.domain.state import Webhook, WebhookState

Context = aio.ServicerContext[Any, Any]  # Any: as grpc declares it


class Webhooks(WebhooksServicer):
    """Creates, reads, changes and deletes webhooks."""

    def __init__(
        self,
        store: WebhookStore,
        runner: CommandRunner,
        aggregate: Aggregate[WebhookState],
        sealer: Sealer,
        registry: RegistryStub,
        reach: Reach,
        clock: Clock,
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self._store = store
        self._runner = runner
        self._aggregate = aggregate
        self._sealer = sealer
        self._registry = registry
        self._reach = reach
        self._clock = clock
        self._random_bits = random_bits

    async def CreateWebhook(self, request: webhook_pb2.CreateWebhookRequest, context: Context) -> webhook_pb2.Webhook:
        """Subscribes; the reply is the only one that tells the signing secret."""
        owner = await self._owner(request.context, request.service_sid)
        name = rules.check_friendly_name(request.friendly_name)
        event_types = rules.check_event_types(request.event_types)
        url = self._checked_url(request.webhook_url)
        status = rules.check_status(request.status) if request.HasField("status") else rules.ENABLED
        version = rules.check_version(request.version) if request.HasField("version") else rules.V2

        sid = self._new_sid(owner.account_sid)
        stream = ids.stream_of_sid(sid)
        secret = new_secret(secrets.token_bytes(SECRET_BYTES))
        sealed_name = await self._sealer.seal(owner.key_id, stream, field(sid, FRIENDLY_NAME), name)
        sealed_url = await self._sealer.seal(owner.key_id, stream, field(sid, URL), url)
        sealed_secret = await self._sealer.seal(owner.key_id, stream, field(sid, SECRET), secret)

        async def plan() -> Plan[Webhook]:
            loaded = await self._store.load_new(stream, owner.account_sid, owner.service_sid)
            command = CreateWebhook(
                webhook_sid=sid,
                account_sid=owner.account_sid,
                service_sid=owner.service_sid,
                friendly_name=sealed_name,
                event_types=event_types,
                webhook_url=sealed_url,
                secret=sealed_secret,
                status=status,
                version=version,
                siblings=loaded.siblings,
            )
            events = decide_create(loaded.state, command)
            return Plan([Change(self._aggregate, stream, loaded.state, events, loaded.now)], _only)

        webhook = await self._runner.run(stream, account_origin(request.context), plan)
        return _message(webhook, name, url, secret)

    async def GetWebhook(self, request: webhook_pb2.GetWebhookRequest, context: Context) -> webhook_pb2.Webhook:
        """Reads one."""
        owner = await self._owner(request.context, request.service_sid)
        stream = ids.stream_of_sid(_canonical(request.webhook_sid, ids.WEBHOOK))
        loaded = await self._store.load(stream, owner.account_sid, owner.service_sid)
        return await self._shown(owned(loaded.state, owner.account_sid, owner.service_sid))

    async def UpdateWebhook(self, request: webhook_pb2.UpdateWebhookRequest, context: Context) -> webhook_pb2.Webhook:
        """Changes what was given."""
        owner = await self._owner(request.context, request.service_sid)
        sid = _canonical(request.webhook_sid, ids.WEBHOOK)
        name = rules.check_friendly_name(request.friendly_name) if request.HasField("friendly_name") else None
        url = self._checked_url(request.webhook_url) if request.HasField("webhook_url") else None
        stream = ids.stream_of_sid(sid)
        command = UpdateWebhook(
            account_sid=owner.account_sid,
            service_sid=owner.service_sid,
            friendly_name=await self._sealer.seal_optional(owner.key_id, stream, field(sid, FRIENDLY_NAME), name),
            event_types=rules.check_event_types(request.event_types) if request.event_types else None,
            webhook_url=await self._sealer.seal_optional(owner.key_id, stream, field(sid, URL), url),
            status=rules.check_status(request.status) if request.HasField("status") else None,
            version=rules.check_version(request.version) if request.HasField("version") else None,
        )

        async def plan() -> Plan[Webhook]:
            loaded = await self._store.load(stream, owner.account_sid, owner.service_sid)
            events = decide_update(loaded.state, command)
            return Plan([Change(self._aggregate, stream, loaded.state, events, loaded.now)], _only)

        return await self._shown(await self._runner.run(stream, account_origin(request.context), plan))

    async def DeleteWebhook(self, request: webhook_pb2.DeleteWebhookRequest, context: Context) -> Empty:
        """Unsubscribes; what is still due is cancelled when its turn comes."""
        owner = await self._owner(request.context, request.service_sid)
        stream = ids.stream_of_sid(_canonical(request.webhook_sid, ids.WEBHOOK))
        command = DeleteWebhook(owner.account_sid, owner.service_sid)

        async def plan() -> Plan[None]:
            loaded = await self._store.load(stream, owner.account_sid, owner.service_sid)
            events = decide_delete(loaded.state, command)
            return Plan([Change(self._aggregate, stream, loaded.state, events, loaded.now)], lambda _: None)

        await self._runner.run(stream, account_origin(request.context), plan)
        return Empty()

    async def ListWebhooks(
        self, request: webhook_pb2.ListWebhooksRequest, context: Context
    ) -> webhook_pb2.ListWebhooksReply:
        """A page of a service's webhooks, by creation."""
        owner = await self._owner(request.context, request.service_sid)
        page = Page.requested(request.page)
        shown = page.shown(await self._store.page(owner.account_sid, owner.service_sid, page.scan()), _key)
        return webhook_pb2.ListWebhooksReply(
            webhooks=[await self._shown(webhook) for webhook in shown.rows], page=shown.reply
        )

    async def _owner(self, context: common_pb2.RequestContext, service_sid: str) -> "_Owner":
        """Raises ForbiddenError unless an account asks, NotFoundError unless the service lives and is the account's."""
        account = account_of(context)
        canonical = _canonical(service_sid, ids.SERVICE)
        reply = await self._registry.CheckService(
            registry_pb2.CheckServiceRequest(context=context, service_sid=canonical)
        )
        return _Owner(Sid(account.account_sid), canonical, UUID(bytes=reply.account_key_id))

    def _checked_url(self, url: str) -> str:
        try:
            check_url(url, self._reach)
        except UrlRefusedError as error:
            raise rules.refused_url(str(error)) from error
        return url

    def _new_sid(self, account_sid: str) -> Sid:
        now_ms = milliseconds(self._clock.now())
        return ids.new_sid(ids.WEBHOOK, ids.account_shard(account_sid), now_ms, self._random_bits(ids.RANDOM_BITS))

    async def _shown(self, webhook: Webhook) -> webhook_pb2.Webhook:
        assert webhook.friendly_name is not None
        assert webhook.webhook_url is not None
        sid, stream = webhook.webhook_sid, webhook.stream_id
        name = await self._sealer.unseal(webhook.friendly_name, stream, field(sid, FRIENDLY_NAME))
        url = await self._sealer.unseal(webhook.webhook_url, stream, field(sid, URL))
        return _message(webhook, name, url)


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose webhooks a request is about, and the key that seals what belongs to them."""

    account_sid: Sid
    service_sid: Sid
    key_id: UUID


def _message(webhook: Webhook, friendly_name: str, url: str, secret: str | None = None) -> webhook_pb2.Webhook:
    return webhook_pb2.Webhook(
        sid=webhook.webhook_sid,
        account_sid=webhook.account_sid,
        service_sid=webhook.service_sid,
        friendly_name=friendly_name,
        event_types=webhook.event_types,
        status=webhook.status,
        version=webhook.body_version,
        webhook_url=url,
        date_created=timestamp_of(webhook.date_created),
        date_updated=timestamp_of(webhook.date_updated),
        secret=secret,
    )


def _only(states: Any) -> Webhook:  # Any: the states after, as CommandRunner has them
    (state,) = states
    webhook: Webhook = state.webhook
    return webhook


def _key(webhook: Webhook) -> Key:
    return webhook.date_created, webhook.webhook_sid


def _canonical(sid: str, kind: str) -> Sid:
    """``sid`` in lower case. Raises NotFoundError for what can't be a SID of ``kind``."""
    if not ids.is_sid(sid, kind):
        raise NotFoundError("There is no such resource.")
    return Sid(kind + sid[2:].lower())
