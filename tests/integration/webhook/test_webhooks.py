"""The RPCs on webhooks."""

import pytest

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.webhook.v1 import webhook_pb2
from pushward.api.webhook.v1.webhook_pb2_grpc import WebhooksStub
from pushward.errors import BadRequestError, ForbiddenError, NotFoundError
from tests.integration.webhook.conftest import ACCOUNT, SERVICE, World, asked_by, sid


async def get(stub: WebhooksStub, webhook_sid: str, service_sid: str = SERVICE) -> webhook_pb2.Webhook:
    """Reads a webhook."""
    return await stub.GetWebhook(
        webhook_pb2.GetWebhookRequest(context=asked_by(), service_sid=service_sid, webhook_sid=webhook_sid)
    )


async def test_a_created_webhook_reads_back_without_its_secret(world: World) -> None:
    """The secret is told once; defaults are enabled and v2; the SID lies on the account's shard."""
    async with world.process() as stub:
        created = await world.subscribe(stub, "factor.created", "*")
        read = await get(stub, created.sid)
    assert created.secret.startswith("whsec_")
    assert not read.HasField("secret")
    created.ClearField("secret")
    assert read == created
    assert (read.status, read.version) == ("enabled", "v2")
    assert list(read.event_types) == ["factor.created", "*"]
    assert ids.shard_of_sid(read.sid) == ids.shard_of_sid(ACCOUNT)


async def test_nothing_of_a_webhook_that_is_personal_or_secret_is_stored_in_clear(world: World) -> None:
    """Neither in the table nor in the log."""
    async with world.process() as stub:
        created = await world.subscribe(stub)
    for query in ("SELECT w::text FROM webhook.webhook AS w", "SELECT encode(payload, 'escape') FROM log.event"):
        for row in await world.database.fetch(query):
            for text in (created.friendly_name, created.webhook_url, created.secret):
                assert text not in row[0]
                assert text.encode().hex() not in row[0]


async def test_an_update_changes_only_what_is_given(world: World) -> None:
    """Also when it is read again; without any change the date stays."""
    async with world.process() as stub:
        created = await world.subscribe(stub)
        request = webhook_pb2.UpdateWebhookRequest(
            context=asked_by(), service_sid=SERVICE, webhook_sid=created.sid, status="disabled", friendly_name="other"
        )
        updated = await stub.UpdateWebhook(request)
        assert (updated.status, updated.friendly_name) == ("disabled", "other")
        assert (updated.webhook_url, updated.event_types) == (created.webhook_url, created.event_types)
        assert updated.date_updated.ToNanoseconds() > created.date_updated.ToNanoseconds()
        assert await get(stub, created.sid) == updated
        nothing = webhook_pb2.UpdateWebhookRequest(context=asked_by(), service_sid=SERVICE, webhook_sid=created.sid)
        assert await stub.UpdateWebhook(nothing) == updated


async def test_a_deleted_webhook_is_gone(world: World) -> None:
    """From reads, from lists, and for a second deletion."""
    async with world.process() as stub:
        created = await world.subscribe(stub)
        await world.unsubscribe(stub, created)
        with pytest.raises(NotFoundError):
            await get(stub, created.sid)
        with pytest.raises(NotFoundError):
            await world.unsubscribe(stub, created)
        reply = await stub.ListWebhooks(webhook_pb2.ListWebhooksRequest(context=asked_by(), service_sid=SERVICE))
        assert list(reply.webhooks) == []


async def test_lists_go_page_by_page_both_ways(world: World) -> None:
    """In the order of creation."""
    async with world.process() as stub:
        created = [(await world.subscribe(stub)).sid for _ in range(5)]

        async def page(token: str) -> tuple[list[str], common_pb2.PageReply]:
            reply = await stub.ListWebhooks(
                webhook_pb2.ListWebhooksRequest(
                    context=asked_by(), service_sid=SERVICE, page=common_pb2.PageRequest(size=2, token=token)
                )
            )
            return [webhook.sid for webhook in reply.webhooks], reply.page

        first, after_first = await page("")
        second, after_second = await page(after_first.next_token)
        third, after_third = await page(after_second.next_token)
        assert first + second + third == created
        assert after_third.next_token == ""
        assert (await page(after_third.previous_token))[0] == second


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"webhook_url": "http://example.com/"}, "WebhookUrl"),
        ({"webhook_url": "https://10.0.0.1/"}, "no public address"),
        ({"webhook_url": ""}, "WebhookUrl"),
        ({"status": "on"}, "Status"),
        ({"version": "v3"}, "Version"),
    ],
)
async def test_a_value_that_makes_no_sense_is_refused(world: World, members: dict[str, str], message: str) -> None:
    """With a contract code, and a message that names the parameter."""
    async with world.process() as stub:
        with pytest.raises(BadRequestError, match=message) as refused:
            await world.subscribe(stub, **members)
    assert refused.value.code == 60306


async def test_an_unknown_event_type_is_refused(world: World) -> None:
    """By name."""
    async with world.process() as stub:
        with pytest.raises(BadRequestError, match=r"factor\.sneezed"):
            await world.subscribe(stub, "factor.sneezed")


async def test_a_device_may_not_touch_webhooks(world: World) -> None:
    """403, never 401: its credentials are fine."""
    device = common_pb2.Principal(device=common_pb2.DevicePrincipal(account_sid=ACCOUNT, service_sid=SERVICE))
    async with world.process() as stub:
        with pytest.raises(ForbiddenError) as refused:
            await stub.ListWebhooks(webhook_pb2.ListWebhooksRequest(context=asked_by(device), service_sid=SERVICE))
    assert refused.value.code == 20403


async def test_a_webhook_of_another_service_or_account_is_not_found(world: World) -> None:
    """Nor is what can't be a webhook's SID."""
    other = common_pb2.Principal(account=common_pb2.AccountPrincipal(account_sid=sid(ids.ACCOUNT, 9)))
    async with world.process() as stub:
        created = await world.subscribe(stub)
        for webhook_sid, service_sid in ((created.sid, sid(ids.SERVICE, 9)), ("YW1", SERVICE), (SERVICE, SERVICE)):
            with pytest.raises(NotFoundError):
                await get(stub, webhook_sid, service_sid)
        with pytest.raises(NotFoundError):
            await stub.GetWebhook(
                webhook_pb2.GetWebhookRequest(context=asked_by(other), service_sid=SERVICE, webhook_sid=created.sid)
            )


async def test_under_a_deleted_service_everything_is_not_found(world: World) -> None:
    """Registry knows."""
    async with world.process() as stub:
        created = await world.subscribe(stub)
        world.registry.deleted_services.add(SERVICE)
        with pytest.raises(NotFoundError):
            await get(stub, created.sid)
