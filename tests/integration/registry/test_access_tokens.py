"""Access tokens through registry's rpcs: issued, shown once."""

from pushward import ids
from pushward.api.registry.v1 import registry_pb2 as pb
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from tests.integration.registry.conftest import World
from tests.integration.registry.tenant import Tenant, code_of


async def get(tenant: Tenant, sid: str, **members: str) -> pb.AccessToken:
    """A token's record."""
    request = {"service_sid": tenant.service_sid, "access_token_sid": sid} | members
    return await tenant.registry.GetAccessToken(pb.GetAccessTokenRequest(context=tenant.by(), **request))


async def test_a_token_is_told_once(world: World, tenant: Tenant) -> None:
    """Its digits are its SID's, its shard is the entity's; afterwards only the record can be read."""
    issued = await tenant.access_token(factor_friendly_name="Jo's phone", ttl=300)
    assert issued.token.startswith(issued.sid[2:] + ".")
    assert (issued.ttl, issued.entity_identity, issued.factor_friendly_name) == (300, tenant.identity, "Jo's phone")
    shown = await get(tenant, issued.sid)
    assert not shown.HasField("token")
    issued.ClearField("token")
    assert shown == issued
    row = await world.database.fetchrow("SELECT t::text AS text FROM registry.access_token AS t")
    assert row is not None
    assert "phone" not in row["text"]


async def test_a_name_is_sealed_with_the_key_of_whoever_has_or_will_have_the_identity(
    world: World, tenant: Tenant
) -> None:
    """So that it is erased with the entity, also where there was none yet."""
    early = await tenant.access_token(factor_friendly_name="early")
    phone = await tenant.enrol()
    late = await tenant.access_token(factor_friendly_name="late")
    entity_key = (await tenant.live_factor(phone.sid)).key_id
    await tenant.delete_entity()
    of_the_next = await tenant.access_token(factor_friendly_name="next")
    for sid, by_entity in ((early.sid, True), (late.sid, True), (of_the_next.sid, False)):
        row = await world.database.fetchrow(
            "SELECT factor_friendly_name AS name FROM registry.access_token WHERE sid = $1", sid
        )
        assert row is not None
        assert (entity_key in row["name"]) == by_entity


async def test_a_wrong_request_issues_nothing(tenant: Tenant) -> None:
    """Contract section 1a, each with its code."""
    for members, code in (
        ({"ttl": 59}, 60305),
        ({"ttl": 301}, 60305),
        ({"factor_type": "totp"}, 60305),
        ({"factor_friendly_name": "n" * 65}, 60305),
        ({"identity": "x"}, 60367),
        ({"service_sid": "VA" + "0" * 32}, 20404),
    ):
        assert await code_of(tenant.access_token(**members)) == code, members


async def test_a_token_is_found_below_its_own_service_only(
    world: World, registry: RegistryStub, tenant: Tenant
) -> None:
    """20404 elsewhere, for strangers, and for a SID that can't be."""
    issued = await tenant.access_token()
    other = await tenant.create_service("Other")
    stranger = await world.new_tenant(registry)
    stranger.service_sid = tenant.service_sid
    assert await code_of(get(tenant, issued.sid, service_sid=other.sid)) == 20404
    assert await code_of(get(stranger, issued.sid)) == 20404
    assert await code_of(get(tenant, ids.ACCESS_TOKEN + "f" * 32)) == 20404
    assert await code_of(get(tenant, tenant.service_sid)) == 20404
