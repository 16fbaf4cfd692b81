"""Services and entities through registry's rpcs: made, changed, listed, deleted with all that lies below."""

from typing import Any

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import registry_pb2 as events_pb2
from pushward.api.events.v1 import types_pb2
from pushward.api.registry.v1 import registry_pb2 as pb
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.eventlog import replay
from services.registry.adapters.aggregates import AGGREGATES
from services.registry.adapters.log import ROLE
from tests.integration.registry.conftest import World
from tests.integration.registry.tenant import Tenant, code_of
from tests.support.waiting import eventually

CR = "CR" + "f" * 32


async def get(tenant: Tenant, by: common_pb2.Principal | None = None) -> pb.Service:
    """The tenant's service."""
    return await tenant.registry.GetService(pb.GetServiceRequest(context=tenant.by(by), service_sid=tenant.service_sid))


async def services(tenant: Tenant, **page: Any) -> pb.ListServicesReply:
    """A page of the account's services. Any: the page's fields, here and below."""
    return await tenant.registry.ListServices(
        pb.ListServicesRequest(context=tenant.by(), page=common_pb2.PageRequest(**page))
    )


async def entities(tenant: Tenant, **page: Any) -> pb.ListEntitiesReply:
    """A page of the service's entities."""
    return await tenant.registry.ListEntities(
        pb.ListEntitiesRequest(context=tenant.by(), service_sid=tenant.service_sid, page=common_pb2.PageRequest(**page))
    )


async def create_entity(tenant: Tenant, **members: Any) -> pb.Entity:
    """A new entity."""
    return await tenant.registry.CreateEntity(pb.CreateEntityRequest(**tenant.at(**members)))


async def test_a_service_keeps_what_was_set_and_shows_the_defaults_for_the_rest(tenant: Tenant) -> None:
    """On its account's shard; a later update sets only what it names."""
    made = await tenant.create_service(
        "Stage",
        push_fcm_credential_sid=CR,
        passkeys_relying_party_origins="https://a.example,https://b.example",
        totp_skew=0,
    )
    assert ids.shard_of_sid(made.sid) == ids.shard_of_sid(tenant.account_sid)
    assert made.settings == events_pb2.ServiceSettings(
        code_length=6,
        push_fcm_credential_sid=CR,
        passkeys_relying_party_origins=["https://a.example", "https://b.example"],
        totp_time_step=30,
        totp_code_length=6,
        totp_skew=0,
    )
    tenant.service_sid = made.sid
    assert await get(tenant) == made
    changed = await tenant.update_service(friendly_name="Production", push_fcm_credential_sid="")
    assert (changed.friendly_name, changed.settings.HasField("push_fcm_credential_sid")) == ("Production", False)
    assert changed.settings.passkeys_relying_party_origins == made.settings.passkeys_relying_party_origins
    assert changed.date_created == made.date_created
    assert await get(tenant) == changed


async def test_settings_out_of_bounds_are_refused(tenant: Tenant) -> None:
    """60200, on creation and on update; nothing changes."""
    before = await get(tenant)
    assert await code_of(tenant.create_service("")) == 60200
    assert await code_of(tenant.update_service(code_length=11)) == 60200
    assert await get(tenant) == before


async def test_a_foreign_service_is_not_there(world: World, registry: RegistryStub, tenant: Tenant) -> None:
    """20404 for reading, changing, deleting, and for what lies below."""
    stranger = await world.new_tenant(registry)
    stranger.service_sid = tenant.service_sid
    for call in (
        get(stranger),
        stranger.update_service(friendly_name="Mine"),
        stranger.delete_service(),
        create_entity(stranger),
        entities(stranger),
        stranger.access_token(),
    ):
        assert await code_of(call) == 20404
    assert [service.sid for service in (await services(stranger)).services] != [tenant.service_sid]
    assert (await get(tenant)).friendly_name == "Shop"


async def test_services_and_entities_are_listed_page_by_page(tenant: Tenant) -> None:
    """In the order of their creation, forth and back."""
    sids = [tenant.service_sid, *[(await tenant.create_service(f"S{number}")).sid for number in range(4)]]
    first = await services(tenant, size=2)
    second = await services(tenant, size=2, token=first.page.next_token)
    back = await services(tenant, size=2, token=second.page.previous_token)
    assert [service.sid for page in (first, second) for service in page.services] == sids[:4]
    assert back == first

    assert (await entities(tenant)).entities == []
    made = [await create_entity(tenant, identity=f"identity-{number}") for number in range(3)]
    first_entities = await entities(tenant, size=2)
    rest = await entities(tenant, size=2, token=first_entities.page.next_token)
    assert [*first_entities.entities, *rest.entities] == made
    assert rest.page.next_token == ""
    assert (await entities(tenant, size=2, token=rest.page.previous_token)).entities == made[:2]


