"""What a tenant's endpoint receives: signed twice, once each, again after a failure (contract sections 4 and 10)."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from twilio.request_validator import RequestValidator

from tests.e2e.conftest import Enrol
from tests.support.phone import Phone
from tests.support.receiver import Delivery, Receiver
from tests.support.standard_webhooks import is_signed
from tests.support.system import Shape
from tests.support.tenant import Json, Tenant
from tests.support.waiting import until

EVERY_SHAPE = pytest.mark.parametrize("system", list(Shape), indirect=True, ids=str, scope="session")
CLOCK_SECONDS_OFF_MAX: Final = 60.0
V1: Final = {"uuid", "type", "account_sid", "service_sid", "entity_identity", "factor_sid", "factor_type"}
V1_CHALLENGE: Final = V1 | {"challenge_sid"}
V2_FACTOR: Final = V1 | {"factor_friendly_name", "factor_status"}
V2_CHALLENGE: Final = V1_CHALLENGE | {
    "challenge_status",
    "challenge_date_created",
    "challenge_date_updated",
    "challenge_date_responded",
    "challenge_expiration_date",
    "challenge_details",
    "challenge_hidden_details",
    "challenge_metadata",
}


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook and its signing secret."""

    resource: Json
    secret: str


async def hooked(
    tenant: Tenant, service: str, receiver: Receiver, *event_types: str, version: str = "v2", path: str = ""
) -> Hook:
    """A new webhook of a service that calls the receiver."""
    form = {
        "FriendlyName": "Backend",
        "EventTypes": list(event_types),
        "WebhookUrl": receiver.url + path,
        "Version": version,
    }
    answer = await tenant.client.post(f"/v2/Services/{service}/Webhooks", data=form)
    assert answer.status_code == 201, answer.text
    return Hook(answer.json(), answer.headers["Pushward-Webhook-Secret"])


def assert_signed(delivery: Delivery, tenant: Tenant, hook: Hook) -> None:
    """Stock validators of either kind accept it, and nothing else."""
    validator = RequestValidator(tenant.account.auth_token)
    signature = delivery.headers["X-Twilio-Signature"]
    assert validator.validate(delivery.url, delivery.form, signature)
    assert not validator.validate(delivery.url, {**delivery.form, "type": "factor.lost"}, signature)
    assert is_signed(hook.secret, delivery.headers, delivery.body)
    assert not is_signed(hook.secret, delivery.headers, delivery.body + b"x")
    assert delivery.headers["webhook-id"] == delivery.form["uuid"]
    assert abs(int(delivery.headers["webhook-timestamp"]) - time.time()) < CLOCK_SECONDS_OFF_MAX
    assert delivery.headers["Content-Type"] == "application/x-www-form-urlencoded"


