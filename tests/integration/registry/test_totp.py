"""TOTP factors through registry's rpcs: a secret agreed on, verified by a code, and codes that count once."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import types_pb2
from pushward.api.registry.v1 import registry_pb2 as pb
from pushward.eventlog import replay
from pushward.security.totp import secret_of, secret_text
from services.registry.adapters.aggregates import AGGREGATES
from services.registry.adapters.log import ROLE
from tests.integration.registry.conftest import World
from tests.integration.registry.tenant import Tenant, code_of
from tests.support.authenticator import Authenticator
from tests.unit.security import tokens

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
UNVERIFIED, VERIFIED = common_pb2.FACTOR_STATUS_UNVERIFIED, common_pb2.FACTOR_STATUS_VERIFIED


@dataclass
class TotpFactor:
    """A factor, and an authenticator that was set up with it."""

    tenant: Tenant
    factor: pb.Factor
    app: Authenticator

    async def update(self, by: common_pb2.Principal | None = None, **members: Any) -> pb.Factor:
        """The factor, changed. Any: the request's fields, here and below."""
        request = pb.UpdateFactorRequest(**self.tenant.at(by, factor_sid=self.factor.sid) | members)
        return await self.tenant.registry.UpdateFactor(request)

    async def get(self) -> pb.Factor:
        """The factor as it is now."""
        return await self.tenant.registry.GetFactor(pb.GetFactorRequest(**self.tenant.at(factor_sid=self.factor.sid)))

    async def check(self, code: str, attempt_id: UUID | None = None, tenant: Tenant | None = None, **at: Any) -> bool:
        """Whether a code counts, as challenge asks it."""
        asking = tenant or self.tenant
        request = pb.CheckTotpRequest(
            **asking.at(factor_sid=self.factor.sid, **at), code=code, attempt_id=(attempt_id or uuid4()).bytes
        )
        return (await asking.registry.CheckTotp(request)).accepted


async def agree(tenant: Tenant, by: common_pb2.Principal | None = None, **members: Any) -> TotpFactor:
    """A new TOTP factor."""
    request: dict[str, Any] = tenant.at(by) | {"friendly_name": "Jo's app", "factor_type": "totp"} | members
    factor = await tenant.registry.CreateFactor(pb.CreateFactorRequest(**request))
    return TotpFactor(tenant, factor, Authenticator.scanning(factor.totp_binding.uri).stopped())


@pytest.fixture
async def totp(tenant: Tenant) -> TotpFactor:
    """A new factor with a generous skew, so that a test that is slow still finds its codes in time."""
    return await agree(tenant, totp=pb.TotpPatch(skew=2, time_step=60))


@pytest.fixture
async def verified(totp: TotpFactor) -> TotpFactor:
    """A factor that was verified with the code of a step before the present one."""
    assert (await totp.update(auth_payload=totp.app.code(-1))).status == VERIFIED
    return totp


async def test_a_made_secret_takes_the_services_defaults(tenant: Tenant) -> None:
    """Twenty bytes, told once with a URI for a QR code; the entity is made implicitly."""
    await tenant.update_service(totp_issuer="Bank", totp_code_length=7, totp_skew=2, totp_time_step=60)
    totp = await agree(tenant)
    factor = totp.factor
    assert factor.totp == common_pb2.TotpConfig(alg=common_pb2.TOTP_ALGORITHM_SHA1, skew=2, code_length=7, time_step=60)
    assert (factor.factor_type, factor.status) == (common_pb2.FACTOR_TYPE_TOTP, UNVERIFIED)
    assert len(totp.app.secret) == 20
    assert (totp.app.issuer, totp.app.account, totp.app.digits, totp.app.period) == ("Bank", "Jo's app", 7, 60)
    assert (await tenant.get_entity()).sid == factor.entity_sid
    shown = await totp.get()
    assert not shown.HasField("totp_binding")
    factor.ClearField("totp_binding")
    assert shown == factor


@pytest.mark.parametrize(
    "given", [SECRET, SECRET.lower(), SECRET[:-8] + "jbswy3dpehpk3pxp", "JBSWY3DPEHPK3PXPJA======"]
)
async def test_a_given_secret_is_taken_as_it_is(tenant: Tenant, given: str) -> None:
    """In either case, padded or not; shown as authenticators write it. The issuer is the service's name."""
    totp = await agree(tenant, binding_secret=given, metadata_json='{"os":"none"}')
    assert totp.factor.totp_binding.secret == given.upper().rstrip("=")
    assert totp.app.secret == Authenticator.typed_in(totp.factor.totp_binding.secret).secret
    assert totp.app.issuer == "Shop"
    assert totp.factor.metadata_json == '{"os":"none"}'


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"friendly_name": ""}, 60306),
        ({"binding_secret": "AAAAAAAA"}, 60314),
        ({"binding_secret": "not base32!"}, 60314),
        ({"totp": pb.TotpPatch(alg="md5")}, 60370),
        ({"totp": pb.TotpPatch(code_length=9)}, 60370),
        ({"totp": pb.TotpPatch(time_step=0)}, 60370),
        ({"identity": "short"}, 60367),
        ({"metadata_json": "[]"}, 60300),
    ],
)
async def test_a_wrong_factor_is_refused(tenant: Tenant, members: dict[str, Any], code: int) -> None:
    """And nothing is made."""
    assert await code_of(agree(tenant, **members)) == code
    assert await code_of(tenant.get_entity()) == 60392


