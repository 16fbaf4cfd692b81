"""ForgetEntity: what was sealed of an identity opens no more, whoever died in between; the rest goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from pushward import ids
from pushward.api.events.v1 import types_pb2
from pushward.api.registry.v1 import registry_pb2 as pb
from pushward.database.pool import Database
from pushward.errors import NotFoundError, UnavailableError
from pushward.eventlog import replay
from pushward.security.kek import KEK_BYTES, FileKeyEncryption
from pushward.security.key_store_postgres import KEYS_ROLE, PostgresKeyStore
from pushward.security.keys import KeyDestroyedError, KeyFate, KeyRing, WrappedKey
from services.registry.adapters.aggregates import AGGREGATES
from services.registry.adapters.log import ROLE
from services.registry.wiring import destroy_forgotten, forget_entity
from tests.integration.registry.conftest import World
from tests.integration.registry.tenant import FCM_TOKEN, Phone, Tenant, code_of
from tests.support.databases import SHARDS
from tests.support.waiting import eventually

CR = "CR" + "f" * 32
FORGOTTEN = types_pb2.EVENT_TYPE_ENTITY_FORGOTTEN


async def forget(tenant: Tenant, **members: Any) -> pb.ForgetEntityReply:
    """The identity is forgotten. Any: the request's fields."""
    return await tenant.registry.ForgetEntity(pb.ForgetEntityRequest(**tenant.at(**members)))


async def enrolled(tenant: Tenant) -> Phone:
    """A phone with all that is sealed of one."""
    await tenant.update_service(push_fcm_credential_sid=CR)
    return await tenant.enrol(
        notification_platform="fcm", notification_token=FCM_TOKEN, metadata_json='{"owner": "Jo"}'
    )


async def key_of(tenant: Tenant, phone: Phone) -> UUID:
    """The data key of a phone's entity."""
    return UUID(bytes=(await tenant.live_factor(phone.sid)).key_id)


class InterruptedKeyStore(PostgresKeyStore):
    """Lets something happen once, right after it was first asked for a key, before it answers."""

    def __init__(self, database: Database, interruption: Callable[[], Awaitable[object]]) -> None:
        super().__init__(database)
        self._interruption: Callable[[], Awaitable[object]] | None = interruption

    async def get(self, key_id: UUID) -> WrappedKey | None:
        """The key as it was before the interruption."""
        found, interruption = await super().get(key_id), self._interruption
        self._interruption = None
        if interruption is not None:
            await interruption()
        return found


async def shown(tenant: Tenant, issued: pb.AccessToken) -> pb.AccessToken:
    """An access token as its account reads it."""
    request = pb.GetAccessTokenRequest(context=tenant.by(), service_sid=tenant.service_sid, access_token_sid=issued.sid)
    return await tenant.registry.GetAccessToken(request)


async def is_destroyed(world: World, key_id: UUID) -> bool:
    """Whether the key store holds no more than a tombstone."""
    return await world.keys.fate(key_id) is KeyFate.DESTROYED


def stream_of(tenant: Tenant) -> UUID:
    """The identity's stream."""
    return ids.entity_stream(tenant.service_sid, tenant.identity, SHARDS)


async def events_of(world: World, tenant: Tenant) -> list[int]:
    """The types of the identity's events."""
    return [event.type for event in await world.reader.read_stream(stream_of(tenant))]