@EVERY_SHAPE
async def test_all_original_events_come_signed_with_every_field(
    tenant: Tenant, service: str, receiver: Receiver, enrol: Enrol
) -> None:
    """`*` in v2: the enrolment, an approval, a denial, a deletion; nothing of our own kinds."""
    hook = await hooked(tenant, service, receiver, "*")
    phone = await enrol(service)
    details = {"Details.Fields": json.dumps({"label": "Amount", "value": "10 €"}), "HiddenDetails": '{"order":"17"}'}
    approved = await tenant.challenge(phone.entity, phone.sid, "Pay?", **details)
    signed = {**await phone.shown(approved["sid"]), "status": "approved"}
    await phone.answer(approved["sid"], signed, Metadata='{"os":"Android"}')
    denied = await tenant.challenge(phone.entity, phone.sid, "Log in?")
    await phone.decide(denied["sid"], "denied")
    for event_type in ("factor.created", "factor.verified", "challenge.approved", "challenge.denied"):
        await receiver.of_type(event_type)
    await tenant.delete(phone.path)
    await receiver.of_type("factor.deleted")
    assert len(receiver.deliveries) == 5
    common = {
        "account_sid": tenant.account.sid,
        "service_sid": service,
        "entity_identity": phone.factor.identity,
        "factor_sid": phone.sid,
        "factor_type": "push",
    }
    for delivery in receiver.deliveries:
        assert_signed(delivery, tenant, hook)
        assert common.items() <= delivery.form.items()
        is_challenge = delivery.form["type"].startswith("challenge.")
        assert set(delivery.form) == (V2_CHALLENGE if is_challenge else V2_FACTOR)
    assert len({delivery.form["uuid"] for delivery in receiver.deliveries}) == 5
    created, verified = [await receiver.of_type(f"factor.{done}") for done in ("created", "verified")]
    assert (created.form["factor_friendly_name"], created.form["factor_status"]) == ("Phone", "unverified")
    assert verified.form["factor_status"] == "verified"
    shown = await tenant.client.get(approved["url"])
    assert shown.status_code == 404 or shown.json()["status"] == "approved"
    form = (await receiver.of_type("challenge.approved")).form
    assert form["challenge_sid"] == approved["sid"]
    assert form["challenge_status"] == "approved"
    assert form["challenge_date_created"] == approved["date_created"]
    assert form["challenge_expiration_date"] == approved["expiration_date"]
    assert form["challenge_date_responded"] == form["challenge_date_updated"] >= approved["date_created"]
    assert json.loads(form["challenge_details"]) == approved["details"]
    assert json.loads(form["challenge_hidden_details"]) == {"order": "17"}
    assert json.loads(form["challenge_metadata"]) == {"os": "Android"}
    form = (await receiver.of_type("challenge.denied")).form
    assert (form["challenge_status"], form["challenge_hidden_details"], form["challenge_metadata"]) == (
        "denied",
        "",
        "",
    )


async def test_version_one_sends_fewer_fields(tenant: Tenant, service: str, receiver: Receiver, enrol: Enrol) -> None:
    """As old consumers know them."""
    hook = await hooked(tenant, service, receiver, "factor.verified", "challenge.approved", version="v1")
    phone = await enrol(service)
    await phone.decide((await tenant.challenge(phone.entity, phone.sid))["sid"], "approved")
    verified, approved = [await receiver.of_type(name) for name in ("factor.verified", "challenge.approved")]
    assert (set(verified.form), set(approved.form)) == (V1, V1_CHALLENGE)
    assert_signed(verified, tenant, hook)
    assert_signed(approved, tenant, hook)


async def test_our_own_events_come_to_who_asks_for_them(tenant: Tenant, phone: Phone, receiver: Receiver) -> None:
    """`pushward.*` means all: a challenge's creation, too."""
    await hooked(tenant, phone.factor.service_sid, receiver, "pushward.*")
    created = await tenant.challenge(phone.entity, phone.sid)
    form = (await receiver.of_type("challenge.created")).form
    assert (form["challenge_sid"], form["challenge_status"]) == (created["sid"], "pending")
    assert form["challenge_date_responded"] == ""


async def test_a_refused_delivery_comes_again_under_the_same_id(
    tenant: Tenant, phone: Phone, receiver: Receiver
) -> None:
    """After a 500: the same body and id, signed anew; after a 200 never again."""
    hook = await hooked(tenant, phone.factor.service_sid, receiver, "challenge.approved")
    receiver.statuses.append(500)
    await phone.decide((await tenant.challenge(phone.entity, phone.sid))["sid"], "approved")
    first, second = await receiver.received(2)
    assert second.body == first.body
    assert second.headers["webhook-id"] == first.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    assert_signed(first, tenant, hook)
    assert_signed(second, tenant, hook)