async def test_only_accounts_agree_on_secrets(tenant: Tenant) -> None:
    """An access token is for push factors: 60313; a device creates nothing."""
    bearer = await tenant.bearer()
    assert await code_of(agree(tenant, bearer)) == 60313
    phone = await tenant.enrol(bearer)
    now = (await tenant.live_factor(phone.sid)).now.seconds
    device = await tenant.authenticate("token", phone.token(now))
    assert await code_of(agree(tenant, device)) == 20403


async def test_the_same_secret_twice_in_an_entity_is_refused(tenant: Tenant) -> None:
    """60317, in whatever spelling, made or given; another entity may have it, and whoever comes after a deletion."""
    made = await agree(tenant)
    assert await code_of(agree(tenant, binding_secret=made.factor.totp_binding.secret.lower())) == 60317
    await agree(tenant, binding_secret=SECRET)
    assert await code_of(agree(tenant, binding_secret=SECRET.lower())) == 60317
    with_zeros = secret_text(secret_of(SECRET) + bytes(5))
    assert await code_of(agree(tenant, binding_secret=with_zeros)) == 60317
    assert (await agree(tenant, binding_secret=SECRET, identity="somebody-else")).factor.sid
    await tenant.delete_entity()
    assert (await agree(tenant, binding_secret=SECRET)).factor.sid