async def test_a_forgotten_entity_is_deleted_and_its_key_destroyed(world: World, tenant: Tenant) -> None:
    """One append; all reads are 404, its device is unknown; the key's row stays, empty."""
    phone = await enrolled(tenant)
    entity, key_id = await tenant.get_entity(), await key_of(tenant, phone)
    done = await forget(tenant)
    assert list(done.entity_sids) == [entity.sid]
    assert await is_destroyed(world, key_id)
    assert (await events_of(world, tenant))[-3:] == [
        types_pb2.EVENT_TYPE_FACTOR_DELETED,
        types_pb2.EVENT_TYPE_ENTITY_DELETED,
        FORGOTTEN,
    ]
    assert await code_of(tenant.get_entity()) == 60392
    assert await code_of(phone.get()) == 60392
    assert await code_of(tenant.factors()) == 60392
    assert await code_of(tenant.live_factor(phone.sid)) == 60392
    assert await code_of(tenant.registry.GetPushTarget(pb.GetPushTargetRequest(factor_sid=phone.sid))) == 60390
    with pytest.raises(KeyDestroyedError):
        await world.keys.get(key_id)


async def test_forgetting_again_finds_nothing_new(world: World, tenant: Tenant) -> None:
    """No second event, no error."""
    await tenant.enrol()
    await forget(tenant)
    before = await events_of(world, tenant)
    again = await forget(tenant)
    assert (list(again.entity_sids), len(again.key_ids)) == ([], 1)
    assert await events_of(world, tenant) == before


async def test_a_job_that_was_left_half_done_is_finished_by_the_subscriber(world: World, tenant: Tenant) -> None:
    """The event is in the log, and whoever appended it couldn't destroy the key any more: destroyed all the same."""
    phone = await tenant.enrol()
    key_id = await key_of(tenant, phone)
    nowhere = Database("postgresql://127.0.0.1:1/nowhere", KEYS_ROLE, "test-nowhere", size_max=1)
    keys = KeyRing(PostgresKeyStore(nowhere), FileKeyEncryption(bytes(KEK_BYTES)))
    with pytest.raises(UnavailableError):
        await forget_entity(world.settings, keys, tenant.service_sid, tenant.identity)
    await nowhere.close()
    assert (await events_of(world, tenant))[-1] == FORGOTTEN
    await eventually(lambda: is_destroyed(world, key_id), True)


async def test_a_job_that_was_left_half_done_is_finished_by_the_command(world: World) -> None:
    """Also where no process of the service runs that would follow the log."""
    async with world.process() as registry:
        tenant = await world.new_tenant(registry)
        key_id = await key_of(tenant, await tenant.enrol())
        await forget(tenant)
    await world.restore_key(key_id)
    assert not await is_destroyed(world, key_id)
    done = await forget_entity(world.settings, world.keys, tenant.service_sid, tenant.identity)
    assert (done.entity_sids, done.key_ids) == ((), (key_id,))
    assert await is_destroyed(world, key_id)


async def test_a_restored_key_store_forgets_again(world: World) -> None:
    """A backup still had the keys: the log says which have to be destroyed, of every shard."""
    keys = []
    async with world.process() as registry:
        tenant = await world.new_tenant(registry)
        for number in range(2 * SHARDS):
            tenant.identity = f"user-{number:08}"
            keys.append(await key_of(tenant, await tenant.enrol()))
            await forget(tenant)
        tenant.identity = "still-there"
        kept = await key_of(tenant, await tenant.enrol())
    for key_id in keys:
        await world.restore_key(key_id)
    assert await destroy_forgotten(world.settings, world.keys) == len(keys)
    assert all([await is_destroyed(world, key_id) for key_id in keys])
    assert not await is_destroyed(world, kept)


async def test_all_lives_of_an_identity_are_forgotten(world: World, tenant: Tenant) -> None:
    """Each had a key of its own; deleting alone destroyed none."""
    keys, sids = [], []
    for _ in range(2):
        keys.append(await key_of(tenant, await tenant.enrol()))
        sids.append((await tenant.get_entity()).sid)
        await tenant.delete_entity()
    assert keys[0] != keys[1]
    assert not any([await is_destroyed(world, key_id) for key_id in keys])
    done = await forget(tenant)
    assert list(done.entity_sids) == sids
    assert all([await is_destroyed(world, key_id) for key_id in keys])


