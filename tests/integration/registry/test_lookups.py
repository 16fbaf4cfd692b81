"""What challenge, webhook and notifier ask of registry."""

from twilio.request_validator import RequestValidator

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import types_pb2
from pushward.api.registry.v1 import registry_pb2 as pb
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.ids import entity_stream
from tests.integration.registry.conftest import World
from tests.integration.registry.tenant import FCM_TOKEN, Phone, Tenant, code_of
from tests.support.databases import SHARDS
from tests.unit.security import tokens

CR = "CR" + "f" * 32


async def render(world: World, phone: Phone, event_type: int) -> dict[str, str]:
    """What webhook is told of the last event of a type in the phone's shard."""
    shard = ids.shard_of_sid(phone.sid)
    position = max(event.position for event in await world.reader.read(shard, 0, 1000) if event.type == event_type)
    request = pb.RenderWebhookEventRequest(shard=shard, position=position)
    return dict((await phone.tenant.registry.RenderWebhookEvent(request)).fields)


async def test_challenge_gets_the_factor_with_its_guard_and_keys(tenant: Tenant) -> None:
    """The version is the entity's stream's: it moves with each change of any of its factors."""
    phone = await tenant.enrol()
    found = await tenant.live_factor(phone.sid)
    assert found.entity_stream == entity_stream(tenant.service_sid, tenant.identity, SHARDS).bytes
    assert (found.factor_status, found.entity_version) == (common_pb2.FACTOR_STATUS_UNVERIFIED, 2)
    assert found.public_key == tokens.spki(phone.key)
    assert (found.notification_platform, found.push_include_date) == (common_pb2.NOTIFICATION_PLATFORM_NONE, False)
    await tenant.update_service(push_include_date=True)
    await phone.verify()
    await tenant.enrol()
    later = await tenant.live_factor(phone.sid)
    assert (later.factor_status, later.entity_version) == (common_pb2.FACTOR_STATUS_VERIFIED, 4)
    assert later.push_include_date


async def test_challenge_is_told_what_of_a_path_is_missing(
    world: World, registry: RegistryStub, tenant: Tenant
) -> None:
    """20404, 60392, 60390: the outermost first."""
    phone = await tenant.enrol()
    stranger = await world.new_tenant(registry)
    missing = "YF" + phone.sid[2:-4] + "0000"
    assert await code_of(tenant.live_factor(phone.sid, context=stranger.by())) == 20404
    assert await code_of(tenant.live_factor(phone.sid, identity="somebody-else")) == 60392
    assert await code_of(tenant.live_factor(missing)) == 60390
    other = await tenant.enrol(identity="somebody-else")
    assert await code_of(tenant.live_factor(other.sid)) == 60390


async def test_a_service_is_checked_for_its_own_account(world: World, registry: RegistryStub, tenant: Tenant) -> None:
    """The reply names the account's data key; strangers and the deleted get 20404."""
    request = pb.CheckServiceRequest(context=tenant.by(), service_sid=tenant.service_sid)
    key_id = (await registry.CheckService(request)).account_key_id
    other = pb.CheckServiceRequest(context=tenant.by(), service_sid=(await tenant.create_service("Other")).sid)
    assert (await registry.CheckService(other)).account_key_id == key_id
    stranger = await world.new_tenant(registry)
    foreign = pb.CheckServiceRequest(context=stranger.by(), service_sid=tenant.service_sid)
    assert await code_of(registry.CheckService(foreign)) == 20404
    await tenant.delete_service()
    assert await code_of(registry.CheckService(request)) == 20404


