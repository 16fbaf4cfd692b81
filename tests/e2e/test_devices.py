"""What a device may do, operation by operation (contract section 10): its own things, and nothing else."""

from typing import Final

from tests.e2e.conftest import Enrol
from tests.support.phone import Phone, receipt_path
from tests.support.tenant import Form, Tenant, refused

HOOK: Final = {"FriendlyName": "Backend", "EventTypes": "*", "WebhookUrl": "http://127.0.0.1:9/hook"}


async def _may_not(phone: Phone, method: str, path: str, form: Form | None = None) -> None:
    """403 20403, never 401: that would make the SDKs reset their clock."""
    answer = await phone.client.request(method, path, data=form, auth=("token", phone.token()))
    assert refused(answer) == (403, 20403), f"{method} {path}"


async def test_a_device_may_do_what_its_app_needs(tenant: Tenant, phone: Phone) -> None:
    """Read its service, read and update its factor, list and read and answer its challenges, delete its factor."""
    challenge = await tenant.challenge(phone.entity, phone.sid)
    for path in (
        f"/v2/Services/{phone.factor.service_sid}",
        phone.path,
        f"{phone.entity}/Challenges",
        f"{phone.entity}/Challenges/{challenge['sid']}",
    ):
        answer = await phone.get(path)
        assert answer.status_code == 200, path
        assert answer.json() == await tenant.get(path), path
    assert (await phone.post(phone.path, {"FriendlyName": "Mine"})).json()["friendly_name"] == "Mine"
    signed = {**await phone.shown(challenge["sid"]), "status": "denied"}
    assert (await phone.answer(challenge["sid"], signed)).json()["status"] == "denied"
    assert (await phone.delete(phone.path)).status_code == 204


async def test_all_else_is_for_backends(tenant: Tenant, phone: Phone) -> None:
    """Every other operation, even about what is the device's own."""
    service, entity = f"/v2/Services/{phone.factor.service_sid}", phone.entity
    challenge = (await tenant.challenge(entity, phone.sid))["sid"]
    webhook = (await tenant.create(f"{service}/Webhooks", HOOK))["sid"]
    token = {"Identity": phone.factor.identity, "FactorType": "push"}
    issued = (await tenant.create(f"{service}/AccessTokens", token))["sid"]
    for path in (
        "/v2/Services",
        f"{service}/Entities",
        entity,
        f"{entity}/Factors",
        f"{service}/Webhooks",
        f"{service}/Webhooks/{webhook}",
        f"{service}/AccessTokens/{issued}",
        receipt_path(phone.factor, challenge),
    ):
        await _may_not(phone, "GET", path)
    for path, form in (
        ("/v2/Services", {"FriendlyName": "Mine"}),
        (service, {"FriendlyName": "Mine"}),
        (f"{service}/Entities", {"Identity": "somebody-new"}),
        (f"{entity}/Challenges", {"FactorSid": phone.sid, "Details.Message": "Log in?"}),
        (f"{entity}/Challenges/{challenge}/Notifications", {}),
        (f"{service}/AccessTokens", token),
        (f"{service}/Webhooks", HOOK),
        (f"{service}/Webhooks/{webhook}", {"Status": "disabled"}),
    ):
        await _may_not(phone, "POST", path, form)
    for path in (service, entity, f"{service}/Webhooks/{webhook}"):
        await _may_not(phone, "DELETE", path)
    assert (await tenant.get(f"{service}/Webhooks/{webhook}"))["status"] == "enabled"


async def test_another_factor_is_not_there(tenant: Tenant, phone: Phone, enrol: Enrol) -> None:
    """404 for a sibling and its challenges, as for what never was, whatever is asked."""
    sibling = await enrol(phone.factor.service_sid, identity=phone.factor.identity)
    challenge = (await tenant.challenge(phone.entity, sibling.sid))["sid"]
    shown = {**await sibling.shown(challenge), "status": "approved"}
    assert refused(await phone.get(sibling.path)) == (404, 60390)
    assert refused(await phone.post(sibling.path, {"FriendlyName": "Mine"})) == (404, 60390)
    assert refused(await phone.delete(sibling.path)) == (404, 60390)
    assert refused(await phone.get(f"{phone.entity}/Challenges/{challenge}")) == (404, 60391)
    assert refused(await phone.answer(challenge, shown)) == (404, 60391)
    assert refused(await phone.get(f"{phone.entity}/Challenges", FactorSid=sibling.sid)) == (404, 60390)
    assert (await sibling.decide(challenge, "approved")).status == "approved"


async def test_another_service_or_identity_is_not_there(tenant: Tenant, phone: Phone, enrol: Enrol) -> None:
    """404 below a path that isn't its own, with its own SIDs in it."""
    elsewhere = await enrol(await tenant.new_service("Prod"), identity=phone.factor.identity)
    somebody = await enrol(phone.factor.service_sid)
    challenge = (await tenant.challenge(phone.entity, phone.sid))["sid"]
    for entity in (elsewhere.entity, somebody.entity):
        for path in (f"{entity}/Factors/{phone.sid}", f"{entity}/Challenges", f"{entity}/Challenges/{challenge}"):
            assert refused(await phone.get(path))[0] == 404, path
    assert refused(await phone.get(f"/v2/Services/{elsewhere.factor.service_sid}"))[0] == 404