async def test_an_identity_lives_again_with_a_new_key(world: World, tenant: Tenant) -> None:
    """What was forgotten stays so; what comes after can be read, and the state tables are what a replay says."""
    first = await key_of(tenant, await tenant.enrol())
    await forget(tenant)
    phone = await tenant.enrol(friendly_name="New phone")
    assert await key_of(tenant, phone) != first
    assert (await phone.get()).friendly_name == "New phone"
    report = await replay.check(world.url, ROLE, AGGREGATES)
    assert not report.differences


async def test_a_name_in_an_access_token_is_forgotten_before_anybody_enrolled(world: World, tenant: Tenant) -> None:
    """Nobody has the identity yet: it is forgotten all the same, and the token enrols nobody any more."""
    issued = await tenant.access_token(factor_friendly_name="Jo's phone")
    bearer = await tenant.authenticate("token", issued.token)
    done = await forget(tenant)
    assert list(done.entity_sids) == []
    assert await is_destroyed(world, ids.entity_key(stream_of(tenant), 0))
    assert not (await shown(tenant, issued)).HasField("factor_friendly_name")
    assert await code_of(tenant.enrol(bearer)) == 60313
    anew = await tenant.access_token(factor_friendly_name="Jo's other phone")
    assert anew.factor_friendly_name == "Jo's other phone"


async def test_a_name_sealed_while_its_identity_is_forgotten_is_forgotten_too(world: World, tenant: Tenant) -> None:
    """Its key was made, and the token appended, after the forgetting had looked for keys and before it was appended."""
    await tenant.enrol()
    await tenant.delete_entity()
    names: list[pb.AccessToken] = []

    async def name() -> None:
        names.append(await tenant.access_token(factor_friendly_name="Jo's phone"))

    keys = KeyRing(InterruptedKeyStore(world.keys_database, name), FileKeyEncryption(bytes(KEK_BYTES)))
    await forget_entity(world.settings, keys, tenant.service_sid, tenant.identity)
    (issued,) = names
    assert issued.factor_friendly_name == "Jo's phone"
    assert await is_destroyed(world, ids.entity_key(stream_of(tenant), 1))

    async def is_named() -> bool:
        return (await shown(tenant, issued)).HasField("factor_friendly_name")

    await eventually(is_named, False)


async def test_a_name_that_comes_after_the_forgetting_is_sealed_with_another_key(world: World, tenant: Tenant) -> None:
    """The key that it would have had is a tombstone, though nobody had made it."""
    await tenant.enrol()
    await tenant.delete_entity()
    await forget(tenant)
    assert await is_destroyed(world, ids.entity_key(stream_of(tenant), 1))
    issued = await tenant.access_token(factor_friendly_name="Jo's phone")
    assert (await shown(tenant, issued)).factor_friendly_name == "Jo's phone"
    assert await world.keys.fate(ids.entity_key(stream_of(tenant), 2)) is KeyFate.LIVING


async def test_an_identity_that_a_restored_log_knows_nothing_of_is_usable_once_forgotten_again(
    world: World, tenant: Tenant
) -> None:
    """Created, deleted and forgotten in a history that is lost: of it the key store has the tombstones."""
    spent = [ids.entity_key(stream_of(tenant), generation) for generation in range(3)]
    for key_id in spent:
        await world.keys.destroy(key_id)
    assert await code_of(tenant.enrol()) == 20503
    assert await code_of(tenant.access_token(factor_friendly_name="Jo's phone")) == 20503
    done = await forget(tenant)
    assert [UUID(bytes=key_id) for key_id in done.key_ids] == spent
    assert await events_of(world, tenant) == 3 * [FORGOTTEN]
    issued = await tenant.access_token(factor_friendly_name="Jo's phone")
    assert issued.factor_friendly_name == "Jo's phone"
    phone = await tenant.enrol(await tenant.authenticate("token", issued.token))
    assert (await phone.get()).friendly_name == "Jo's phone"
    assert not (await replay.check(world.url, ROLE, AGGREGATES)).differences


