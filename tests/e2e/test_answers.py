"""Answers that must not count, and the one that does (contract sections 2, 3.7 and 10)."""

import asyncio
import base64
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.conftest import Enrol
from tests.support import jws
from tests.support.phone import Phone
from tests.support.system import Shape
from tests.support.tenant import Json, Tenant, refused
from tests.support.waiting import eventually

EVERY_SHAPE = pytest.mark.parametrize("system", list(Shape), indirect=True, ids=str, scope="session")
RACERS = 32


@pytest.fixture
async def challenge(tenant: Tenant, phone: Phone) -> Json:
    """A pending challenge with everything in it that can be signed."""
    fields = {"Details.Fields": json.dumps({"label": "Amount", "value": "10 €"})}
    return await tenant.challenge(phone.entity, phone.sid, "Pay?", **fields, HiddenDetails='{"order": "17"}')


async def status_of(tenant: Tenant, challenge: Json) -> str:
    """What the backend sees."""
    return str((await tenant.get(challenge["url"]))["status"])


@pytest.mark.parametrize("first", ["approved", "denied"])
@pytest.mark.parametrize("second", ["approved", "denied"])
@pytest.mark.provokes(60322)
async def test_an_answer_is_final(tenant: Tenant, phone: Phone, challenge: Json, first: str, second: str) -> None:
    """A second one, the same or another, is 403 60322 and changes nothing."""
    shown = await phone.shown(challenge["sid"])
    assert (await phone.answer(challenge["sid"], {**shown, "status": first})).status_code == 200
    before = await tenant.get(challenge["url"])
    assert refused(await phone.answer(challenge["sid"], {**shown, "status": second})) == (403, 60322)
    assert await tenant.get(challenge["url"]) == before