async def test_the_notifier_learns_where_a_push_goes_now(tenant: Tenant) -> None:
    """The platform, the device's token, the service's credential for it; after a change, the change."""
    await tenant.update_service(push_fcm_credential_sid=CR)
    phone = await tenant.enrol(notification_platform="fcm", notification_token=FCM_TOKEN)
    request = pb.GetPushTargetRequest(factor_sid=phone.sid)
    assert await tenant.registry.GetPushTarget(request) == pb.PushTarget(
        platform=common_pb2.NOTIFICATION_PLATFORM_FCM, token=FCM_TOKEN, app_id="com.example.app", credential_sid=CR
    )
    await phone.update(notification_platform="none")
    assert await tenant.registry.GetPushTarget(request) == pb.PushTarget(
        platform=common_pb2.NOTIFICATION_PLATFORM_NONE, app_id="com.example.app"
    )
    await phone.delete()
    assert await code_of(tenant.registry.GetPushTarget(request)) == 60390


async def test_a_factor_event_is_rendered_as_of_that_event(world: World, tenant: Tenant) -> None:
    """Not as the factor is now: names and states are those of the time, also of one that is gone."""
    phone = await tenant.enrol()
    await phone.verify()
    await phone.update(friendly_name="Renamed")
    await phone.delete()
    same = {
        "account_sid": tenant.account_sid,
        "service_sid": tenant.service_sid,
        "entity_identity": tenant.identity,
        "factor_sid": phone.sid,
        "factor_type": "push",
    }
    assert await render(world, phone, types_pb2.EVENT_TYPE_FACTOR_CREATED) == same | {
        "type": "factor.created",
        "factor_friendly_name": "Jo's phone",
        "factor_status": "unverified",
    }
    assert await render(world, phone, types_pb2.EVENT_TYPE_FACTOR_VERIFIED) == same | {
        "type": "factor.verified",
        "factor_friendly_name": "Jo's phone",
        "factor_status": "verified",
    }
    assert await render(world, phone, types_pb2.EVENT_TYPE_FACTOR_DELETED) == same | {
        "type": "factor.deleted",
        "factor_friendly_name": "Renamed",
        "factor_status": "verified",
    }


async def test_an_event_that_tells_tenants_nothing_is_not_rendered(world: World, tenant: Tenant) -> None:
    """Updates, other aggregates' events, and places where there is no event."""
    phone = await tenant.enrol()
    await phone.update(friendly_name="Renamed")
    assert await code_of(render(world, phone, types_pb2.EVENT_TYPE_FACTOR_UPDATED)) == 20404
    assert await code_of(render(world, phone, types_pb2.EVENT_TYPE_ENTITY_CREATED)) == 20404
    nowhere = pb.RenderWebhookEventRequest(shard=0, position=10**6)
    assert await code_of(tenant.registry.RenderWebhookEvent(nowhere)) == 20404


async def test_a_form_is_signed_as_stock_validators_check_it(tenant: Tenant) -> None:
    """Contract section 4, against Twilio's own library with the account's auth token."""
    form = {"uuid": "1", "type": "factor.created", "factor_friendly_name": "Jö's phone & 100%", "challenge_sid": ""}
    url = "https://example.com/hook?x=1&y=%20"
    request = pb.SignWebhookRequest(
        account_sid=tenant.account_sid, service_sid=tenant.service_sid, url=url, fields=form
    )
    signature = (await tenant.registry.SignWebhook(request)).signature
    validator = RequestValidator(tenant.auth_token)
    assert signature == validator.compute_signature(url, form)
    assert validator.validate(url, form, signature)
    assert not validator.validate(url, form | {"type": "factor.deleted"}, signature)


async def test_nothing_is_signed_for_a_deleted_or_foreign_service(
    world: World, registry: RegistryStub, tenant: Tenant
) -> None:
    """Its webhooks are silent from then on."""
    stranger = await world.new_tenant(registry)
    for account_sid in (stranger.account_sid, "AC" + "0" * 32):
        foreign = pb.SignWebhookRequest(
            account_sid=account_sid, service_sid=tenant.service_sid, url="https://x", fields={}
        )
        assert await code_of(registry.SignWebhook(foreign)) == 20404
    await tenant.delete_service()
    own = pb.SignWebhookRequest(
        account_sid=tenant.account_sid, service_sid=tenant.service_sid, url="https://x", fields={}
    )
    assert await code_of(registry.SignWebhook(own)) == 20404
