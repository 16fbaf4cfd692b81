"""Credentials of accounts: a token that rotates, API keys, an account that is disabled."""

import asyncio
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import envelope_pb2, types_pb2
from pushward.api.registry.v1 import registry_pb2 as pb
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.errors import ConflictError, NotFoundError, UnauthenticatedError
from pushward.eventlog import replay
from services.registry.adapters.aggregates import AGGREGATES
from services.registry.adapters.log import ROLE
from services.registry.domain.decider.api_key import API_KEYS_MAX
from services.registry.wiring import operated_accounts, operated_api_keys
from tests.integration.registry.conftest import World
from tests.integration.registry.tenant import FCM_TOKEN, Tenant, code_of
from tests.integration.registry.test_principals import refused_with, seconds
from tests.support.waiting import until

URL = "https://example.com/hook"
FORM = {"uuid": "1", "type": "factor.created"}


async def create_key(tenant: Tenant, **members: Any) -> pb.ApiKey:
    """A new API key of the tenant's. Any: the request's fields."""
    return await tenant.registry.CreateApiKey(pb.CreateApiKeyRequest(**{"context": tenant.by()} | members))


async def get_key(tenant: Tenant, sid: str, by: common_pb2.Principal | None = None) -> pb.ApiKey:
    """An API key."""
    return await tenant.registry.GetApiKey(pb.GetApiKeyRequest(context=tenant.by(by), api_key_sid=sid))


async def list_keys(tenant: Tenant, by: common_pb2.Principal | None = None, **page: Any) -> pb.ListApiKeysReply:
    """A page of API keys. Any: the page's fields."""
    request = pb.ListApiKeysRequest(context=tenant.by(by), page=common_pb2.PageRequest(**page))
    return await tenant.registry.ListApiKeys(request)


async def revoke_key(tenant: Tenant, sid: str, by: common_pb2.Principal | None = None) -> None:
    """No such API key any more."""
    await tenant.registry.RevokeApiKey(pb.RevokeApiKeyRequest(context=tenant.by(by), api_key_sid=sid))


async def signed_with(tenant: Tenant, auth_token: str) -> bool:
    """Whether the tenant's webhooks are signed with this token now."""
    request = pb.SignWebhookRequest(
        account_sid=tenant.account_sid, service_sid=tenant.service_sid, url=URL, fields=FORM
    )
    signature = (await tenant.registry.SignWebhook(request)).signature
    return bool(RequestValidator(auth_token).validate(URL, FORM, signature))


async def is_known(tenant: Tenant, username: str, password: str) -> bool:
    """Whether the credentials are accepted now."""
    try:
        await tenant.authenticate(username, password)
    except UnauthenticatedError:
        return False
    return True


async def until_known(tenant: Tenant, username: str, password: str, *, known: bool) -> None:
    """Waits until the process has noticed; it remembers a credential for a second at most."""

    async def noticed() -> bool:
        return await is_known(tenant, username, password) is known

    await until(noticed)


async def test_a_token_rotates_with_an_overlap(world: World, tenant: Tenant) -> None:
    """Both are accepted until the new one is promoted; then webhooks are signed with it and the old one is refused."""
    sid, first = tenant.account_sid, tenant.auth_token
    async with operated_accounts(world.settings, world.keys) as accounts:
        second = (await accounts.begin_rotation(sid)).secondary_auth_token.reveal()
        await until_known(tenant, sid, second, known=True)
        assert (await tenant.authenticate(sid, first)) == (await tenant.authenticate(sid, second)) == tenant.principal
        assert await signed_with(tenant, first)
        assert (await accounts.promote(sid)).rotating is False
        assert await signed_with(tenant, second)
        await until_known(tenant, sid, first, known=False)
        assert await is_known(tenant, sid, second)
        async with world.process() as other:
            assert await refused_with(tenant.asking_with(other), sid, first) == 20003


async def test_a_cancelled_rotation_leaves_the_first_token(world: World, tenant: Tenant) -> None:
    """The second one is refused; the next rotation makes another."""
    sid = tenant.account_sid
    async with operated_accounts(world.settings, world.keys) as accounts:
        second = (await accounts.begin_rotation(sid)).secondary_auth_token.reveal()
        await until_known(tenant, sid, second, known=True)
        await accounts.cancel_rotation(sid)
        await until_known(tenant, sid, second, known=False)
        assert await is_known(tenant, sid, tenant.auth_token)
        assert await signed_with(tenant, tenant.auth_token)
        assert (await accounts.begin_rotation(sid)).secondary_auth_token.reveal() != second


