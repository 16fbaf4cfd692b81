"""Challenges as a backend makes and reads them, and as a device lists them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.e2e.conftest import Enrol
from tests.support.phone import Phone
from tests.support.tenant import Tenant, answered, refused

FIELDS: Final = [{"label": "IP", "value": "192.0.2.1"}, {"label": "Where", "value": "Köln / Cologne"}]
HIDDEN: Final = {"session": "4711", "note": 'quotes " and \\ and /'}
SIGNATURE_FIELDS: Final = (
    "sid,account_sid,service_sid,entity_sid,identity,factor_sid,status,details,hidden_details,"
    "expiration_date,date_created"
)


def iso(moment: datetime) -> str:
    """A date as the contract writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_a_challenge_shows_what_was_asked(tenant: Tenant, phone: Phone) -> None:
    """Message, fields and hidden details, to the backend and to the device alike."""
    created = await tenant.challenge(
        phone.entity,
        phone.sid,
        "Log in? Ünïcödé ✓",
        **{"Details.Fields": [json.dumps(field) for field in FIELDS], "HiddenDetails": json.dumps(HIDDEN)},
    )
    assert created["status"] == "pending"
    assert created["details"] == {"message": "Log in? Ünïcödé ✓", "fields": FIELDS}
    assert created["hidden_details"] == HIDDEN
    assert created["date_responded"] is None
    assert created["url"] == f"{tenant.base_url}{phone.entity}/Challenges/{created['sid']}"
    path = f"{phone.entity}/Challenges/{created['sid']}"
    assert await tenant.get(path) == created
    answer = await phone.get(path)
    assert answered(answer, 200) == created
    assert answer.headers["Twilio-Verify-Signature-Fields"] == SIGNATURE_FIELDS
    shown = await phone.device.challenges.get(phone.sid, created["sid"])
    assert [(field.label, field.value) for field in shown.fields] == [(f["label"], f["value"]) for f in FIELDS]
    assert dict(shown.hidden_details) == HIDDEN


async def test_a_payload_at_the_creation_of_a_push_challenge_is_ignored(tenant: Tenant, phone: Phone) -> None:
    """It is TOTP's; the device answers as ever. No header of the original's signatures is sent."""
    for payload in ("", "123456", "x" * 1000):
        form = {"FactorSid": phone.sid, "Details.Message": "Log in?", "AuthPayload": payload}
        asked = await tenant.client.post(f"{phone.entity}/Challenges", data=form)
        created = answered(asked, 201)
        given = await phone.answer(created["sid"], {**await phone.shown(created["sid"]), "status": "approved"})
        assert (created["status"], answered(given, 200)["status"]) == ("pending", "approved")
        for headers in (asked.headers, given.headers):
            assert not [name for name in headers if name.lower().startswith("twilio-verify")]


async def test_a_challenge_lives_five_minutes_unless_told_otherwise(tenant: Tenant, phone: Phone) -> None:
    """By the server's own dates; a date up to an hour ahead is taken as it is."""
    created = await tenant.challenge(phone.entity, phone.sid)
    lifetime = datetime.fromisoformat(created["expiration_date"]) - datetime.fromisoformat(created["date_created"])
    assert lifetime == timedelta(minutes=5)
    date = iso(datetime.now(UTC) + timedelta(minutes=59))
    assert (await tenant.challenge(phone.entity, phone.sid, ExpirationDate=date))["expiration_date"] == date


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Details.Message": ""}, 60368),
        ({"Details.Message": "x" * 257}, 60368),
        ({"Details.Fields": "no object"}, 60368),
        ({"Details.Fields": '{"label": "IP"}'}, 60368),
        ({"Details.Fields": '{"label": "IP", "value": 1}'}, 60368),
        ({"Details.Fields": '{"label": "IP", "label": "IP", "value": "x"}'}, 60368),
        ({"Details.Fields": ['{"label": "IP", "value": "x"}'] * 21}, 60368),
        ({"HiddenDetails": '{"session": '}, 60306),
        ({"HiddenDetails": '["session"]'}, 60306),
        ({"HiddenDetails": '{"session": 1}'}, 60306),
        ({"HiddenDetails": json.dumps({"session": "x" * 1024})}, 60306),
        ({"ExpirationDate": "tomorrow"}, 60306),
        ({"ExpirationDate": "2020-01-01T00:00:00Z"}, 60306),
        ({"ExpirationDate": iso(datetime.now(UTC) + timedelta(hours=2))}, 60306),
    ],
)
@pytest.mark.provokes(of="code")
async def test_a_wrong_challenge_is_refused(
    tenant: Tenant, phone: Phone, changes: dict[str, str | list[str]], code: int
) -> None:
    """400 with the code of what is wrong, and nothing waits for the device."""
    form = {"FactorSid": phone.sid, "Details.Message": "Log in?", **changes}
    assert refused(await tenant.client.post(f"{phone.entity}/Challenges", data=form)) == (400, code)
    assert (await phone.device.challenges.list(phone.sid)).challenges == ()