@pytest.mark.parametrize("alg", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("code_length", [3, 8])
async def test_a_factor_is_verified_by_a_code_of_its_algorithm(tenant: Tenant, alg: str, code_length: int) -> None:
    """As the authenticator shows it that has read the URI."""
    patch = pb.TotpPatch(alg=alg, code_length=code_length, skew=2, time_step=60)
    totp = await agree(tenant, totp=patch)
    assert (totp.app.algorithm, totp.app.digits) == (alg.upper(), code_length)
    assert (await totp.update(auth_payload=totp.app.wrong_code())).status == UNVERIFIED
    assert (await totp.update(auth_payload=totp.app.code())).status == VERIFIED


async def test_five_wrong_codes_are_the_end_across_processes(world: World, totp: TotpFactor) -> None:
    """Fifty at once in two processes, then a third one: five were looked at, and no right one counts any more."""
    wrong = totp.app.wrong_code()
    async with world.process() as other:
        elsewhere = TotpFactor(totp.tenant.asking_with(other), totp.factor, totp.app)
        tries = [each.update(auth_payload=wrong) for each in (totp, elsewhere) for _ in range(25)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
    counted = Counter(getattr(answer, "status", getattr(answer, "code", None)) for answer in answers)
    # Whoever loses to others eight times is told to come again (20429), and hears nothing of its code.
    assert counted[UNVERIFIED] <= 5
    assert set(counted) <= {UNVERIFIED, 60310, 20429}
    for _ in range(5 - counted[UNVERIFIED]):
        await totp.update(auth_payload=wrong)
    async with world.process() as restarted:
        totp.tenant.registry = restarted
        assert await code_of(totp.update(auth_payload=totp.app.code())) == 60310
        assert (await totp.update(friendly_name="Old app")).status == UNVERIFIED
    shard = ids.shard_of_sid(totp.factor.sid)
    assert (await world.event_types(shard)).count(types_pb2.EVENT_TYPE_TOTP_VERIFICATION_FAILED) == 5


@pytest.mark.parametrize("code", ["12", "123456789", "12345x", "MEQCIA=="])
async def test_what_is_no_code_is_not_counted(totp: TotpFactor, code: str) -> None:
    """400 60306, and ignored once the factor is verified."""
    for _ in range(6):
        assert await code_of(totp.update(auth_payload=code)) == 60306
    verified = await totp.update(auth_payload=totp.app.code())
    assert await totp.update(auth_payload=code) == verified


async def test_the_configuration_is_changed_and_codes_follow_it(verified: TotpFactor) -> None:
    """Each member alone; what is the same already records nothing; parameters of a device are ignored."""
    before = await verified.get()
    assert await verified.update(totp=pb.TotpPatch(skew=2), app_id="x", notification_platform="pigeon") == before
    changed = await verified.update(totp=pb.TotpPatch(code_length=8, alg="sha512"), friendly_name="New app")
    assert (changed.totp.code_length, changed.totp.alg) == (8, common_pb2.TOTP_ALGORITHM_SHA512)
    assert (changed.totp.time_step, changed.totp.skew) == (60, 2)
    assert (changed.friendly_name, changed.status) == ("New app", VERIFIED)
    assert not await verified.check(verified.app.code(1))
    app = replace(verified.app, algorithm="SHA512", digits=8)
    assert await verified.check(app.code(1))
    assert await code_of(verified.update(totp=pb.TotpPatch(skew=3))) == 60370


async def test_a_device_ignores_what_is_for_codes(tenant: Tenant) -> None:
    """As it does unknown parameters."""
    phone = await tenant.enrol(totp=pb.TotpPatch(skew=9), binding_secret="!")
    assert not phone.factor.HasField("totp")
    assert (await phone.update(totp=pb.TotpPatch(skew=9))) == phone.factor


async def test_a_code_counts_once(verified: TotpFactor) -> None:
    """Neither again, nor an older one, nor the one that has verified the factor; a newer one does."""
    assert not await verified.check(verified.app.code(-1))
    code = verified.app.code()
    assert await verified.check(code)
    assert not await verified.check(code)
    assert not await verified.check(verified.app.code(-1))
    assert not await verified.check(verified.app.wrong_code())
    assert await verified.check(verified.app.code(1))


async def test_the_same_attempt_again_gets_the_same_answer(world: World, verified: TotpFactor) -> None:
    """Also from another process, and many at once; nothing is spent twice."""
    attempt_id, code = uuid4(), verified.app.code()
    async with world.process() as other:
        tenants = [verified.tenant, verified.tenant.asking_with(other)]
        asked = [verified.check(code, attempt_id, tenant) for tenant in tenants for _ in range(4)]
        assert await asyncio.gather(*asked) == [True] * 8
    assert not await verified.check(code)
    assert await verified.check(code, attempt_id)
    spent = await _spent(world, verified)
    assert len(spent) == 2
    assert spent[-1].event_id == ids.derive_event_id(attempt_id, spent[-1].stream_id, 0)


async def test_of_fifty_who_give_the_same_code_one_is_accepted(world: World, verified: TotpFactor) -> None:
    """In two processes at once, and nobody after a restart."""
    code = verified.app.code()
    async with world.process() as other:
        tenants = [verified.tenant, verified.tenant.asking_with(other)]
        answers = await asyncio.gather(*(verified.check(code, tenant=tenant) for tenant in tenants for _ in range(25)))
    assert Counter(answers) == {True: 1, False: 49}
    async with world.process() as restarted:
        assert not await verified.check(code, tenant=verified.tenant.asking_with(restarted))
    assert len(await _spent(world, verified)) == 2
    report = await replay.check(world.url, ROLE, AGGREGATES)
    assert report.differences == ()


async def test_a_check_is_refused_where_there_is_nothing_to_check(world: World, totp: TotpFactor) -> None:
    """Unverified 60318, a push factor 60369, gone 60390; another account's isn't there; no code is 60306."""
    code, tenant = totp.app.code(), totp.tenant
    assert await code_of(totp.check(code)) == 60318
    phone = await tenant.enrol()
    assert await code_of(TotpFactor(tenant, phone.factor, totp.app).check(code)) == 60369
    assert await code_of(totp.check("12")) == 60306
    stranger = await world.new_tenant(tenant.registry)
    stranger.identity = tenant.identity
    assert await code_of(totp.check(code, tenant=stranger)) == 60392
    assert await code_of(totp.check(code, service_sid=stranger.service_sid)) == 20404
    await tenant.registry.DeleteFactor(pb.DeleteFactorRequest(**tenant.at(factor_sid=totp.factor.sid)))
    assert await code_of(totp.check(code)) == 60390


async def test_nobody_is_the_device_of_a_totp_factor(verified: TotpFactor) -> None:
    """401: there is no key that a token could be signed with."""
    now = (await verified.tenant.live_factor(verified.factor.sid)).now.seconds
    claims = {"sub": verified.tenant.account_sid, "nbf": now, "exp": now + 600}
    token = tokens.token(tokens.header(kid=ids.credential_sid(verified.factor.sid)), claims)
    assert await code_of(verified.tenant.authenticate("token", token)) == 20003


async def test_challenge_learns_how_long_the_codes_are(verified: TotpFactor) -> None:
    """And that nothing is pushed."""
    live = await verified.tenant.live_factor(verified.factor.sid)
    assert (live.totp_code_length, live.factor_type) == (6, common_pb2.FACTOR_TYPE_TOTP)
    assert live.notification_platform == common_pb2.NOTIFICATION_PLATFORM_NONE


async def _spent(world: World, totp: TotpFactor) -> list[Any]:
    """The events of spent steps. Any: stored events."""
    events = await world.reader.read(ids.shard_of_sid(totp.factor.sid), 0, 1000)
    return [event for event in events if event.type == types_pb2.EVENT_TYPE_TOTP_STEP_SPENT]