async def test_of_two_rotations_at_once_one_is_refused(world: World, tenant: Tenant) -> None:
    """So nobody is told a token that isn't accepted."""
    sid = tenant.account_sid
    async with (
        operated_accounts(world.settings, world.keys) as one,
        operated_accounts(world.settings, world.keys) as other,
    ):
        done = await asyncio.gather(one.begin_rotation(sid), other.begin_rotation(sid), return_exceptions=True)
        (begun,) = [result for result in done if not isinstance(result, BaseException)]
        (refused,) = [result for result in done if isinstance(result, BaseException)]
        assert isinstance(refused, ConflictError)
        await until_known(tenant, sid, begun.secondary_auth_token.reveal(), known=True)


async def test_operators_are_told_of_accounts_that_are_not_there(world: World) -> None:
    """A well-formed SID, one of a shard that isn't there, and no SID at all."""
    async with operated_accounts(world.settings, world.keys) as accounts:
        for sid in ("AC" + "0" * 32, "AC" + "f" * 32, "VA" + "0" * 32, ""):
            for command in (accounts.begin_rotation, accounts.promote, accounts.disable, accounts.enable):
                with pytest.raises(NotFoundError, match="The account was not found"):
                    await command(sid)


async def test_every_account_is_listed_by_its_creation(world: World, registry: RegistryStub) -> None:
    """Whatever state it is in."""
    created = [(await world.new_tenant(registry)).account_sid for _ in range(3)]
    async with operated_accounts(world.settings, world.keys) as accounts:
        await accounts.begin_rotation(created[1])
        await accounts.disable(created[2])
        listed = await accounts.all()
    assert [account.sid for account in listed] == created
    assert [(account.rotating, account.disabled) for account in listed] == [
        (False, False),
        (True, False),
        (False, True),
    ]


async def test_an_api_key_is_its_account_by_another_name(world: World, tenant: Tenant) -> None:
    """The principal says which credential it was, and so does the envelope of what it does."""
    key = await create_key(tenant, friendly_name="Billing")
    assert ids.shard_of_sid(key.sid) == ids.shard_of_sid(tenant.account_sid)
    principal = await tenant.authenticate(key.sid, key.secret)
    expected = common_pb2.AccountPrincipal(account_sid=tenant.account_sid, credential_sid=key.sid)
    assert principal.account == expected
    request = pb.CreateServiceRequest(context=tenant.by(principal), patch=pb.ServicePatch(friendly_name="By key"))
    service = await tenant.registry.CreateService(request)
    assert service.account_sid == tenant.account_sid
    (event,) = await world.reader.read_stream(ids.stream_of_sid(service.sid))
    envelope = envelope_pb2.Envelope.FromString(event.envelope)
    assert (envelope.actor.kind, envelope.actor.sid) == (envelope_pb2.Actor.KIND_ACCOUNT, key.sid)
    assert envelope.account_sid == tenant.account_sid


async def test_an_api_key_takes_its_own_secret_alone(world: World, registry: RegistryStub, tenant: Tenant) -> None:
    """20003 for its account's token, another key's secret, another account's key of the same digits, nothing."""
    key, other = await create_key(tenant), await create_key(tenant)
    for username, password in (
        (key.sid, other.secret),
        (key.sid, tenant.auth_token),
        (tenant.account_sid, key.secret),
        (key.sid, ""),
        ("SK" + "0" * 32, key.secret),
        ("SK" + "f" * 32, key.secret),
        ("SK", key.secret),
        ("AC" + key.sid[2:], key.secret),
        ("SK" + tenant.account_sid[2:], tenant.auth_token),
    ):
        assert await refused_with(tenant, username, password) == 20003
    assert await is_known(tenant, key.sid, key.secret)
    assert await is_known(tenant, "SK" + key.sid[2:].upper(), key.secret)


