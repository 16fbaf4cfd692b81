"""TOTP factors over HTTP: agreed on, verified, and codes that count once (contract sections 1a, 2, 5 and 10)."""

import asyncio
from collections import Counter
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.conftest import Enrol
from tests.e2e.test_deliveries import V1_CHALLENGE, V2_CHALLENGE, V2_FACTOR, hooked
from tests.support.phone import Phone, new_identity
from tests.support.receiver import Receiver
from tests.support.system import Shape
from tests.support.tenant import Tenant, entity_path, refused
from tests.support.totp_factor import TotpFactor

EVERY_SHAPE = pytest.mark.parametrize("system", list(Shape), indirect=True, ids=str, scope="session")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
async def totp(tenant: Tenant, service: str) -> TotpFactor:
    """A verified factor of somebody new."""
    factor = await TotpFactor.agreed(tenant, service)
    await factor.verify()
    return factor


@EVERY_SHAPE
@pytest.mark.exercises("POST /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges")
@pytest.mark.provokes(60318)
async def test_a_login_with_a_code(tenant: Tenant, service: str) -> None:
    """A made secret, scanned; a first code verifies; the next one logs in, once."""
    totp = await TotpFactor.agreed(tenant, service)
    assert totp.created["status"] == "unverified"
    assert len(totp.created["binding"]["secret"]) == 32
    assert (await tenant.get(totp.entity))["sid"] == totp.created["entity_sid"]
    assert refused(await totp.post_challenge(totp.app.code())) == (403, 60318)

    verified = await totp.verify()
    assert await tenant.get(totp.path) == verified
    assert (await tenant.get(f"{totp.entity}/Factors"))["factors"] == [verified]

    challenge = await totp.challenge(totp.app.code())
    assert (challenge["status"], challenge["details"], challenge["hidden_details"]) == ("approved", None, None)
    assert challenge["date_responded"] is not None
    assert await tenant.get(challenge["url"]) == challenge
    assert (await totp.challenge(totp.app.code()))["status"] == "pending"


@EVERY_SHAPE
async def test_of_fifty_who_give_the_same_code_one_is_approved(tenant: Tenant, totp: TotpFactor) -> None:
    """Each with a challenge of its own: the others' code was spent. Whoever lost too often is told to come again."""
    code = totp.app.code()
    answers = await asyncio.gather(*(totp.post_challenge(code) for _ in range(50)))
    counted = Counter(answer.json()["status" if answer.status_code == 201 else "code"] for answer in answers)
    assert counted["approved"] == 1
    assert set(counted) <= {"approved", "pending", 20429}
    approved = await tenant.get(f"{totp.entity}/Challenges", Status="approved", FactorSid=totp.sid)
    assert len(approved["challenges"]) == 1


async def test_the_services_settings_are_the_defaults(tenant: Tenant) -> None:
    """Issuer, time step, code length and skew; without an issuer it is the service's name."""
    settings = {"Totp.Issuer": "Bank & Söhne", "Totp.TimeStep": "45", "Totp.CodeLength": "7", "Totp.Skew": "0"}
    entity = entity_path(await tenant.new_service("Stage", **settings), new_identity())
    form = {"FriendlyName": "jo@home", "FactorType": "totp"}
    created = await tenant.create(f"{entity}/Factors", form)
    assert created["config"] == {"alg": "sha1", "skew": 0, "code_length": 7, "time_step": 45}
    secret = created["binding"]["secret"]
    issuer = quote("Bank & Söhne", safe="")
    assert created["binding"]["uri"] == (
        f"otpauth://totp/{issuer}:jo%40home?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=7&period=45"
    )
    plain = await tenant.create(f"{entity_path(await tenant.new_service(), new_identity())}/Factors", form)
    assert plain["config"] == {"alg": "sha1", "skew": 1, "code_length": 6, "time_step": 30}
    assert plain["binding"]["uri"].startswith("otpauth://totp/Stage:jo%40home?")


