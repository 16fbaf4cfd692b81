"""Factors through registry's rpcs: enrolled by accounts and by access tokens, verified, changed, deleted."""

import asyncio

import pytest

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import types_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.errors import PushwardError
from tests.integration.registry.conftest import World
from tests.integration.registry.tenant import FCM_TOKEN, Tenant, code_of

CR = "CR" + "f" * 32


async def test_an_account_enrols_a_device_and_creates_its_entity(tenant: Tenant) -> None:
    """The factor with what was given, its entity implicitly, its credential SID from its SID (contract section 1a)."""
    await tenant.update_service(push_fcm_credential_sid=CR)
    phone = await tenant.enrol(
        notification_platform="fcm", notification_token=FCM_TOKEN, metadata_json='{"os": "Android"}'
    )
    factor = await phone.get()
    assert factor == phone.factor
    assert factor.friendly_name == "Jo's phone"
    assert factor.status == common_pb2.FACTOR_STATUS_UNVERIFIED
    assert factor.push.notification_token == FCM_TOKEN
    assert factor.push.credential_sid == "CR" + factor.sid[2:]
    assert factor.metadata_json == '{"os": "Android"}'
    entity = await tenant.get_entity()
    assert (entity.sid, entity.identity) == (factor.entity_sid, tenant.identity)
    assert ids.shard_of_sid(factor.sid) == ids.shard_of_sid(entity.sid)


async def test_an_access_token_enrols_one_factor_and_answers_its_verification(world: World, tenant: Tenant) -> None:
    """Factor, entity and the token's end are one append; the bearer then proves possession."""
    bearer = await tenant.bearer()
    phone = await tenant.enrol(bearer)
    assert (await phone.verify(bearer)).status == common_pb2.FACTOR_STATUS_VERIFIED
    assert await world.event_types(ids.shard_of_sid(phone.sid)) == [
        *([] if ids.shard_of_sid(tenant.account_sid) != ids.shard_of_sid(phone.sid) else [1, 10]),
        types_pb2.EVENT_TYPE_ACCESS_TOKEN_ISSUED,
        types_pb2.EVENT_TYPE_ENTITY_CREATED,
        types_pb2.EVENT_TYPE_FACTOR_CREATED,
        types_pb2.EVENT_TYPE_ACCESS_TOKEN_SPENT,
        types_pb2.EVENT_TYPE_FACTOR_VERIFIED,
    ]


async def test_a_lost_answer_costs_nothing(tenant: Tenant) -> None:
    """The same token with the same key: the same factor. With another key: 60313."""
    bearer = await tenant.bearer()
    phone = await tenant.enrol(bearer)
    again = await tenant.enrol(bearer, phone.key)
    assert again.factor == phone.factor
    assert await code_of(tenant.enrol(bearer)) == 60313


async def test_a_refused_request_does_not_spend_the_token(tenant: Tenant) -> None:
    """Contract section 10, *Access token*."""
    bearer = await tenant.bearer()
    assert await code_of(tenant.enrol(bearer, binding_public_key="x")) == 60314
    assert await code_of(tenant.enrol(bearer, notification_platform="fcm", notification_token=FCM_TOKEN)) == 52004
    assert (await tenant.enrol(bearer)).sid


async def test_a_token_is_good_for_its_own_place_only(tenant: Tenant) -> None:
    """Another identity, another service: 60313."""
    bearer = await tenant.bearer()
    other = await tenant.create_service("Other")
    assert await code_of(tenant.enrol(bearer, identity="somebody-else")) == 60313
    assert await code_of(tenant.enrol(bearer, service_sid=other.sid)) == 60313


async def test_a_token_stays_spent_after_its_factor_or_entity_was_deleted(tenant: Tenant) -> None:
    """60313, also with the same key."""
    bearer = await tenant.bearer()
    phone = await tenant.enrol(bearer)
    await phone.delete()
    assert await code_of(tenant.enrol(bearer, phone.key)) == 60313
    await tenant.delete_entity()
    assert await code_of(tenant.enrol(bearer, phone.key)) == 60313


async def test_an_unspent_token_does_not_bring_a_deleted_entity_back(tenant: Tenant) -> None:
    """60313 for a token issued before; one issued since enrols the identity anew."""
    unborn = await tenant.bearer()
    await tenant.enrol()
    living = await tenant.bearer()
    await tenant.delete_entity()
    assert await code_of(tenant.enrol(unborn)) == 60313
    assert await code_of(tenant.enrol(living)) == 60313
    assert (await tenant.enrol(await tenant.bearer())).sid