@pytest.mark.provokes(60323)
async def test_a_late_answer_is_refused(tenant: Tenant, phone: Phone) -> None:
    """403 60323 once the date has passed; a read says expired, and so it stays."""
    date = (datetime.now(UTC) + timedelta(seconds=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    challenge = await tenant.challenge(phone.entity, phone.sid, ExpirationDate=date)
    signed = {**await phone.shown(challenge["sid"]), "status": "approved"}
    await eventually(lambda: status_of(tenant, challenge), "expired")
    assert refused(await phone.answer(challenge["sid"], signed)) == (403, 60323)
    assert await status_of(tenant, challenge) == "expired"
    listed = await tenant.get(f"{phone.entity}/Challenges", Status="expired")
    assert [expired["sid"] for expired in listed["challenges"]] == [challenge["sid"]]


async def test_an_expiry_is_shown_at_the_second(tenant: Tenant, phone: Phone) -> None:
    """Never before its date, and never pending after it, to the backend and to the device alike."""
    date = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
    challenge = await tenant.challenge(phone.entity, phone.sid, ExpirationDate=date.strftime("%Y-%m-%dT%H:%M:%SZ"))
    path = f"{phone.entity}/Challenges/{challenge['sid']}"
    status = "pending"
    while status == "pending":
        asked = datetime.now(UTC)
        read, listed = await phone.get(path), await tenant.get(f"{phone.entity}/Challenges")
        status = listed["challenges"][0]["status"]
        if asked >= date:
            assert (read.json()["status"], status) == ("expired", "expired")
        if datetime.now(UTC) < date:
            assert (read.json()["status"], status) == ("pending", "pending")
    assert (await phone.get(path)).json()["status"] == "expired"
    pending = await tenant.get(f"{phone.entity}/Challenges", Status="pending")
    assert pending["challenges"] == []


async def test_what_is_over_is_the_first_reason_to_refuse(tenant: Tenant, phone: Phone) -> None:
    """Not found, then 60322, then 60323, then 60324: a bad JWS for an answered or expired challenge doesn't matter."""
    date = (datetime.now(UTC) + timedelta(seconds=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    expiring = await tenant.challenge(phone.entity, phone.sid, ExpirationDate=date)
    answered = await tenant.challenge(phone.entity, phone.sid)
    await phone.decide(answered["sid"], "denied")
    bad = {"sid": "YC" + "0" * 32}
    assert refused(await phone.answer("YC" + "0" * 32, bad)) == (404, 60391)
    assert refused(await phone.answer(answered["sid"], bad)) == (403, 60322)
    assert refused(await phone.answer(expiring["sid"], bad)) == (403, 60324)
    await eventually(lambda: status_of(tenant, expiring), "expired")
    assert refused(await phone.answer(expiring["sid"], bad)) == (403, 60323)


def _changed(members: Json, *path: str | int, value: Any) -> Json:  # Any: JSON
    """A copy with the value at ``path`` replaced."""
    copy: Any = json.loads(json.dumps(members))  # Any: steps lead through objects and lists
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    changed: Json = copy
    return changed


CHANGES: list[tuple[tuple[str | int, ...], Any]] = [  # Any: JSON
    (("sid",), "YC" + "0" * 32),
    (("account_sid",), "AC" + "0" * 32),
    (("service_sid",), "VA" + "0" * 32),
    (("entity_sid",), "YE" + "0" * 32),
    (("identity",), "user-0000"),
    (("factor_sid",), "YF" + "0" * 32),
    (("status",), "pending"),
    (("status",), "expired"),
    (("status",), True),
    (("details", "message"), "Pay less?"),
    (("details", "fields", 0, "value"), "1 €"),
    (("details", "fields"), []),
    (("details", "more"), "x"),
    (("details",), None),
    (("hidden_details", "order"), "18"),
    (("hidden_details", "order"), 17),
    (("hidden_details",), {}),
    (("expiration_date",), "2099-01-01T00:00:00Z"),
    (("date_created",), "2020-01-01T00:00:00Z"),
]


@pytest.mark.provokes(60324)
async def test_a_changed_detail_under_the_signature_is_refused(tenant: Tenant, phone: Phone, challenge: Json) -> None:
    """403 60324 whatever was changed, and it stays pending; the right answer still counts."""
    right = {**await phone.shown(challenge["sid"]), "status": "approved"}
    for path, value in CHANGES:
        answer = await phone.answer(challenge["sid"], _changed(right, *path, value=value))
        assert refused(answer) == (403, 60324), path
    assert await status_of(tenant, challenge) == "pending"
    assert (await phone.answer(challenge["sid"], right)).status_code == 200


async def test_a_missing_member_is_refused(tenant: Tenant, phone: Phone, challenge: Json) -> None:
    """Each that the header lists must be signed."""
    right = {**await phone.shown(challenge["sid"]), "status": "approved"}
    for name in right:
        without = {member: value for member, value in right.items() if member != name}
        assert refused(await phone.answer(challenge["sid"], without)) == (403, 60324), name
    assert await status_of(tenant, challenge) == "pending"


async def test_the_order_of_members_and_unknown_ones_dont_matter(tenant: Tenant, phone: Phone, challenge: Json) -> None:
    """Compared as parsed JSON: iOS has no order, and apps may add what they like."""
    right = {**await phone.shown(challenge["sid"]), "status": "denied", "app": {"version": 7}}
    turned = dict(reversed(right.items()))
    assert (await phone.answer(challenge["sid"], turned)).status_code == 200
    assert await status_of(tenant, challenge) == "denied"


@pytest.mark.provokes(60324)
async def test_another_key_cannot_answer(tenant: Tenant, phone: Phone, challenge: Json) -> None:
    """A right token with a JWS of another key is 403 60324."""
    right = {**await phone.shown(challenge["sid"]), "status": "approved"}
    other = ec.generate_private_key(ec.SECP256R1())
    assert refused(await phone.answer(challenge["sid"], right, key=other)) == (403, 60324)
    assert await status_of(tenant, challenge) == "pending"


async def test_forged_signatures_are_refused(tenant: Tenant, phone: Phone, challenge: Json) -> None:
    """`alg` none, HS256 with the public key, a foreign `typ`, a broken or oversize JWS."""
    path = f"{phone.entity}/Challenges/{challenge['sid']}"
    right = {**await phone.shown(challenge["sid"]), "status": "approved"}
    public_key = base64.b64decode(phone.device.factors.public_key_spki_b64(phone.sid))
    whole = jws.es256(phone.key, right)
    forged = [
        jws.unsigned(right, jws.ES256),
        jws.hs256(public_key, right, jws.ES256),
        jws.es256(phone.key, right, {"typ": "JWT", "alg": "ES384"}),
        jws.es256(phone.key, right, {"alg": "ES256", "typ": "JOSE"}),
        whole[:-8],
        whole + "AAAA",
        whole.split(".")[0],
        "not a jws",
        jws.es256(phone.key, b'{"sid": "x", "sid": "y"}'),
        jws.es256(phone.key, b'{"sid": "\xff"}'),
        jws.es256(phone.key, b"[]"),
        jws.es256(phone.key, b'{"sid": '),
    ]
    for payload in forged:
        assert refused(await phone.post(path, {"AuthPayload": payload})) == (403, 60324), payload
    assert refused(await phone.post(path, {})) == (400, 60306)
    assert refused(await phone.post(path, {"AuthPayload": "A" * 16_385})) == (400, 60306)
    assert await status_of(tenant, challenge) == "pending"


@pytest.mark.provokes(60324)
async def test_a_duplicate_member_is_refused_at_any_depth(tenant: Tenant, phone: Phone, challenge: Json) -> None:
    """Two readers of the same text must not see two things."""
    right = {**await phone.shown(challenge["sid"]), "status": "approved"}
    text = json.dumps(right).replace('"message":', '"message": "Pay less?", "message":', 1)
    payload = jws.es256(phone.key, text.encode())
    path = f"{phone.entity}/Challenges/{challenge['sid']}"
    assert refused(await phone.post(path, {"AuthPayload": payload})) == (403, 60324)
    assert await status_of(tenant, challenge) == "pending"


@pytest.mark.provokes(60391)
async def test_another_factors_challenge_is_not_there(
    tenant: Tenant, phone: Phone, challenge: Json, enrol: Enrol
) -> None:
    """404 60391 to read and to answer, for another user's phone and for the same user's other phone."""
    other_users = await enrol(phone.factor.service_sid)
    users_other = await enrol(phone.factor.service_sid, identity=phone.factor.identity)
    right = {**await phone.shown(challenge["sid"]), "status": "approved"}
    path = f"{phone.entity}/Challenges/{challenge['sid']}"
    for other, path_seen in (
        (users_other, path),
        (other_users, f"{other_users.entity}/Challenges/{challenge['sid']}"),
    ):
        assert refused(await other.get(path_seen)) == (404, 60391)
        answer = await other.post(path_seen, {"AuthPayload": jws.es256(other.key, right)})
        assert refused(answer) == (404, 60391)
    assert refused(await other_users.get(path))[0] == 404
    assert await status_of(tenant, challenge) == "pending"


@EVERY_SHAPE
async def test_of_many_answers_at_once_one_wins(tenant: Tenant, phone: Phone, challenge: Json) -> None:
    """32 at the same moment: one 200; all others 403 60322; what the winner said is what stands."""
    shown = await phone.shown(challenge["sid"])
    decisions = ["approved" if number % 2 else "denied" for number in range(RACERS)]
    answers = await asyncio.gather(
        *(phone.answer(challenge["sid"], {**shown, "status": decision}) for decision in decisions)
    )
    won = [decision for decision, answer in zip(decisions, answers, strict=True) if answer.status_code == 200]
    assert len(won) == 1
    lost = Counter(refused(answer) for answer in answers if answer.status_code != 200)
    assert lost == {(403, 60322): RACERS - 1}
    assert await status_of(tenant, challenge) == won[0]


@pytest.mark.provokes(20403)
async def test_a_backend_cannot_answer_for_its_user(tenant: Tenant, phone: Phone, challenge: Json) -> None:
    """Without the device's signature there is no answer, whoever sends it; with it, anyone may carry it."""
    path = f"{phone.entity}/Challenges/{challenge['sid']}"
    right = {**await phone.shown(challenge["sid"]), "status": "approved"}
    forged = jws.es256(ec.generate_private_key(ec.SECP256R1()), right)
    assert refused(await tenant.client.post(path, data={"AuthPayload": forged}))[0] == 403
    assert await status_of(tenant, challenge) == "pending"
