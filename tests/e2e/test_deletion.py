"""What a deletion takes along, and when (contract section 10, *Entity*, *Factor*, *Service deletion*)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final

import httpx
import pytest

from tests.e2e.conftest import Enrol
from tests.support import jws, plain_http
from tests.support.phone import Phone
from tests.support.system import Shape
from tests.support.tenant import Tenant, refused
from tests.support.waiting import until

EVERY_SHAPE = pytest.mark.parametrize("system", list(Shape), indirect=True, ids=str, scope="session")
ROUNDS: Final = 4
WITHIN_SECONDS: Final = 5.0
"""The contract says one second, for a machine that isn't busy with a whole test suite."""


async def assert_soon_gone(tenant: Tenant, path: str) -> None:
    """404 within the time that the contract gives."""
    began = time.monotonic()
    await until(lambda: tenant.gone(path))
    assert time.monotonic() - began < WITHIN_SECONDS


@pytest.mark.exercises("DELETE /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}")
@pytest.mark.provokes(60390, 60391)
async def test_a_deleted_factor_is_gone_at_once(tenant: Tenant, phone: Phone, enrol: Enrol) -> None:
    """Itself and its device; its challenges within a second; its sibling stays as it was."""
    sibling = await enrol(phone.factor.service_sid, identity=phone.factor.identity)
    pending = await tenant.challenge(phone.entity, phone.sid)
    answered = await tenant.challenge(phone.entity, phone.sid)
    of_sibling = await tenant.challenge(phone.entity, sibling.sid)
    await phone.decide(answered["sid"], "approved")
    signed = {**await phone.shown(pending["sid"]), "status": "approved"}
    await tenant.delete(phone.path)
    assert refused(await tenant.client.get(phone.path)) == (404, 60390)
    assert refused(await tenant.client.delete(phone.path)) == (404, 60390)
    form = {"FactorSid": phone.sid, "Details.Message": "Log in?"}
    assert refused(await tenant.client.post(f"{phone.entity}/Challenges", data=form)) == (404, 60390)
    assert refused(await phone.get(phone.path)) == (401, 20003)
    assert refused(await phone.answer(pending["sid"], signed)) == (401, 20003)
    for challenge in (pending, answered):
        await assert_soon_gone(tenant, challenge["url"])
    listed = (await tenant.get(f"{phone.entity}/Challenges"))["challenges"]
    assert [challenge["sid"] for challenge in listed] == [of_sibling["sid"]]
    assert (await sibling.decide(of_sibling["sid"], "approved")).status == "approved"


WORKERS_ONLY = pytest.mark.parametrize("system", [Shape.WORKERS], indirect=True, ids=str, scope="session")
CONNECTIONS: Final = 12
"""So many at once reach each of two workers."""


@pytest.fixture
async def everywhere(tenant: Tenant) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Connections of their own, over which all workers are asked."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                plain_http.client(tenant.base_url, (tenant.account.sid, tenant.account.auth_token))
            )
            for _ in range(CONNECTIONS)
        ]


@WORKERS_ONLY
@pytest.mark.parametrize("deleted", ["factor", "entity", "service"])
async def test_a_deletion_holds_on_every_worker(
    tenant: Tenant, phone: Phone, everywhere: list[httpx.AsyncClient], deleted: str
) -> None:
    """At once for itself, its device and what would be new; within a second for its challenges."""
    service = f"/v2/Services/{phone.factor.service_sid}"
    challenge = await tenant.challenge(phone.entity, phone.sid)
    path = f"{phone.entity}/Challenges/{challenge['sid']}"
    signed = {"AuthPayload": jws.es256(phone.key, {**await phone.shown(challenge["sid"]), "status": "approved"})}
    device, new = ("token", phone.token()), {"FactorSid": phone.sid, "Details.Message": "Log in?"}
    known = await asyncio.gather(*(client.get(path, auth=device) for client in everywhere))
    assert [answer.status_code for answer in known] == [200] * CONNECTIONS  # no worker learns of it only now
    await tenant.delete({"factor": phone.path, "entity": phone.entity, "service": service}[deleted])
    answers = await asyncio.gather(
        *(client.get(phone.path) for client in everywhere),
        *(client.post(f"{phone.entity}/Challenges", data=new) for client in everywhere),
        *(client.get(path, auth=device) for client in everywhere),
        *(client.post(path, data=signed, auth=device) for client in everywhere),
    )
    statuses = [refused(answer)[0] for answer in answers]
    assert statuses == [404] * 2 * CONNECTIONS + [401] * 2 * CONNECTIONS

    async def is_gone_everywhere() -> bool:
        return all(answer.status_code == 404 for answer in await asyncio.gather(*(c.get(path) for c in everywhere)))

    began = time.monotonic()
    await until(is_gone_everywhere)
    assert time.monotonic() - began < WITHIN_SECONDS


@EVERY_SHAPE
@pytest.mark.parametrize("deleted", ["factor", "entity"])
async def test_an_answer_and_a_deletion_at_once_both_make_sense(
    tenant: Tenant, service: str, enrol: Enrol, deleted: str
) -> None:
    """The answer came first, or it is refused; then the challenge is gone, and never comes back as answered."""
    for _ in range(ROUNDS):
        phone = await enrol(service)
        challenges = [await tenant.challenge(phone.entity, phone.sid) for _ in range(4)]
        signed = [{**await phone.shown(challenge["sid"]), "status": "approved"} for challenge in challenges]
        answers = await asyncio.gather(
            *(phone.answer(challenge["sid"], members) for challenge, members in zip(challenges, signed, strict=True)),
            tenant.client.delete(phone.path if deleted == "factor" else phone.entity),
        )
        assert answers.pop().status_code == 204
        assert {answer.status_code for answer in answers} <= {200, 401, 404}
        for challenge in challenges:
            await assert_soon_gone(tenant, challenge["url"])
        for challenge, members in zip(challenges, signed, strict=True):
            assert refused(await phone.answer(challenge["sid"], members)) == (401, 20003)