async def test_a_token_enrols_one_factor_however_often_it_is_raced(world: World, tenant: Tenant) -> None:
    """Sixteen devices through two processes, one token: one winner, 60313 for all others."""
    bearer = await tenant.bearer()
    async with world.process() as other_process:
        other = tenant.asking_with(other_process)
        results = await asyncio.gather(
            *((tenant, other)[number % 2].enrol(bearer) for number in range(16)), return_exceptions=True
        )
    refused = [result.code for result in results if isinstance(result, PushwardError)]
    assert refused == [60313] * 15
    assert len(await tenant.factors()) == 1


async def test_the_same_key_is_refused_among_siblings(tenant: Tenant) -> None:
    """60317 within the entity; elsewhere it is nobody's business."""
    phone = await tenant.enrol()
    assert await code_of(tenant.enrol(key=phone.key)) == 60317
    assert (await tenant.enrol(key=phone.key, identity="somebody-else")).sid


async def test_other_types_say_that_they_are_not_there_yet(tenant: Tenant) -> None:
    """60306 with a message that says so."""
    with pytest.raises(PushwardError, match="isn't available in this release") as raised:
        await tenant.enrol(factor_type="passkeys")
    assert raised.value.code == 60306


async def test_a_factor_is_changed_in_place(tenant: Tenant) -> None:
    """Name and push configuration; what is the same already records nothing."""
    await tenant.update_service(push_fcm_credential_sid=CR)
    phone = await tenant.enrol()
    changed = await phone.update(
        friendly_name="Tablet", notification_platform="fcm", notification_token=FCM_TOKEN, sdk_version="1.1"
    )
    assert (changed.friendly_name, changed.push.notification_token, changed.push.sdk_version) == (
        "Tablet",
        FCM_TOKEN,
        "1.1",
    )
    before = (await tenant.live_factor(phone.sid)).entity_version
    same = await phone.update(friendly_name="Tablet", notification_token=FCM_TOKEN)
    assert same == changed
    assert (await tenant.live_factor(phone.sid)).entity_version == before


async def test_wrong_proofs_change_nothing_and_late_ones_are_ignored(tenant: Tenant) -> None:
    """60311 while unverified; 200 once verified."""
    phone, other = await tenant.enrol(), await tenant.enrol()
    for proof in (other.proof, "AAAA", "not base64!"):
        assert await code_of(phone.update(auth_payload=proof)) == 60311
    await phone.verify()
    assert (await phone.update(auth_payload="AAAA")).status == common_pb2.FACTOR_STATUS_VERIFIED


async def test_deleting_a_factor_hides_it_at_once(tenant: Tenant) -> None:
    """60390 for each rpc; its siblings stay."""
    phone, other = await tenant.enrol(), await tenant.enrol()
    await phone.delete()
    for call in (phone.get(), phone.verify(), phone.delete(), tenant.live_factor(phone.sid)):
        assert await code_of(call) == 60390
    assert await tenant.factors() == [other.sid]


async def test_factors_are_listed_page_by_page(tenant: Tenant) -> None:
    """In the order of their creation."""
    phones = [await tenant.enrol() for _ in range(3)]
    assert await tenant.factors(size=2) == [phone.sid for phone in phones[:2]]
    assert await code_of(tenant.factors(size=1001)) == 60373


async def test_every_sid_must_belong_to_all_its_parents(world: World, registry: RegistryStub, tenant: Tenant) -> None:
    """Foreign accounts, services, identities and shards that don't exist: 404, as if nothing were there."""
    phone = await tenant.enrol()
    stranger = await world.new_tenant(registry)
    other = await tenant.create_service("Other")
    assert await code_of(phone.get(stranger.principal)) == 20404
    assert await code_of(phone.get(service_sid=other.sid)) == 60392
    assert await code_of(phone.get(identity="somebody-else")) == 60392
    assert await code_of(phone.get(identity="x")) == 60392
    assert await code_of(phone.get(service_sid="VA" + "f" * 32)) == 20404
    assert await code_of(phone.get(service_sid=phone.sid)) == 20404
    assert await code_of(phone.get(factor_sid="YF" + "f" * 32)) == 60390
    assert await code_of(phone.get(factor_sid=tenant.service_sid)) == 60390
    await tenant.enrol(identity="somebody-else")
    assert await code_of(phone.get(identity="somebody-else")) == 60390
    assert (await phone.get(service_sid="VA" + tenant.service_sid[2:].upper())).sid == phone.sid