async def test_who_lives_in_a_restored_log_with_a_destroyed_key_is_forgotten_again(
    world: World, tenant: Tenant
) -> None:
    """Forgotten, enrolled anew and forgotten in a history that is lost: the next life has a key that can seal."""
    phone = await tenant.enrol()
    entity = await tenant.get_entity()
    spent = [await key_of(tenant, phone), ids.entity_key(stream_of(tenant), 2)]
    for key_id in spent:
        await world.keys.destroy(key_id)
    assert await code_of(phone.get()) == 20404
    done = await forget(tenant)
    assert (list(done.entity_sids), [UUID(bytes=key_id) for key_id in done.key_ids]) == ([entity.sid], spent)
    assert await code_of(tenant.get_entity()) == 60392
    again = await tenant.enrol(friendly_name="New phone")
    assert (await again.get()).friendly_name == "New phone"
    assert await key_of(tenant, again) == ids.entity_key(stream_of(tenant), 3)
    assert not (await replay.check(world.url, ROLE, AGGREGATES)).differences


async def test_who_never_was_is_not_found(tenant: Tenant) -> None:
    """60392 for an identity, 20404 for a service, also somebody else's."""
    assert await code_of(forget(tenant)) == 60392
    assert await code_of(forget(tenant, identity="x")) == 60392
    assert await code_of(forget(tenant, service_sid="VA" + "0" * 32)) == 20404


async def test_a_foreign_account_forgets_nobody(world: World, tenant: Tenant) -> None:
    """20404; the entity lives on."""
    await tenant.enrol()
    stranger = await world.new_tenant(tenant.registry)
    assert await code_of(forget(stranger, service_sid=tenant.service_sid, identity=tenant.identity)) == 20404
    assert (await tenant.get_entity()).identity == tenant.identity


async def test_a_device_forgets_nobody(tenant: Tenant) -> None:
    """20403."""
    bearer = await tenant.bearer()
    assert await code_of(forget(tenant, by=bearer)) == 20403


async def test_below_a_deleted_service_somebody_can_be_forgotten(world: World, tenant: Tenant) -> None:
    """Whether the reaper was there before or not."""
    key_id = await key_of(tenant, await tenant.enrol())
    await tenant.delete_service()
    done = await forget(tenant)
    assert len(done.entity_sids) == 1
    assert await is_destroyed(world, key_id)


async def test_the_command_line_forgets_for_whosever_service(world: World, tenant: Tenant) -> None:
    """The operator names the service and the identity, no account."""
    key_id = await key_of(tenant, await tenant.enrol())
    done = await forget_entity(world.settings, world.keys, tenant.service_sid, tenant.identity)
    assert done.key_ids == (key_id,)
    with pytest.raises(NotFoundError):
        await forget_entity(world.settings, world.keys, "VA" + "0" * 32, tenant.identity)


async def test_commands_race_with_the_forgetting_and_leave_nothing_readable(world: World, tenant: Tenant) -> None:
    """Whatever was sealed with a destroyed key was appended before the event that names it."""
    for _ in range(5):
        tenant.identity = f"user-{uuid4()}"
        await tenant.enrol()
        outcomes = await asyncio.gather(
            forget(tenant),
            *(tenant.access_token(factor_friendly_name=f"phone {n}") for n in range(4)),
            tenant.enrol(),
            return_exceptions=True,
        )
        assert isinstance(outcomes[0], pb.ForgetEntityReply)
        done = await forget(tenant)
        report = await replay.check(world.url, ROLE, AGGREGATES)
        assert not report.differences, done
        rows = await world.database.fetch("SELECT sid FROM registry.access_token WHERE identity = $1", tenant.identity)
        for row in rows:
            request = pb.GetAccessTokenRequest(
                context=tenant.by(), service_sid=tenant.service_sid, access_token_sid=row["sid"]
            )
            assert not (await tenant.registry.GetAccessToken(request)).HasField("factor_friendly_name")
