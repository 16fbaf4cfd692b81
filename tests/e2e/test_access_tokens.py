"""Access tokens: each lets one device enrol one factor for one identity."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.conftest import Enrol
from tests.support.phone import new_identity
from tests.support.push_factor import possession, push_form
from tests.support.tenant import Tenant, answered, entity_path, refused


@pytest.fixture
def identity() -> str:
    """Somebody new."""
    return new_identity()


@pytest.mark.exercises(
    "POST /v2/Services/{ServiceSid}/AccessTokens", "GET /v2/Services/{ServiceSid}/AccessTokens/{AccessTokenSid}"
)
async def test_an_access_token_is_shown_once(tenant: Tenant, service: str, identity: str) -> None:
    """With its creation; a later read says everything but the token."""
    form = {"Identity": identity, "FactorType": "push", "FactorFriendlyName": "Phone", "Ttl": "300"}
    created = await tenant.create(f"/v2/Services/{service}/AccessTokens", form)
    assert (created["entity_identity"], created["factor_friendly_name"], created["ttl"]) == (identity, "Phone", 300)
    assert created["token"]
    assert await tenant.get(f"/v2/Services/{service}/AccessTokens/{created['sid']}") == {**created, "token": None}


@pytest.mark.parametrize(
    "form",
    [
        {"FactorType": "push"},
        {"Identity": "user-0001"},
        {"Identity": "user-0001", "FactorType": "totp"},
        {"Identity": "user-0001", "FactorType": "push", "Ttl": "59"},
        {"Identity": "user-0001", "FactorType": "push", "Ttl": "301"},
    ],
)
@pytest.mark.provokes(60305)
async def test_a_wrong_access_token_is_refused(tenant: Tenant, service: str, form: dict[str, str]) -> None:
    """400 60305."""
    assert refused(await tenant.client.post(f"/v2/Services/{service}/AccessTokens", data=form)) == (400, 60305)


async def test_a_device_enrols_once_with_a_token(tenant: Tenant, service: str, identity: str) -> None:
    """The same key again answers the same factor: a lost response costs nothing. Another key: 403 60313."""
    bearer = ("token", await tenant.new_access_token(service, identity))
    factors = f"{entity_path(service, identity)}/Factors"
    form = push_form(ec.generate_private_key(ec.SECP256R1()))
    first = answered(await tenant.client.post(factors, data=form, auth=bearer), 201)
    again = answered(await tenant.client.post(factors, data=form, auth=bearer), 201)
    assert again["sid"] == first["sid"]
    other = push_form(ec.generate_private_key(ec.SECP256R1()))
    assert refused(await tenant.client.post(factors, data=other, auth=bearer)) == (403, 60313)


async def test_a_token_lives_a_minute_unless_told_otherwise(tenant: Tenant, service: str, identity: str) -> None:
    """60 s; its form is its SID's digits and 256 random bits."""
    created = await tenant.create(f"/v2/Services/{service}/AccessTokens", {"Identity": identity, "FactorType": "push"})
    assert (created["ttl"], created["factor_friendly_name"]) == (60, None)
    digits, _, secret = created["token"].partition(".")
    assert digits == created["sid"][2:]
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32


async def test_a_token_answers_its_own_factors_verification(tenant: Tenant, service: str, identity: str) -> None:
    """And changes nothing else of it; a sibling's factor it can't verify: 403 20403."""
    key = ec.generate_private_key(ec.SECP256R1())
    entity = entity_path(service, identity)
    bearer = ("token", await tenant.new_access_token(service, identity))
    created = answered(await tenant.client.post(f"{entity}/Factors", data=push_form(key), auth=bearer), 201)
    sibling = await tenant.create(f"{entity}/Factors", push_form(ec.generate_private_key(ec.SECP256R1())))
    path, proof = f"{entity}/Factors/{created['sid']}", possession(key, created["sid"])
    for place, form in (
        (path, {"FriendlyName": "Mine"}),
        (path, {"AuthPayload": proof, "FriendlyName": "Mine"}),
        (f"{entity}/Factors/{sibling['sid']}", {"AuthPayload": proof}),
    ):
        assert refused(await tenant.client.post(place, data=form, auth=bearer)) == (403, 20403), form
    verified = answered(await tenant.client.post(path, data={"AuthPayload": proof}, auth=bearer), 200)
    assert (verified["status"], verified["friendly_name"]) == ("verified", "Phone")