async def test_a_revoked_api_key_is_refused_for_good(world: World, tenant: Tenant) -> None:
    """Within a second where it was used, at once where it wasn't; it is 404 itself, and nothing brings it back."""
    key, other = await create_key(tenant), await create_key(tenant)
    assert await is_known(tenant, key.sid, key.secret)
    await revoke_key(tenant, key.sid)
    await until_known(tenant, key.sid, key.secret, known=False)
    async with world.process() as another:
        assert await refused_with(tenant.asking_with(another), key.sid, key.secret) == 20003
    assert await code_of(get_key(tenant, key.sid)) == 20404
    assert await code_of(revoke_key(tenant, key.sid)) == 20404
    assert [listed.sid for listed in (await list_keys(tenant)).api_keys] == [other.sid]
    assert await is_known(tenant, other.sid, other.secret)


async def test_a_secret_is_told_once_and_kept_by_nobody(world: World, tenant: Tenant) -> None:
    """Neither it nor the name is in the table or in the event; the name is shown to who owns it."""
    key = await create_key(tenant, friendly_name="Billing of Zoë")
    fetched = await get_key(tenant, key.sid)
    assert not fetched.HasField("secret")
    assert (fetched.friendly_name, fetched.date_created) == ("Billing of Zoë", key.date_created)
    row = await world.database.fetchrow("SELECT * FROM registry.api_key WHERE sid = $1", key.sid)
    assert row is not None
    events = await world.reader.read_stream(ids.stream_of_sid(tenant.account_sid))
    kept = b"".join([row["friendly_name"], row["secret_digest"], *(event.payload for event in events)])
    assert key.secret.encode() not in kept
    assert "Zoë".encode() not in kept


async def test_api_keys_are_listed_by_pages(tenant: Tenant) -> None:
    """In the order of their creation."""
    created = [(await create_key(tenant, friendly_name=f"{number}")).sid for number in range(5)]
    first = await list_keys(tenant, size=3)
    rest = await list_keys(tenant, size=3, token=first.page.next_token)
    assert [key.sid for key in (*first.api_keys, *rest.api_keys)] == created
    assert (rest.page.next_token, rest.page.previous_token != "") == ("", True)
    assert await code_of(list_keys(tenant, size=1001)) == 60373


async def test_an_api_key_does_not_manage_api_keys(world: World, tenant: Tenant) -> None:
    """Nor do devices and bearers: 20403. One that leaked could otherwise outlive its revocation."""
    key = await create_key(tenant)
    phone = await tenant.enrol()
    principals = (
        await tenant.authenticate(key.sid, key.secret),
        await tenant.authenticate("token", phone.token(await seconds(world))),
        await tenant.bearer(),
    )
    for by in principals:
        assert await code_of(create_key(tenant, context=tenant.by(by))) == 20403
        assert await code_of(get_key(tenant, key.sid, by)) == 20403
        assert await code_of(revoke_key(tenant, key.sid, by)) == 20403
        assert await code_of(list_keys(tenant, by)) == 20403
    assert [listed.sid for listed in (await list_keys(tenant)).api_keys] == [key.sid]


async def test_another_accounts_api_keys_are_not_there(world: World, registry: RegistryStub, tenant: Tenant) -> None:
    """20404 to read and to revoke, over the wire and at the command line, and no list has them."""
    key = await create_key(tenant)
    stranger = await world.new_tenant(registry)
    for sid in (key.sid, "SK" + "0" * 32, "SK" + "f" * 32, "YK" + key.sid[2:], ""):
        assert await code_of(get_key(stranger, sid)) == 20404
        assert await code_of(revoke_key(stranger, sid)) == 20404
    assert list((await list_keys(stranger)).api_keys) == []
    async with operated_api_keys(world.settings, world.keys, stranger.account_sid) as api_keys:
        assert await code_of(api_keys.revoke(key.sid)) == 20404
    assert await is_known(tenant, key.sid, key.secret)


async def test_names_of_api_keys_are_bounded(tenant: Tenant) -> None:
    """64 characters at most; none is a name, too."""
    assert (await create_key(tenant)).friendly_name == ""
    assert (await create_key(tenant, friendly_name="ß" * 64)).friendly_name == "ß" * 64
    assert await code_of(create_key(tenant, friendly_name="x" * 65)) == 60300


async def test_parallel_creations_do_not_pass_the_limit(world: World, tenant: Tenant) -> None:
    """In two processes: as many as there is room for are made, the others are refused by name."""
    room = 3
    for _ in range(API_KEYS_MAX - room):
        await create_key(tenant)
    async with world.process() as other_process:
        other = tenant.asking_with(other_process)
        attempts = [create_key(asking) for _ in range(4) for asking in (tenant, other)]
        done = await asyncio.gather(*attempts, return_exceptions=True)
    made = [result for result in done if isinstance(result, pb.ApiKey)]
    refused = [result.code for result in done if isinstance(result, ConflictError)]
    assert (len(made), refused) == (room, [20409] * (len(attempts) - room))
    assert len((await list_keys(tenant)).api_keys) == API_KEYS_MAX
    await revoke_key(tenant, made[0].sid)
    another = await create_key(tenant)
    assert await is_known(tenant, another.sid, another.secret)