@pytest.mark.parametrize("alg", ["sha1", "sha256", "sha512"])
@pytest.mark.provokes(60317)
async def test_a_given_secret_and_each_algorithm(tenant: Tenant, service: str, alg: str) -> None:
    """Codes are those of an authenticator that has had the secret before."""
    totp = await TotpFactor.agreed(
        tenant,
        service,
        Binding_Secret=SECRET.lower(),
        Config_Alg=alg,
        Config_CodeLength="8",
        Metadata='{"moved": "yes"}',
    )
    assert totp.created["binding"]["secret"] == SECRET
    assert (totp.app.algorithm, totp.app.digits, totp.app.period) == (alg.upper(), 8, 60)
    assert (await totp.verify())["metadata"] == {"moved": "yes"}
    assert (await totp.challenge(totp.app.code()))["status"] == "approved"
    form = {"FriendlyName": "Again", "FactorType": "totp", "Binding.Secret": SECRET}
    assert refused(await tenant.client.post(f"{totp.entity}/Factors", data=form)) == (409, 60317)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"FriendlyName": "x" * 65}, 60306),
        ({"Binding.Secret": "AAAA"}, 60314),
        ({"Binding.Secret": "1" * 32}, 60314),
        ({"Binding.Secret": "A" * 300}, 60314),
        ({"Config.Alg": "md5"}, 60370),
        ({"Config.CodeLength": "2"}, 60370),
        ({"Config.CodeLength": "six"}, 60370),
        ({"Config.Skew": "3"}, 60370),
        ({"Config.TimeStep": "61"}, 60370),
        ({"Config.TimeStep": "99999999999"}, 60370),
        ({"Metadata": '{"attempts": 1}'}, 60300),
        ({"FactorType": "passkeys"}, 60306),
    ],
)
@pytest.mark.provokes(of="code")
async def test_a_wrong_factor_is_refused(tenant: Tenant, service: str, changes: dict[str, str], code: int) -> None:
    """400 with the code of what is wrong; not even the entity was made."""
    entity = entity_path(service, new_identity())
    form = {"FriendlyName": "App", "FactorType": "totp", **changes}
    assert refused(await tenant.client.post(f"{entity}/Factors", data=form)) == (400, code)
    assert await tenant.gone(entity)


@pytest.mark.provokes(20403, 60313)
async def test_only_a_server_agrees_on_a_secret(tenant: Tenant, service: str, phone: Phone) -> None:
    """An access token is 403 60313, a device 403 20403."""
    identity = new_identity()
    token = await tenant.new_access_token(service, identity)
    form = {"FriendlyName": "App", "FactorType": "totp"}
    path = f"{entity_path(service, identity)}/Factors"
    assert refused(await phone.client.post(path, data=form, auth=("token", token))) == (403, 60313)
    assert refused(await phone.post(f"{phone.entity}/Factors", form)) == (403, 20403)


@pytest.mark.provokes(60306, 60310)
async def test_five_wrong_codes_end_a_verification(tenant: Tenant, service: str) -> None:
    """Each is 200 unverified; the sixth code, a right one, is 429 60310; what is no code is 400 and doesn't count."""
    totp = await TotpFactor.agreed(tenant, service)
    assert refused(await tenant.client.post(totp.path, data={"AuthPayload": "12"})) == (400, 60306)
    for _ in range(5):
        shown = await tenant.update(totp.path, {"AuthPayload": totp.app.wrong_code()})
        assert shown["status"] == "unverified"
    assert refused(await tenant.client.post(totp.path, data={"AuthPayload": totp.app.code()})) == (429, 60310)
    assert (await tenant.get(totp.path))["status"] == "unverified"
    assert (await tenant.update(totp.path, {"FriendlyName": "Old"}))["friendly_name"] == "Old"


async def test_a_code_for_a_verified_factor_is_ignored(tenant: Tenant, totp: TotpFactor) -> None:
    """200, unchanged, whatever it is; it isn't spent."""
    before = await tenant.get(totp.path)
    for payload in (totp.app.code(), totp.app.wrong_code(), "no code"):
        assert await tenant.update(totp.path, {"AuthPayload": payload}) == before
    assert (await totp.challenge(totp.app.code()))["status"] == "approved"