@pytest.mark.exercises("DELETE /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}")
async def test_a_device_deletes_its_own_factor(tenant: Tenant, phone: Phone) -> None:
    """204; the library forgets the key, too."""
    await phone.device.delete_factor(phone.sid)
    assert phone.device.factors.all() == ()
    assert refused(await tenant.client.get(phone.path)) == (404, 60390)


@pytest.mark.exercises("DELETE /v2/Services/{ServiceSid}/Entities/{Identity}")
@pytest.mark.provokes(60392)
async def test_a_deleted_entity_takes_all_along(tenant: Tenant, phone: Phone, enrol: Enrol) -> None:
    """At once: itself, its factors, its devices, anything new; within a second: its challenges."""
    tablet = await enrol(phone.factor.service_sid, identity=phone.factor.identity)
    challenges = [await tenant.challenge(phone.entity, device.sid) for device in (phone, tablet)]
    signed = {**await phone.shown(challenges[0]["sid"]), "status": "approved"}
    await tenant.delete(phone.entity)
    assert refused(await tenant.client.get(phone.entity)) == (404, 60392)
    assert refused(await tenant.client.delete(phone.entity)) == (404, 60392)
    assert refused(await tenant.client.get(f"{phone.entity}/Factors")) == (404, 60392)
    form = {"FactorSid": phone.sid, "Details.Message": "Log in?"}
    assert refused(await tenant.client.post(f"{phone.entity}/Challenges", data=form)) == (404, 60392)
    for device in (phone, tablet):
        assert (await tenant.client.get(device.path)).status_code == 404
        assert refused(await device.get(device.path)) == (401, 20003)
    assert refused(await phone.answer(challenges[0]["sid"], signed)) == (401, 20003)
    for challenge in challenges:
        await assert_soon_gone(tenant, challenge["url"])


async def test_an_identity_created_anew_carries_nothing_over(tenant: Tenant, phone: Phone, enrol: Enrol) -> None:
    """A new SID, no factors, no challenges; the old device stays out, the old access token is spent."""
    service, identity = phone.factor.service_sid, phone.factor.identity
    old = await tenant.get(phone.entity)
    old_challenge = await tenant.challenge(phone.entity, phone.sid)
    await tenant.delete(phone.entity)
    await assert_soon_gone(tenant, old_challenge["url"])
    new = await tenant.create(f"/v2/Services/{service}/Entities", {"Identity": identity})
    assert new["sid"] != old["sid"]
    assert (await tenant.get(f"{phone.entity}/Factors"))["factors"] == []
    assert (await tenant.get(f"{phone.entity}/Challenges"))["challenges"] == []
    assert refused(await tenant.client.get(phone.path)) == (404, 60390)
    assert refused(await phone.get(phone.path)) == (401, 20003)
    assert refused(await tenant.client.get(old_challenge["url"])) == (404, 60391)
    again = await enrol(service, identity=identity)
    challenge = await tenant.challenge(again.entity, again.sid)
    assert (await again.decide(challenge["sid"], "approved")).status == "approved"
    listed = (await tenant.get(f"{phone.entity}/Challenges"))["challenges"]
    assert [shown["sid"] for shown in listed] == [challenge["sid"]]


async def test_a_deleted_service_takes_all_along_at_once(tenant: Tenant, service: str, phone: Phone) -> None:
    """Every request under it is 404, for the backend; its devices are not known any more."""
    base = f"/v2/Services/{service}"
    challenge = await tenant.challenge(phone.entity, phone.sid)
    signed = {**await phone.shown(challenge["sid"]), "status": "approved"}
    hook = {"FriendlyName": "Backend", "EventTypes": "*", "WebhookUrl": "http://127.0.0.1:9/hook"}
    webhook = (await tenant.create(f"{base}/Webhooks", hook))["sid"]
    await tenant.delete(base)
    for path in (
        base,
        f"{base}/Entities",
        f"{base}/Webhooks",
        f"{base}/Webhooks/{webhook}",
        phone.entity,
        f"{phone.entity}/Factors",
        f"{phone.entity}/Challenges",
        phone.path,
        f"{phone.entity}/Challenges/{challenge['sid']}",
    ):
        assert refused(await tenant.client.get(path))[0] == 404, path
    for path, form in (
        (base, {"FriendlyName": "x"}),
        (f"{base}/Entities", {"Identity": "somebody-new"}),
        (f"{base}/Webhooks", hook),
        (f"{base}/AccessTokens", {"Identity": "somebody-new", "FactorType": "push"}),
        (f"{phone.entity}/Challenges", {"FactorSid": phone.sid, "Details.Message": "Log in?"}),
    ):
        assert refused(await tenant.client.post(path, data=form))[0] == 404, path
    answer = await phone.post(
        f"{phone.entity}/Challenges/{challenge['sid']}", {"AuthPayload": jws.es256(phone.key, signed)}
    )
    assert refused(answer) == (401, 20003)
    listed = await tenant.get("/v2/Services", PageSize="1000")
    assert service not in [shown["sid"] for shown in listed["services"]]