async def test_an_operator_creates_lists_and_revokes_api_keys(world: World, tenant: Tenant) -> None:
    """As the account could itself; the log says that it was an operator."""
    async with operated_api_keys(world.settings, world.keys, tenant.account_sid) as api_keys:
        key = await api_keys.create("Made by an operator")
        assert await is_known(tenant, key.sid, key.secret)
        assert [(listed.sid, listed.friendly_name) for listed in await api_keys.all()] == [
            (key.sid, "Made by an operator")
        ]
        await api_keys.revoke(key.sid)
        assert await api_keys.all() == []
    await until_known(tenant, key.sid, key.secret, known=False)
    events = await world.reader.read_stream(ids.stream_of_sid(tenant.account_sid))
    actors = [envelope_pb2.Envelope.FromString(event.envelope).actor for event in events]
    assert {(actor.kind, actor.sid) for actor in actors} == {(envelope_pb2.Actor.KIND_SYSTEM, "operator")}


async def test_a_disabled_account_is_unknown_within_a_second(
    world: World, registry: RegistryStub, tenant: Tenant
) -> None:
    """Its backends, its devices, its access tokens: 401. Nothing is signed or pushed for it, until it is enabled."""
    await tenant.update_service(push_fcm_credential_sid="CR" + "f" * 32)
    phone = await tenant.enrol(notification_platform="fcm", notification_token=FCM_TOKEN)
    issued, key = await tenant.access_token(), await create_key(tenant)
    push = pb.GetPushTargetRequest(factor_sid=phone.sid)
    backends = ((tenant.account_sid, tenant.auth_token), (key.sid, key.secret))
    assert [await is_known(tenant, *backend) for backend in backends] == [True, True]

    async with operated_accounts(world.settings, world.keys) as accounts:
        assert (await accounts.disable(tenant.account_sid)).disabled
        assert (await accounts.disable(tenant.account_sid)).disabled
        async with world.process() as other_process:
            other = tenant.asking_with(other_process)
            assert [await refused_with(other, *backend) for backend in backends] == [20003, 20003]
        for backend in backends:
            await until_known(tenant, *backend, known=False)
        assert await refused_with(tenant, "token", phone.token(await seconds(world))) == 20003
        assert await refused_with(tenant, "token", issued.token) == 20101
        assert await code_of(signed_with(tenant, tenant.auth_token)) == 20403
        assert await code_of(registry.GetPushTarget(push)) == 60390

        assert not (await accounts.enable(tenant.account_sid)).disabled
    for backend in backends:
        await until_known(tenant, *backend, known=True)
    assert await is_known(tenant, "token", phone.token(await seconds(world)))
    assert await is_known(tenant, "token", issued.token)
    assert await signed_with(tenant, tenant.auth_token)
    assert (await registry.GetPushTarget(push)).token == FCM_TOKEN
    types = [event.type for event in await world.reader.read_stream(ids.stream_of_sid(tenant.account_sid))]
    assert types[-2:] == [types_pb2.EVENT_TYPE_ACCOUNT_DISABLED, types_pb2.EVENT_TYPE_ACCOUNT_ENABLED]


async def test_what_happened_to_an_account_can_be_replayed(world: World, tenant: Tenant) -> None:
    """The rows of tokens and keys are what the log amounts to."""
    kept, revoked = await create_key(tenant, friendly_name="kept"), await create_key(tenant)
    await revoke_key(tenant, revoked.sid)
    async with operated_accounts(world.settings, world.keys) as accounts:
        await accounts.begin_rotation(tenant.account_sid)
        await accounts.promote(tenant.account_sid)
        await accounts.begin_rotation(tenant.account_sid)
        await accounts.disable(tenant.account_sid)
    report = await replay.check(world.url, ROLE, AGGREGATES)
    assert [str(difference) for difference in report.differences] == []
    assert report.rows == 2 + 1 + 1
    assert [key.sid for key in (await list_keys(tenant)).api_keys] == [kept.sid]