async def test_a_configuration_is_changed(tenant: Tenant, totp: TotpFactor) -> None:
    """Codes follow it; what is a device's is ignored; out of bounds is 400 60370."""
    form = {"Config.CodeLength": "8", "FriendlyName": "New", "Config.NotificationPlatform": "fcm", "Config.AppId": "x"}
    changed = await tenant.update(totp.path, form)
    assert changed["config"] == {**totp.created["config"], "code_length": 8}
    assert (changed["friendly_name"], changed["status"]) == ("New", "verified")
    assert (await totp.challenge(totp.app.code()))["status"] == "pending"
    for wrong in ({"Config.Skew": "3"}, {"Config.Alg": "SHA1"}, {"Config.TimeStep": "x"}):
        assert refused(await tenant.client.post(totp.path, data=wrong)) == (400, 60370), wrong


@pytest.mark.provokes(60308)
async def test_five_wrong_codes_end_a_challenge(tenant: Tenant, totp: TotpFactor) -> None:
    """The first at creation, which counts; the fifth is still 200 pending, the sixth 429 60308, though it is right."""
    challenge = await totp.challenge(totp.app.wrong_code(), **{"Details.Message": "Pay?", "HiddenDetails": '{"a":"b"}'})
    assert challenge["details"] == {"message": "Pay?", "fields": []}
    for _ in range(4):
        shown = await tenant.update(challenge["url"], {"AuthPayload": totp.app.wrong_code()})
        assert (shown["status"], shown["date_responded"]) == ("pending", None)
    right = {"AuthPayload": totp.app.code()}
    assert refused(await tenant.client.post(challenge["url"], data=right)) == (429, 60308)
    assert (await tenant.get(challenge["url"]))["status"] == "pending"
    assert (await totp.challenge(totp.app.code()))["status"] == "approved"


@pytest.mark.exercises("POST /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}")
@pytest.mark.provokes(60306, 60322, 60391)
async def test_a_pending_challenge_is_approved_by_a_later_code(tenant: Tenant, totp: TotpFactor) -> None:
    """Its metadata is kept; a second answer is 403 60322; what is no code is 400."""
    challenge = await totp.challenge()
    for wrong in ({"AuthPayload": "12"}, {"AuthPayload": "a.b.c"}, {}):
        assert refused(await tenant.client.post(challenge["url"], data=wrong)) == (400, 60306), wrong
    form = {"AuthPayload": totp.app.code(), "Metadata": '{"ip": "192.0.2.1"}'}
    approved = await tenant.update(challenge["url"], form)
    assert (approved["status"], approved["metadata"]) == ("approved", {"ip": "192.0.2.1"})
    assert refused(await tenant.client.post(challenge["url"], data=form)) == (403, 60322)
    receipt = challenge["url"].replace("/v2/Services", "/pushward/v1/services")
    receipt = receipt.replace("/Entities", "/entities").replace("/Challenges", "/challenges") + "/receipt"
    assert refused(await tenant.client.get(receipt)) == (404, 60391)


@pytest.mark.provokes(20403, 60390, 60391)
async def test_codes_are_for_servers_and_signatures_for_devices(
    tenant: Tenant, service: str, phone: Phone, enrol: Enrol
) -> None:
    """A code to a push challenge is 403 20403; a device doesn't see its user's TOTP challenges."""
    totp = await TotpFactor.agreed(tenant, service, phone.factor.identity)
    await totp.verify()
    asked, pushed = await totp.challenge(), await tenant.challenge(phone.entity, phone.sid)
    assert refused(await tenant.client.post(pushed["url"], data={"AuthPayload": "123456"})) == (403, 20403)
    assert refused(await phone.post(asked["url"], {"AuthPayload": totp.app.code()})) == (404, 60391)
    assert refused(await phone.get(asked["url"])) == (404, 60391)
    assert refused(await phone.get(totp.path)) == (404, 60390)
    assert [one.sid for one in (await phone.device.challenges.list(phone.sid)).challenges] == [pushed["sid"]]
    listed = await tenant.get(f"{phone.entity}/Challenges")
    assert [one["sid"] for one in listed["challenges"]] == [asked["sid"], pushed["sid"]]


@pytest.mark.parametrize("code_length", ["3", "4"])
@pytest.mark.provokes(60312)
async def test_short_codes_are_asked_for_ten_times_a_day(tenant: Tenant, service: str, code_length: str) -> None:
    """With or without a code; the eleventh is 429 60312 and says when the next may be."""
    totp = await TotpFactor.agreed(tenant, service, Config_CodeLength=code_length)
    await totp.verify()
    for number in range(10):
        await totp.challenge(totp.app.wrong_code() if number % 2 else None)
    answer = await totp.post_challenge(totp.app.code())
    assert refused(answer) == (429, 60312)
    assert 86_000 < int(answer.headers["Retry-After"]) <= 86_400


