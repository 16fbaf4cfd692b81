"""Tenants can't see each other: what is foreign looks exactly like what isn't there."""

import httpx

from tests.e2e.conftest import Enrol
from tests.support.phone import Phone
from tests.support.receiver import Receiver
from tests.support.tenant import Tenant, refused


async def _same_as_missing(foreign: httpx.Response, missing: httpx.Response) -> None:
    """Both are 404 with the same words."""
    assert refused(foreign)[0] == 404, foreign.request.url
    assert foreign.json() == missing.json()


async def test_nothing_of_another_tenant_is_there(
    tenant: Tenant, other_tenant: Tenant, service: str, phone: Phone, receiver: Receiver
) -> None:
    """Reading, listing, changing, deleting: the answer is that for a service that never was."""
    base = f"/v2/Services/{service}"
    challenge = (await tenant.challenge(phone.entity, phone.sid))["sid"]
    hook = {"FriendlyName": "Backend", "EventTypes": "*", "WebhookUrl": receiver.url}
    webhook = (await tenant.create(f"{base}/Webhooks", hook))["sid"]
    token_form = {"Identity": phone.factor.identity, "FactorType": "push"}
    token = (await tenant.create(f"{base}/AccessTokens", token_form))["sid"]
    never = "VA" + service[2:-8] + "0" * 8
    receipt = f"/pushward/v1/services/{service}/entities/{phone.factor.identity}/challenges/{challenge}/receipt"
    client = other_tenant.client
    for path in (
        base,
        f"{base}/Entities",
        phone.entity,
        f"{phone.entity}/Factors",
        phone.path,
        f"{phone.entity}/Challenges",
        f"{phone.entity}/Challenges/{challenge}",
        f"{base}/Webhooks",
        f"{base}/Webhooks/{webhook}",
        f"{base}/AccessTokens/{token}",
        receipt,
    ):
        await _same_as_missing(await client.get(path), await client.get(path.replace(service, never)))
    for path, form in (
        (base, {"FriendlyName": "Mine"}),
        (f"{base}/Entities", {"Identity": "somebody-new"}),
        (phone.path, {"FriendlyName": "Mine"}),
        (f"{phone.entity}/Challenges", {"FactorSid": phone.sid, "Details.Message": "Log in?"}),
        (f"{base}/Webhooks", hook),
        (f"{base}/Webhooks/{webhook}", {"WebhookUrl": receiver.url}),
        (f"{base}/AccessTokens", token_form),
    ):
        foreign = await client.post(path, data=form)
        await _same_as_missing(foreign, await client.post(path.replace(service, never), data=form))
    for path in (base, phone.entity, phone.path, f"{base}/Webhooks/{webhook}"):
        await _same_as_missing(await client.delete(path), await client.delete(path.replace(service, never)))
    listed = await other_tenant.get("/v2/Services", PageSize="1000")
    assert service not in [shown["sid"] for shown in listed["services"]]
    assert (await phone.decide(challenge, "approved")).status == "approved"


async def test_sids_of_one_service_are_not_there_below_another(
    tenant: Tenant, phone: Phone, enrol: Enrol, receiver: Receiver
) -> None:
    """Every SID in a path must belong to all its parents, also among services of one tenant."""
    elsewhere = await enrol(await tenant.new_service("Prod"), identity=phone.factor.identity)
    challenge = (await tenant.challenge(phone.entity, phone.sid))["sid"]
    hook = {"FriendlyName": "Backend", "EventTypes": "*", "WebhookUrl": receiver.url}
    webhook = (await tenant.create(f"/v2/Services/{phone.factor.service_sid}/Webhooks", hook))["sid"]
    for path in (
        f"{elsewhere.entity}/Factors/{phone.sid}",
        f"{elsewhere.entity}/Challenges/{challenge}",
        f"/v2/Services/{elsewhere.factor.service_sid}/Webhooks/{webhook}",
    ):
        assert refused(await tenant.client.get(path))[0] == 404, path
    form = {"FactorSid": phone.sid, "Details.Message": "Log in?"}
    assert refused(await tenant.client.post(f"{elsewhere.entity}/Challenges", data=form)) == (404, 60390)


async def test_a_device_of_another_tenant_is_as_blind(tenant: Tenant, other_tenant: Tenant, phone: Phone) -> None:
    """404, whatever it names."""
    challenge = (await tenant.challenge(phone.entity, phone.sid))["sid"]
    async with Phone.enrolled(other_tenant, await other_tenant.new_service()) as foreigner:
        for path in (phone.path, f"{phone.entity}/Challenges", f"{phone.entity}/Challenges/{challenge}"):
            assert refused(await foreigner.get(path))[0] == 404, path