@pytest.mark.parametrize("system", [Shape.ONE], indirect=True, ids=str, scope="session")
async def test_an_expiry_is_told_even_if_nobody_reads(tenant: Tenant, phone: Phone, receiver: Receiver) -> None:
    """It is recorded within five seconds of the date; the device that was not fast enough sees the same."""
    await hooked(tenant, phone.factor.service_sid, receiver, "challenge.expired")
    date = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
    created = await tenant.challenge(phone.entity, phone.sid, ExpirationDate=date.strftime("%Y-%m-%dT%H:%M:%SZ"))
    form = (await receiver.of_type("challenge.expired")).form
    assert (form["challenge_sid"], form["challenge_status"]) == (created["sid"], "expired")
    assert date <= datetime.fromisoformat(form["challenge_date_updated"]) <= date + timedelta(seconds=5)
    assert (await phone.device.challenges.get(phone.sid, created["sid"])).status == "expired"


async def test_a_query_in_the_url_is_signed_as_it_is(tenant: Tenant, phone: Phone, receiver: Receiver) -> None:
    """The URL is called and signed exactly as it was given."""
    path = "?tenant=a%20b&x=%C3%BC"
    hook = await hooked(tenant, phone.factor.service_sid, receiver, "challenge.denied", path=path)
    await phone.decide((await tenant.challenge(phone.entity, phone.sid))["sid"], "denied")
    delivery = await receiver.of_type("challenge.denied")
    assert delivery.url == receiver.url + path
    assert_signed(delivery, tenant, hook)


@pytest.mark.parametrize("silenced", ["deleted", "disabled"])
async def test_a_silenced_webhook_gets_nothing(tenant: Tenant, phone: Phone, receiver: Receiver, silenced: str) -> None:
    """Its sibling, which is told of the same event, does."""
    silent = await hooked(tenant, phone.factor.service_sid, receiver, "*", path="?silent")
    await hooked(tenant, phone.factor.service_sid, receiver, "*", path="?loud")
    if silenced == "deleted":
        await tenant.delete(silent.resource["url"])
    else:
        await tenant.update(silent.resource["url"], {"Status": "disabled"})
    for _ in range(2):
        await phone.decide((await tenant.challenge(phone.entity, phone.sid))["sid"], "approved")
    await receiver.received(2)
    assert {delivery.url for delivery in receiver.deliveries} == {f"{receiver.url}?loud"}


async def test_a_deleted_entity_tells_of_each_factor_and_of_no_challenge(
    tenant: Tenant, service: str, phone: Phone, enrol: Enrol, receiver: Receiver
) -> None:
    """`factor.deleted` for each; closing its challenges is nobody's business."""
    tablet = await enrol(service, identity=phone.factor.identity)
    challenge = await tenant.challenge(phone.entity, phone.sid)
    await hooked(tenant, service, receiver, "pushward.*")
    await tenant.delete(phone.entity)
    await receiver.received(2)
    await until(lambda: tenant.gone(challenge["url"]))
    later = await enrol(service)
    await receiver.of_type("factor.verified")
    told = [(delivery.form["type"], delivery.form["factor_sid"]) for delivery in receiver.deliveries]
    deleted = [("factor.deleted", phone.sid), ("factor.deleted", tablet.sid)]
    assert sorted(told) == sorted([*deleted, ("factor.created", later.sid), ("factor.verified", later.sid)])


async def test_a_deleted_service_falls_silent(tenant: Tenant, phone: Phone, enrol: Enrol, receiver: Receiver) -> None:
    """Nothing of what its deletion takes along is told; another service's events go on."""
    other = await enrol(await tenant.new_service("Prod"))
    await hooked(tenant, phone.factor.service_sid, receiver, "pushward.*", path="?deleted")
    await hooked(tenant, other.factor.service_sid, receiver, "*", path="?alive")
    await tenant.delete(f"/v2/Services/{phone.factor.service_sid}")
    for _ in range(2):
        await other.decide((await tenant.challenge(other.entity, other.sid))["sid"], "approved")
    await receiver.received(2)
    assert {delivery.url for delivery in receiver.deliveries} == {f"{receiver.url}?alive"}