@pytest.mark.provokes(60312)
async def test_long_codes_are_asked_for_fifty_times_an_hour(tenant: Tenant, totp: TotpFactor) -> None:
    """The next one is 429 60312; another factor may be asked for."""
    for _ in range(50):
        await totp.challenge()
    answer = await totp.post_challenge()
    assert refused(answer) == (429, 60312)
    assert 0 < int(answer.headers["Retry-After"]) <= 3600


async def test_a_deleted_factor_takes_no_codes(tenant: Tenant, totp: TotpFactor) -> None:
    """Neither it nor its challenges are there; the same secret may be agreed on anew."""
    challenge = await totp.challenge()
    await tenant.delete(totp.path)
    assert refused(await tenant.client.post(challenge["url"], data={"AuthPayload": totp.app.code()}))[0] == 404
    assert refused(await totp.post_challenge(totp.app.code())) == (404, 60390)
    form = {"FriendlyName": "Again", "FactorType": "totp", "Binding.Secret": totp.created["binding"]["secret"]}
    assert (await tenant.create(f"{totp.entity}/Factors", form))["status"] == "unverified"


async def test_another_tenant_sees_nothing_of_it(tenant: Tenant, other_tenant: Tenant, totp: TotpFactor) -> None:
    """404, whatever is asked."""
    challenge = await totp.challenge()
    code = {"AuthPayload": totp.app.code()}
    for path in (totp.path, challenge["url"]):
        assert refused(await other_tenant.client.post(path, data=code))[0] == 404, path
    form = {"FactorSid": totp.sid, **code}
    assert refused(await other_tenant.client.post(f"{totp.entity}/Challenges", data=form))[0] == 404
    assert (await totp.challenge(totp.app.code()))["status"] == "approved"


async def test_webhooks_tell_of_codes_as_of_devices(tenant: Tenant, service: str, receiver: Receiver) -> None:
    """Factor and challenge events with their type; what isn't there is empty."""
    await hooked(tenant, service, receiver, "factor.created", "factor.verified", "factor.deleted")
    await hooked(tenant, service, receiver, "challenge.approved", version="v1")
    totp = await TotpFactor.agreed(tenant, service)
    await totp.verify()
    challenge = await totp.challenge(totp.app.code())
    await receiver.of_type("challenge.approved")  # of a challenge that is closed nothing is told
    await tenant.delete(totp.path)
    told: dict[str, dict[str, Any]] = {  # Any: a form's values
        name: (await receiver.of_type(name)).form
        for name in ("factor.created", "factor.verified", "factor.deleted", "challenge.approved")
    }
    for name in ("factor.created", "factor.verified", "factor.deleted"):
        assert set(told[name]) == V2_FACTOR
        assert (told[name]["factor_sid"], told[name]["factor_type"]) == (totp.sid, "totp")
        assert told[name]["factor_friendly_name"] == "App"
    assert [told[name]["factor_status"] for name in told if name != "challenge.approved"] == [
        "unverified",
        "verified",
        "verified",
    ]
    assert set(told["challenge.approved"]) == V1_CHALLENGE
    assert told["challenge.approved"]["challenge_sid"] == challenge["sid"]


async def test_a_webhook_tells_what_a_code_has_approved(tenant: Tenant, service: str, receiver: Receiver) -> None:
    """Without details and without a receipt."""
    await hooked(tenant, service, receiver, "challenge.approved")
    totp = await TotpFactor.agreed(tenant, service)
    await totp.verify()
    challenge = await totp.challenge(totp.app.code())
    form = (await receiver.of_type("challenge.approved")).form
    assert set(form) == V2_CHALLENGE
    assert (form["challenge_status"], form["factor_type"]) == ("approved", "totp")
    assert (form["challenge_details"], form["challenge_hidden_details"], form["challenge_metadata"]) == ("", "", "")
    assert form["challenge_date_responded"] == challenge["date_responded"]
