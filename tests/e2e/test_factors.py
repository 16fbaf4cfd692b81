"""Factors: a device's key, enrolled, then verified."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.phone import Phone, new_identity
from tests.support.push_factor import possession, push_form, spki_b64
from tests.support.tenant import Json, Tenant, answered, entity_path, refused

TOKEN = "t" * 40


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    """A device's key."""
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def entity(service: str) -> str:
    """The path of somebody new."""
    return entity_path(service, new_identity())


@pytest.mark.exercises(
    "POST /v2/Services/{ServiceSid}/Entities/{Identity}/Factors",
    "GET /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}",
)
async def test_a_server_enrols_a_factor_and_its_entity_with_it(
    tenant: Tenant, entity: str, key: ec.EllipticCurvePrivateKey
) -> None:
    """The binding is shown in this one answer; the entity exists from then on."""
    form = push_form(key, Metadata='{"os":"Android"}')
    created = await tenant.create(f"{entity}/Factors", form)
    assert created["status"] == "unverified"
    assert created["binding"] == {"alg": "ES256", "public_key": spki_b64(key)}
    assert created["metadata"] == {"os": "Android"}
    assert created["config"]["credential_sid"] == "CR" + created["sid"][2:]
    assert (await tenant.get(entity))["sid"] == created["entity_sid"]
    shown = await tenant.get(f"{entity}/Factors/{created['sid']}")
    assert shown == {name: value for name, value in created.items() if name not in ("binding", "options")}


@pytest.mark.exercises("POST /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}")
@pytest.mark.provokes(60311)
async def test_a_signature_over_its_sid_verifies_a_factor(
    tenant: Tenant, entity: str, key: ec.EllipticCurvePrivateKey
) -> None:
    """Another key's is 403 60311 and leaves it unverified; once verified, AuthPayload is ignored."""
    factor = await tenant.create(f"{entity}/Factors", push_form(key))
    path = f"{entity}/Factors/{factor['sid']}"
    wrong = possession(ec.generate_private_key(ec.SECP256R1()), factor["sid"])
    assert refused(await tenant.client.post(path, data={"AuthPayload": wrong})) == (403, 60311)
    assert (await tenant.get(path))["status"] == "unverified"
    verified = await tenant.update(path, {"AuthPayload": possession(key, factor["sid"])})
    assert verified["status"] == "verified"
    assert await tenant.update(path, {"AuthPayload": wrong}) == verified


@pytest.mark.provokes(60318)
async def test_an_unverified_factor_cannot_be_challenged(
    tenant: Tenant, entity: str, key: ec.EllipticCurvePrivateKey
) -> None:
    """403 60318."""
    factor = await tenant.create(f"{entity}/Factors", push_form(key))
    form = {"FactorSid": factor["sid"], "Details.Message": "Log in?"}
    assert refused(await tenant.client.post(f"{entity}/Challenges", data=form)) == (403, 60318)


@pytest.mark.exercises(
    "GET /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}",
    "POST /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}",
)
async def test_a_device_reads_and_updates_its_own_factor(phone: Phone) -> None:
    """Its friendly name; the SDK version and app go along."""
    updated = await phone.device.update_factor(phone.sid, friendly_name="Tablet")
    assert updated.friendly_name == "Tablet"
    shown = answered(await phone.get(phone.path), 200)
    assert (shown["friendly_name"], shown["status"]) == ("Tablet", "verified")


@pytest.mark.provokes(52004)
async def test_a_push_token_needs_a_service_that_can_push(tenant: Tenant, service: str, phone: Phone) -> None:
    """52004 without a credential; with one, the token is kept and can be taken away again."""
    form = {"Config.NotificationPlatform": "fcm", "Config.NotificationToken": TOKEN}
    assert refused(await phone.post(phone.path, form)) == (400, 52004)
    await tenant.update(f"/v2/Services/{service}", {"Push.FcmCredentialSid": "CR" + "a" * 32})
    config = answered(await phone.post(phone.path, form), 200)["config"]
    assert (config["notification_platform"], config["notification_token"]) == ("fcm", TOKEN)
    config = answered(await phone.post(phone.path, {"Config.NotificationPlatform": "none"}), 200)["config"]
    assert (config["notification_platform"], config["notification_token"]) == ("none", None)


@pytest.mark.provokes(60317)
async def test_the_same_key_twice_in_one_entity_is_refused(
    tenant: Tenant, entity: str, service: str, key: ec.EllipticCurvePrivateKey
) -> None:
    """409 60317; in another entity it may be."""
    await tenant.create(f"{entity}/Factors", push_form(key))
    assert refused(await tenant.client.post(f"{entity}/Factors", data=push_form(key))) == (409, 60317)
    await tenant.create(f"{entity_path(service, new_identity())}/Factors", push_form(key))


@pytest.mark.provokes(60315)
async def test_an_entity_has_twenty_push_factors_at_most(tenant: Tenant, entity: str) -> None:
    """The next one is 400 60315, until one is deleted."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(21)]
    created = [await tenant.create(f"{entity}/Factors", push_form(key)) for key in keys[:20]]
    assert refused(await tenant.client.post(f"{entity}/Factors", data=push_form(keys[20]))) == (400, 60315)
    await tenant.delete(f"{entity}/Factors/{created[0]['sid']}")
    await tenant.create(f"{entity}/Factors", push_form(keys[20]))


def _p384() -> str:
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"FriendlyName": "x" * 65}, 60306),
        ({"FactorType": "sms"}, 60369),
        ({"Binding_Alg": "RS256"}, 60314),
        ({"Binding_PublicKey": "not base64"}, 60314),
        ({"Binding_PublicKey": _p384()}, 60314),
        ({"Config_AppId": "x" * 101}, 60370),
        ({"Config_NotificationPlatform": "pigeon"}, 60370),
        ({"Metadata": "[]"}, 60300),
        ({"Metadata": '{"attempts": 1}'}, 60300),
        ({"Metadata": '{"os": "' + "x" * 1024 + '"}'}, 60300),
    ],
)
@pytest.mark.provokes(of="code")
async def test_a_wrong_factor_is_refused(
    tenant: Tenant, entity: str, key: ec.EllipticCurvePrivateKey, changes: dict[str, str], code: int
) -> None:
    """400 with the code of what is wrong; not even the entity was made."""
    assert refused(await tenant.client.post(f"{entity}/Factors", data=push_form(key, **changes))) == (400, code)
    assert await tenant.gone(entity)


@pytest.mark.provokes(60300)
async def test_a_metadata_member_that_is_no_text_is_named(
    tenant: Tenant, entity: str, key: ec.EllipticCurvePrivateKey
) -> None:
    """So that whoever reads the message knows which."""
    form = push_form(key, Metadata='{"os": "Android", "attempts": 1}')
    refusal: Json = (await tenant.client.post(f"{entity}/Factors", data=form)).json()
    assert "attempts" in refusal["message"]