async def test_an_entity_is_created_once_and_anew_after_its_deletion(tenant: Tenant) -> None:
    """60301; then a new SID in the same stream, with another key and no factors."""
    made = await create_entity(tenant)
    assert await code_of(create_entity(tenant)) == 60301
    assert await code_of(create_entity(tenant, identity="x")) == 60367
    old = await tenant.enrol()
    old_key_id = (await tenant.live_factor(old.sid)).key_id
    await tenant.delete_entity()
    assert await code_of(tenant.get_entity()) == 60392
    assert await code_of(tenant.delete_entity()) == 60392
    again = await create_entity(tenant)
    assert again.sid != made.sid
    assert await tenant.factors() == []
    assert await code_of(old.get()) == 60390
    new = await tenant.enrol(key=old.key)
    assert new.factor.entity_sid == again.sid
    assert (await tenant.live_factor(new.sid)).key_id != old_key_id


async def test_identities_differ_by_case(tenant: Tenant) -> None:
    """Contract section 10, *Identity*."""
    made = await create_entity(tenant, identity="identity-a")
    assert (await create_entity(tenant, identity="IDENTITY-A")).sid != made.sid


async def test_a_deleted_service_hides_all_below_at_once_and_deletes_it_soon(world: World, tenant: Tenant) -> None:
    """Every request is 404 at once; the reaper deletes entities and factors, marked so that no webhook is sent."""
    for number in range(3):
        await tenant.enrol(identity=f"identity-{number}")
    phone = await tenant.enrol()
    issued = await tenant.access_token()
    await tenant.delete_service()
    for call in (
        get(tenant),
        tenant.delete_service(),
        tenant.get_entity(),
        entities(tenant),
        phone.get(),
        tenant.live_factor(phone.sid),
        tenant.access_token(),
        tenant.registry.GetAccessToken(
            pb.GetAccessTokenRequest(context=tenant.by(), service_sid=tenant.service_sid, access_token_sid=issued.sid)
        ),
    ):
        assert await code_of(call) == 20404
    assert await code_of(tenant.registry.GetPushTarget(pb.GetPushTargetRequest(factor_sid=phone.sid))) == 60390

    await eventually(lambda: left_below(world, tenant.service_sid), 0)
    deleted = [
        events_pb2.FactorDeleted.FromString(event.payload)
        for shard in await world.reader.heads()
        for event in await world.reader.read(shard, 0, 1000)
        if event.type == types_pb2.EVENT_TYPE_FACTOR_DELETED
    ]
    assert len(deleted) == 4
    assert all(event.with_service for event in deleted)


async def test_a_reaper_that_was_stopped_goes_on_where_it_was(world: World, tenant: Tenant) -> None:
    """The service is deleted while nobody follows; whoever starts next finishes the work, once."""
    await tenant.enrol()
    await tenant.enrol(identity="somebody-else")
    async with world.process() as other_process:
        other = tenant.asking_with(other_process)
        await other.delete_service()
    async with world.process():
        await eventually(lambda: left_below(world, tenant.service_sid), 0)


async def test_live_tables_are_what_the_log_amounts_to(world: World, tenant: Tenant) -> None:
    """Everything that can happen, then a replay beside the tables: no difference."""
    await tenant.update_service(push_fcm_credential_sid=CR, passkeys_relying_party_origins="https://a.example")
    bearer = await tenant.bearer(factor_friendly_name="Jo's phone")
    phone = await tenant.enrol(bearer, metadata_json='{"os": "Android"}')
    await phone.verify(bearer)
    await phone.update(notification_platform="fcm", notification_token="t" * 40)
    await (await tenant.enrol()).delete()
    await tenant.delete_entity()
    await tenant.enrol()
    await tenant.create_service("Another")
    await tenant.delete_service()
    await eventually(lambda: left_below(world, tenant.service_sid), 0)
    report = await replay.check(world.url, ROLE, AGGREGATES)
    assert [str(difference) for difference in report.differences] == []
    assert report.rows == 1 + 2 + 1 + 3 + 1


async def left_below(world: World, service_sid: str) -> int:
    """How many entities still live below a service."""
    row = await world.database.fetchrow(
        "SELECT count(*) AS left FROM registry.entity WHERE service_sid = $1 AND sid IS NOT NULL", service_sid
    )
    assert row is not None
    return int(row["left"])