async def test_a_hidden_detail_that_is_no_text_is_named(tenant: Tenant, phone: Phone) -> None:
    """So that whoever reads the message knows which."""
    form = {"FactorSid": phone.sid, "Details.Message": "Log in?", "HiddenDetails": '{"attempts": 3}'}
    refusal = await tenant.client.post(f"{phone.entity}/Challenges", data=form)
    assert "attempts" in refusal.json()["message"]


@pytest.mark.provokes(60390)
async def test_a_challenge_needs_a_factor_of_its_entity(tenant: Tenant, phone: Phone, enrol: Enrol) -> None:
    """Another entity's, an unknown or a malformed one is 404 60390."""
    elsewhere = await enrol(phone.factor.service_sid)
    for factor_sid in (elsewhere.sid, phone.sid[:-4] + "0000", "YFnonsense"):
        form = {"FactorSid": factor_sid, "Details.Message": "Log in?"}
        answer = await tenant.client.post(f"{phone.entity}/Challenges", data=form)
        assert refused(answer) == (404, 60390), factor_sid


@pytest.mark.exercises("GET /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges")
async def test_a_list_is_in_the_order_of_creation_and_can_be_turned(tenant: Tenant, phone: Phone) -> None:
    """`Order` asc is the default."""
    created = [(await tenant.challenge(phone.entity, phone.sid, f"number {n}"))["sid"] for n in range(4)]
    path = f"{phone.entity}/Challenges"
    for query, expected in (({}, created), ({"Order": "asc"}, created), ({"Order": "desc"}, created[::-1])):
        listed = (await tenant.get(path, **query))["challenges"]
        assert [challenge["sid"] for challenge in listed] == expected


@pytest.mark.exercises("GET /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges")
async def test_a_list_can_be_narrowed_by_status_and_factor(tenant: Tenant, phone: Phone, enrol: Enrol) -> None:
    """Both filters, alone and together; an unknown status or order is 400."""
    tablet = await enrol(phone.factor.service_sid, identity=phone.factor.identity)
    pending = (await tenant.challenge(phone.entity, phone.sid))["sid"]
    approved = (await tenant.challenge(phone.entity, phone.sid))["sid"]
    denied = (await tenant.challenge(phone.entity, tablet.sid))["sid"]
    await phone.decide(approved, "approved")
    await tablet.decide(denied, "denied")

    async def listed(**query: str) -> list[str]:
        return [
            challenge["sid"] for challenge in (await tenant.get(f"{phone.entity}/Challenges", **query))["challenges"]
        ]

    assert await listed() == [pending, approved, denied]
    assert await listed(Status="pending") == [pending]
    assert await listed(Status="approved") == [approved]
    assert await listed(Status="denied") == [denied]
    assert await listed(Status="expired") == []
    assert await listed(FactorSid=tablet.sid) == [denied]
    assert await listed(FactorSid=tablet.sid, Status="approved") == []
    for query in ({"Status": "lost"}, {"Order": "random"}):
        assert refused(await tenant.client.get(f"{phone.entity}/Challenges", params=query))[0] == 400


async def test_a_device_lists_its_own_factors_challenges_only(tenant: Tenant, phone: Phone, enrol: Enrol) -> None:
    """Without `FactorSid` it means its own; naming another's is a 404."""
    tablet = await enrol(phone.factor.service_sid, identity=phone.factor.identity)
    mine = (await tenant.challenge(phone.entity, phone.sid))["sid"]
    await tenant.challenge(phone.entity, tablet.sid)
    listed = answered(await phone.get(f"{phone.entity}/Challenges"), 200)["challenges"]
    assert [challenge["sid"] for challenge in listed] == [mine]
    answer = await phone.get(f"{phone.entity}/Challenges", FactorSid=tablet.sid)
    assert refused(answer) == (404, 60390)


async def test_include_date_puts_a_date_into_the_details(tenant: Tenant, enrol: Enrol) -> None:
    """`Push.IncludeDate` of the service; without it there is no such member, not even null."""
    service = await tenant.new_service("Dated", **{"Push.IncludeDate": "true"})
    phone = await enrol(service)
    created = await tenant.challenge(phone.entity, phone.sid)
    assert created["details"]["date"] == created["date_created"]
    assert (await phone.decide(created["sid"], "approved")).status == "approved"