async def test_a_refused_enrolment_spends_nothing(tenant: Tenant, service: str, identity: str) -> None:
    """A request that makes no sense leaves the token as it was."""
    bearer = ("token", await tenant.new_access_token(service, identity))
    factors = f"{entity_path(service, identity)}/Factors"
    form = push_form(ec.generate_private_key(ec.SECP256R1()))
    wrong = {**form, "Binding.PublicKey": "AAAA"}
    assert refused(await tenant.client.post(factors, data=wrong, auth=bearer)) == (400, 60314)
    answered(await tenant.client.post(factors, data=form, auth=bearer), 201)


@pytest.mark.provokes(60313)
async def test_a_token_is_for_its_identity_and_service_alone(tenant: Tenant, service: str, identity: str) -> None:
    """Elsewhere 403 60313."""
    bearer = ("token", await tenant.new_access_token(service, identity))
    form = push_form(ec.generate_private_key(ec.SECP256R1()))
    elsewhere = [
        entity_path(service, new_identity()),
        entity_path(await tenant.new_service("Prod"), identity),
    ]
    for entity in elsewhere:
        assert refused(await tenant.client.post(f"{entity}/Factors", data=form, auth=bearer)) == (403, 60313)


@pytest.mark.provokes(60313)
async def test_a_token_is_spent_once_its_factor_was_deleted(tenant: Tenant, service: str, identity: str) -> None:
    """403 60313, with the same key, too."""
    bearer = ("token", await tenant.new_access_token(service, identity))
    factors = f"{entity_path(service, identity)}/Factors"
    form = push_form(ec.generate_private_key(ec.SECP256R1()))
    created = answered(await tenant.client.post(factors, data=form, auth=bearer), 201)
    await tenant.delete(f"{factors}/{created['sid']}")
    assert refused(await tenant.client.post(factors, data=form, auth=bearer)) == (403, 60313)


async def test_an_unused_token_is_spent_once_its_entity_was_deleted(
    tenant: Tenant, service: str, identity: str
) -> None:
    """It doesn't bring the identity back: 403 60313. A token that is issued later does."""
    entity = entity_path(service, identity)
    form = push_form(ec.generate_private_key(ec.SECP256R1()))
    await tenant.create(f"/v2/Services/{service}/Entities", {"Identity": identity})
    bearer = ("token", await tenant.new_access_token(service, identity))
    await tenant.delete(entity)
    assert refused(await tenant.client.post(f"{entity}/Factors", data=form, auth=bearer)) == (403, 60313)
    assert await tenant.gone(entity)
    later = ("token", await tenant.new_access_token(service, identity))
    answered(await tenant.client.post(f"{entity}/Factors", data=form, auth=later), 201)


@pytest.mark.provokes(20101)
async def test_an_unknown_token_is_401(tenant: Tenant, service: str, identity: str) -> None:
    """20101, with a Date, so that devices can tell a wrong clock."""
    token = await tenant.new_access_token(service, identity)
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    form = push_form(ec.generate_private_key(ec.SECP256R1()))
    path = f"{entity_path(service, identity)}/Factors"
    answer = await tenant.client.post(path, data=form, auth=("token", changed))
    assert refused(answer) == (401, 20101)
    assert "Date" in answer.headers


@pytest.mark.provokes(20403)
async def test_an_access_token_allows_nothing_but_to_enrol(tenant: Tenant, enrol: Enrol, service: str) -> None:
    """Reading, listing, deleting: 403 20403."""
    phone = await enrol(service)
    bearer = ("token", await tenant.new_access_token(service, new_identity()))
    for path in ("/v2/Services", f"/v2/Services/{service}/Entities", phone.entity, f"{phone.entity}/Challenges"):
        assert refused(await tenant.client.get(path, auth=bearer)) == (403, 20403), path
    assert refused(await tenant.client.delete(phone.path, auth=bearer)) == (403, 20403)
