"""What Authenticate takes for proof, and what devices and bearers of access tokens may do with it."""

from typing import Any

import pytest

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2 as pb
from pushward.errors import UnauthenticatedError
from tests.integration.registry.conftest import World
from tests.integration.registry.tenant import Phone, Tenant, code_of
from tests.unit.security import tokens


async def seconds(world: World) -> int:
    """The database's clock."""
    row = await world.database.fetchrow("SELECT extract(epoch FROM clock_timestamp())::bigint AS now")
    assert row is not None
    return int(row["now"])


async def device(world: World, phone: Phone) -> common_pb2.Principal:
    """The phone, as registry knows it by its token."""
    return await phone.tenant.authenticate("token", phone.token(await seconds(world)))


async def refused_with(tenant: Tenant, username: str, password: str) -> int:
    """The code of a 401."""
    with pytest.raises(UnauthenticatedError) as raised:
        await tenant.authenticate(username, password)
    return raised.value.code


async def test_an_account_is_known_by_its_auth_token(tenant: Tenant) -> None:
    """And by nothing else: 20003, the same for each mistake."""
    principal = await tenant.authenticate(tenant.account_sid, tenant.auth_token)
    assert principal == tenant.principal
    for username, password in (
        (tenant.account_sid, ""),
        (tenant.account_sid, tenant.auth_token + "x"),
        ("AC" + "0" * 32, tenant.auth_token),
        ("AC" + "f" * 32, tenant.auth_token),
        ("SK" + tenant.account_sid[2:], tenant.auth_token),
        (tenant.service_sid, tenant.auth_token),
        ("", ""),
        ("token", tenant.auth_token),
    ):
        assert await refused_with(tenant, username, password) == 20003


async def test_an_auth_token_is_stored_neither_plain_nor_as_a_bare_hash(world: World, tenant: Tenant) -> None:
    """What the tables hold gives nobody access, and another account's row accepts it not."""
    row = await world.database.fetchrow("SELECT * FROM registry.account WHERE sid = $1", tenant.account_sid)
    assert row is not None
    assert tenant.auth_token.encode() not in row["auth_token"] + row["auth_token_digest"]


async def test_a_device_is_known_by_a_token_of_its_own_key(world: World, tenant: Tenant) -> None:
    """With all that other services need: the factor's state, its entity's version as a guard, the key to seal with."""
    phone = await tenant.enrol()
    await phone.verify()
    now = await seconds(world)
    principal = (await tenant.authenticate("token", phone.token(now))).device
    found = await tenant.live_factor(phone.sid)
    assert principal == common_pb2.DevicePrincipal(
        account_sid=tenant.account_sid,
        service_sid=tenant.service_sid,
        entity_sid=phone.factor.entity_sid,
        identity=tenant.identity,
        factor_sid=phone.sid,
        factor_status=common_pb2.FACTOR_STATUS_VERIFIED,
        public_key=tokens.spki(phone.key),
        entity_stream=found.entity_stream,
        entity_version=found.entity_version,
        key_id=found.key_id,
        expires_at_seconds=now + 600,
    )


async def test_a_device_token_is_refused_for_each_thing_that_is_wrong(world: World, tenant: Tenant) -> None:
    """20003, and 20104 only for a good signature at a wrong time. The whole table is in test_device_token.py."""
    phone, other = await tenant.enrol(), await tenant.enrol()
    now = await seconds(world)
    impostor = Phone(tenant, phone.factor, other.key)
    nobody = pb.Factor(push=pb.PushConfig(credential_sid=phone.factor.push.credential_sid[:-4] + "0000"))
    assert await refused_with(tenant, "token", impostor.token(now)) == 20003
    assert await refused_with(tenant, "token", Phone(tenant, nobody, phone.key).token(now)) == 20003
    assert await refused_with(tenant, "token", phone.token(now, sub="AC" + "0" * 32)) == 20003
    assert await refused_with(tenant, "token", phone.token(now, exp=now + 901)) == 20003
    assert await refused_with(tenant, "token", phone.token(now - 1000)) == 20104
    assert await refused_with(tenant, "token", phone.token(now + 1000)) == 20104
    assert await refused_with(tenant, "token", impostor.token(now - 1000)) == 20003


async def test_a_device_is_unknown_from_the_moment_of_its_deletion(world: World, tenant: Tenant) -> None:
    """With its factor, with its entity, with its service; each is asked every time."""
    by_factor, by_entity = await tenant.enrol(), await tenant.enrol()
    by_service = await tenant.enrol(identity="somebody-else")
    for phone in (by_factor, by_entity, by_service):
        assert (await device(world, phone)).device.factor_sid == phone.sid
    await by_factor.delete()
    assert await refused_with(tenant, "token", by_factor.token(await seconds(world))) == 20003
    await tenant.delete_entity()
    assert await refused_with(tenant, "token", by_entity.token(await seconds(world))) == 20003
    await tenant.delete_service()
    assert await refused_with(tenant, "token", by_service.token(await seconds(world))) == 20003


async def test_an_access_token_is_known_until_it_expires(world: World, tenant: Tenant) -> None:
    """20101 for an unknown one, 20104 for one that has expired; of its life the database's clock decides."""
    issued = await tenant.access_token()
    bearer = (await tenant.authenticate("token", issued.token)).access_token
    assert (bearer.access_token_sid, bearer.identity) == (issued.sid, tenant.identity)
    digits, proof = issued.token.split(".")
    another = (await tenant.access_token()).token.split(".")[1]
    for forged in (f"{digits}.{another}", f"{digits[:-4]}0000.{proof}"):
        assert await refused_with(tenant, "token", forged) == 20101
    for misshapen in (
        digits,
        f"{digits}.",
        f"{digits}.{proof}A",
        f"{digits.upper()}.{proof}",
        f"ffff{digits[4:]}.{proof}",
    ):
        assert await refused_with(tenant, "token", misshapen) == 20003
    await expire(world, issued.sid)
    assert await refused_with(tenant, "token", issued.token) == 20104
    assert await refused_with(tenant, "token", f"{digits}.{another}") == 20101


