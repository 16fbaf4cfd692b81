"""Silent approval: for what this device itself has asked for, and for nothing else."""

import uuid
from typing import Any, Final

from playwright.async_api import Route, expect

from tests.browser.device_page import LISTENING, DevicePage
from tests.browser.sample_bank import SampleBank, hidden
from tests.browser.visitor import Visitor
from tests.support.tenant import Tenant

SWITCH: Final = "Approve my own sign-ins silently"
SIGN_IN: Final = "Sign in from this device"

_APPROVE_SILENTLY: Final = """async ([baseUrl, factorSid, expected]) => {
  const { PushwardDevice } = await import("/lib/pushward-device/index.js");
  const device = await PushwardDevice.open({ baseUrl });
  try {
    return (await device.approveSilently(factorSid, { ...expected, withinSeconds: 20 })).status;
  } catch (error) {
    return `${error.name} ${error.challengeSids ?? ""}`.trim();
  } finally {
    await device.close();
  }
}"""


async def test_a_sign_in_from_the_device_is_approved_by_its_transaction_id(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """With the switch on no sheet is shown, and the server knows how it was approved; with it off one is."""
    username = f"olivia-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    sign_in = device.page.get_by_role("button", name=SIGN_IN)
    await sign_in.click()
    await device.is_asked("Log in to Example Bank?")
    await device.deny.click()
    await device.says("Denied")

    await device.page.get_by_role("switch", name=SWITCH).check()
    await device.page.reload()
    await device.is_in_state(LISTENING)
    await expect(device.page.get_by_role("switch", name=SWITCH)).to_be_checked()
    await device.watch_sheet()
    await sign_in.click()
    await device.says(f"The sign-in of {username} is approved, silently.")
    await expect(device.answered.first.locator(".chip")).to_have_text("Approved")
    assert await device.sheets_seen() == []
    listed = await tenant.get(f"{await bank.entity(username)}/Challenges", Order="desc", PageSize="1")
    assert listed["challenges"][0]["metadata"] == {"mode": "silent"}


async def test_another_request_than_the_expected_one_is_shown_and_not_approved(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """Somebody signs in elsewhere just then: the person decides on that one."""
    username = f"peggy-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    entity, factor_sid = await bank.entity(username), await device.factor_sid()
    await device.page.get_by_role("switch", name=SWITCH).check()
    others: list[dict[str, Any]] = []  # Any: JSON

    async def somebody_else_was_faster(route: Route) -> None:
        details = hidden(transaction_id=str(uuid.uuid4()))
        others.append(await tenant.challenge(entity, factor_sid, "From afar?", HiddenDetails=details))
        asked = {"challenge_sid": "", "factor_sid": factor_sid, "transaction_id": "of no challenge"}
        await route.fulfill(status=201, json={**asked, "expiration_date": others[0]["expiration_date"]})

    await device.page.route("**/login", somebody_else_was_faster)
    await device.page.get_by_role("button", name=SIGN_IN).click()
    await device.is_asked("From afar?")
    await expect(device.notices).to_contain_text("Another request came than the one this device had asked for.")
    [other] = others
    path = f"{entity}/Challenges/{other['sid']}"
    assert (await tenant.get(path))["status"] == "pending"
    await device.deny.click()
    await device.says("Denied: From afar?")
    assert (await tenant.get(path))["status"] == "denied"


async def test_the_library_approves_by_sid_and_tells_apart_what_it_doesnt_approve(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """By its SID though another one waits; an expected one that was answered isn't approved again."""
    username = f"quentin-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    factor_sid, entity = await device.factor_sid(), await bank.entity(username)
    await device.page.goto(f"{bank.url}/")
    another = await tenant.challenge(entity, factor_sid, "Another one")
    expected = await tenant.challenge(entity, factor_sid, "The expected one")

    async def approved(**expectation: str) -> str:
        arguments = [bank.system.base_url, factor_sid, expectation]
        return str(await device.page.evaluate(_APPROVE_SILENTLY, arguments))

    assert await approved(expectChallengeSid=expected["sid"]) == "approved"
    assert (await tenant.get(f"{entity}/Challenges/{another['sid']}"))["status"] == "pending"
    assert await approved(expectChallengeSid=expected["sid"]) == "ChallengeNotPendingError"
