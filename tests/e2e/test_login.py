"""The product: a backend asks, a device shows and signs, the backend sees the answer and holds a proof."""

import asyncio
import json
from typing import Literal

import pytest
from pushward_device import ChallengeStatus, ReceiptInvalidError, receipt

from tests.support.phone import Phone
from tests.support.push_factor import spki_b64
from tests.support.system import Shape
from tests.support.tenant import Tenant, refused

EVERY_SHAPE = pytest.mark.parametrize("system", list(Shape), indirect=True, ids=str, scope="session")


def receipt_path(phone: Phone, challenge_sid: str) -> str:
    """Where a challenge's receipt is."""
    service, identity = phone.factor.service_sid, phone.factor.identity
    return f"/pushward/v1/services/{service}/entities/{identity}/challenges/{challenge_sid}/receipt"


@EVERY_SHAPE
@pytest.mark.parametrize("decision", ["approved", "denied"])
@pytest.mark.exercises(
    "POST /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges",
    "GET /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}",
    "POST /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}",
)
async def test_a_login_is_decided_on_the_device(
    tenant: Tenant, phone: Phone, decision: Literal["approved", "denied"]
) -> None:
    """Five calls: create, the device lists, reads, answers, the backend reads."""
    created = await tenant.challenge(
        phone.entity,
        phone.sid,
        "Log in to Example Bank?",
        **{
            "Details.Fields": [json.dumps({"label": "Amount", "value": "1,000 €"})],
            "HiddenDetails": json.dumps({"session": "4711"}),
        },
    )
    waiting = await phone.device.challenges.list(phone.sid, ChallengeStatus.PENDING)
    assert [challenge.sid for challenge in waiting.challenges] == [created["sid"]]
    shown = await phone.device.challenges.get(phone.sid, created["sid"])
    assert shown.message == "Log in to Example Bank?"
    answer = phone.device.challenges.approve if decision == "approved" else phone.device.challenges.deny
    assert (await answer(shown)).status == decision
    seen = await tenant.get(f"{phone.entity}/Challenges/{created['sid']}")
    assert seen["status"] == decision
    assert seen["date_responded"] >= created["date_created"]
    changeable = ("status", "date_responded", "date_updated")
    assert {**seen, **dict.fromkeys(changeable)} == {**created, **dict.fromkeys(changeable)}
    assert (await phone.device.challenges.list(phone.sid, ChallengeStatus.PENDING)).challenges == ()


@pytest.mark.parametrize("decision", ["approved", "denied"])
@pytest.mark.exercises("GET /pushward/v1/services/{service_sid}/entities/{identity}/challenges/{challenge_sid}/receipt")
async def test_a_receipt_is_a_proof_without_us(
    tenant: Tenant, phone: Phone, decision: Literal["approved", "denied"]
) -> None:
    """The stored JWS verifies with the public key alone, and says what was shown."""
    fields = {"Details.Fields": [json.dumps({"label": "IP", "value": "192.0.2.1"})]}
    created = await tenant.challenge(phone.entity, phone.sid, "Pay?", **fields, HiddenDetails='{"order": "17"}')
    await phone.decide(created["sid"], decision)
    stored = await tenant.get(receipt_path(phone, created["sid"]))
    assert stored["public_key"] == spki_b64(phone.key)
    proof = receipt.verify(stored["jws"], phone.device.factors.public_key_spki_b64(phone.sid))
    assert (proof.challenge_sid, proof.factor_sid, proof.decision) == (created["sid"], phone.sid, decision)
    assert (proof.message, [(field.label, field.value) for field in proof.fields]) == ("Pay?", [("IP", "192.0.2.1")])
    assert dict(proof.hidden_details) == {"order": "17"}
    header, payload, signature = stored["jws"].split(".")
    with pytest.raises(ReceiptInvalidError):
        receipt.verify(f"{header}.{payload[:-4]}AAAA.{signature}", stored["public_key"])


async def test_there_is_no_receipt_before_the_answer(tenant: Tenant, phone: Phone) -> None:
    """404; and a device never gets one."""
    created = await tenant.challenge(phone.entity, phone.sid)
    path = receipt_path(phone, created["sid"])
    assert refused(await tenant.client.get(path)) == (404, 60391)
    await phone.decide(created["sid"], "approved")
    assert refused(await phone.get(path)) == (403, 20403)


async def test_metadata_and_mode_are_kept_with_the_answer(tenant: Tenant, phone: Phone) -> None:
    """`Metadata` is stored with the answer; a `mode` that the device signed is copied into it."""
    created = await tenant.challenge(phone.entity, phone.sid)
    path = f"{phone.entity}/Challenges/{created['sid']}"
    signed = {**await phone.shown(created["sid"]), "status": "approved", "mode": "silent"}
    answer = await phone.answer(created["sid"], signed, Metadata='{"os":"Android"}')
    assert answer.status_code == 200, answer.text
    assert (await tenant.get(path))["metadata"] == {"os": "Android", "mode": "silent"}


async def test_many_users_log_in_at_once(tenant: Tenant, service: str) -> None:
    """Eight users at the same time, each approves what was asked of them, and nothing else."""

    async def log_in(number: int) -> tuple[str, str]:
        async with Phone.enrolled(tenant, service) as phone:
            created = await tenant.challenge(phone.entity, phone.sid, f"Login {number}")
            answered = await phone.decide(created["sid"], "approved" if number % 2 else "denied")
            return answered.message, answered.status

    seen = await asyncio.gather(*(log_in(number) for number in range(8)))
    assert seen == [(f"Login {number}", "approved" if number % 2 else "denied") for number in range(8)]