async def test_an_expired_token_enrols_nobody_even_if_it_was_authenticated_before(world: World, tenant: Tenant) -> None:
    """20104: the deadline is compared again under the shard's lock."""
    issued = await tenant.access_token()
    bearer = await tenant.authenticate("token", issued.token)
    await expire(world, issued.sid)
    assert await code_of(tenant.enrol(bearer)) == 20104


async def test_a_device_may_do_with_its_own_factor_what_its_app_needs(world: World, tenant: Tenant) -> None:
    """Read, verify, update, delete its own factor; read its own service."""
    phone = await tenant.enrol()
    me = await device(world, phone)
    assert (await phone.get(me)).sid == phone.sid
    assert (await phone.verify(me)).status == common_pb2.FACTOR_STATUS_VERIFIED
    assert (await phone.update(me, friendly_name="Mine")).friendly_name == "Mine"
    service = pb.GetServiceRequest(context=tenant.by(me), service_sid=tenant.service_sid)
    assert (await tenant.registry.GetService(service)).sid == tenant.service_sid
    check = pb.CheckServiceRequest(context=tenant.by(me), service_sid=tenant.service_sid)
    assert len((await tenant.registry.CheckService(check)).account_key_id) == 16
    assert (await tenant.live_factor(phone.sid, context=tenant.by(me))).entity_version == 4
    await phone.delete(me)
    assert await code_of(phone.get()) == 60390


async def test_another_factor_is_not_there_for_a_device(world: World, tenant: Tenant) -> None:
    """404, not 403: it must not even learn that there is one."""
    phone, sibling = await tenant.enrol(), await tenant.enrol()
    elsewhere = await tenant.enrol(identity="somebody-else")
    other_service = (await tenant.create_service("Other")).sid
    me = await device(world, phone)
    for call in (sibling.get(me), sibling.update(me, friendly_name="x"), sibling.verify(me), sibling.delete(me)):
        assert await code_of(call) == 60390
    assert await code_of(tenant.live_factor(sibling.sid, context=tenant.by(me))) == 60390
    assert await code_of(elsewhere.get(me, identity="somebody-else")) == 60392
    assert await code_of(phone.get(me, service_sid=other_service)) == 20404
    service = pb.GetServiceRequest(context=tenant.by(me), service_sid=other_service)
    assert await code_of(tenant.registry.GetService(service)) == 20404


def account_requests(tenant: Tenant, by: common_pb2.Principal) -> dict[str, Any]:
    """A request of each rpc that only accounts may call. Any: messages of several types."""
    at = tenant.at(by)
    below = {"context": at["context"], "service_sid": at["service_sid"]}
    return {
        "CreateService": pb.CreateServiceRequest(context=at["context"], patch=pb.ServicePatch(friendly_name="x")),
        "UpdateService": pb.UpdateServiceRequest(**below, patch=pb.ServicePatch(friendly_name="x")),
        "DeleteService": pb.DeleteServiceRequest(**below),
        "ListServices": pb.ListServicesRequest(context=at["context"]),
        "CreateEntity": pb.CreateEntityRequest(**at),
        "GetEntity": pb.GetEntityRequest(**at),
        "DeleteEntity": pb.DeleteEntityRequest(**at),
        "ListEntities": pb.ListEntitiesRequest(**below),
        "ListFactors": pb.ListFactorsRequest(**at),
        "CreateAccessToken": pb.CreateAccessTokenRequest(**at, factor_type="push"),
        "GetAccessToken": pb.GetAccessTokenRequest(**below, access_token_sid="YK" + "0" * 32),
    }


async def test_all_else_is_forbidden_to_devices_and_bearers(world: World, tenant: Tenant) -> None:
    """403 20403, never 401, which would make the SDKs reset their clock."""
    bearer = await tenant.bearer()
    phone = await tenant.enrol(bearer)
    me = await device(world, phone)
    for principal in (me, bearer):
        for name, request in account_requests(tenant, principal).items():
            assert await code_of(getattr(tenant.registry, name)(request)) == 20403, name
    assert await code_of(tenant.enrol(me)) == 20403
    assert await code_of(tenant.live_factor(phone.sid, context=tenant.by(bearer))) == 20403


async def test_a_bearer_may_answer_its_own_factors_verification_and_nothing_else(tenant: Tenant) -> None:
    """403 for reading, changing, deleting, and for any other factor."""
    bearer = await tenant.bearer()
    sibling = await tenant.enrol()
    assert await code_of(sibling.verify(bearer)) == 20403
    phone = await tenant.enrol(bearer)
    for call in (
        phone.get(bearer),
        phone.delete(bearer),
        phone.update(bearer),
        phone.update(bearer, friendly_name="x"),
        phone.update(bearer, auth_payload=phone.proof, app_id="x"),
        sibling.verify(bearer),
    ):
        assert await code_of(call) == 20403
    assert (await phone.verify(bearer)).status == common_pb2.FACTOR_STATUS_VERIFIED


async def expire(world: World, access_token_sid: str) -> None:
    """Ages a token: its life is over as soon as this returns."""
    assert ids.is_sid(access_token_sid, ids.ACCESS_TOKEN)
    await world.damage(
        "UPDATE registry.access_token SET expires_at = clock_timestamp() WHERE sid = $1", access_token_sid
    )
