"""Lost streams, networks, servers and clocks: the device goes on, and says how it stands."""

import asyncio
import re
import uuid
from typing import Final

import pytest
from playwright.async_api import Request, Route, expect

from tests.browser.bank_page import BankPage
from tests.browser.conftest import Arrive
from tests.browser.device_page import BACKGROUND, LISTENING, OFFLINE, POLLING, DevicePage
from tests.browser.sample_bank import SampleBank
from tests.browser.visitor import Visitor
from tests.support.tenant import Tenant
from tests.support.waiting import eventually

STREAM: Final = "**/pushward/v1/device/stream"
STREAMS_MAX: Final = 3
BACK_MS_MAX: Final = 90_000
"""The longest pause between two attempts is a minute."""
HOUR_SECONDS: Final = 3600
SLOW: Final = {"offline": False, "latency": 700, "downloadThroughput": 20_000, "uploadThroughput": 20_000}

_SHELL_IS_KEPT: Final = """async () => {
  const kept = await caches.match("/device/device.js") && await caches.match("/lib/pushward-device/device.js");
  return Boolean(navigator.serviceWorker.controller && kept && await caches.match("/device/"));
}"""
_KEPT_PATHS: Final = """async () => {
  const names = await caches.keys();
  const requests = (await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))).flat();
  return requests.map(({ url }) => new URL(url).pathname);
}"""
_SET_VISIBILITY: Final = """(state) => {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_without_a_stream_the_device_asks_every_few_seconds(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """A proxy that lets no stream through: requests arrive all the same, and the page says how."""
    await visitor.context.route(STREAM, lambda route: route.abort())
    device = await DevicePage.open(visitor)
    username = f"rupert-{uuid.uuid4()}"
    await device.register(username)
    await device.is_in_state(POLLING)
    await tenant.challenge(await bank.entity(username), await device.factor_sid(), "By asking")
    await device.is_asked("By asking")
    await device.approve.click()
    await device.says("Approved: By asking")
    await visitor.context.unroute(STREAM)
    await device.is_in_state(LISTENING)


async def test_offline_the_page_starts_and_online_it_goes_on(arrive: Arrive, bank: SampleBank, tenant: Tenant) -> None:
    """The shell comes from the service worker, the factor from the browser; what was asked meanwhile is shown."""
    visitor = await arrive(service_workers="allow")
    username = f"sybil-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    await device.page.wait_for_function(_SHELL_IS_KEPT)
    await visitor.context.set_offline(True)
    await device.is_in_state(OFFLINE)
    await device.page.reload()
    await expect(device.card("My phone")).to_contain_text(username)
    await device.is_in_state(OFFLINE)
    await tenant.challenge(await bank.entity(username), await device.factor_sid(), "While you were away")
    await visitor.context.set_offline(False)
    await device.is_asked("While you were away")
    await device.is_in_state(LISTENING)
    kept = await device.page.evaluate(_KEPT_PATHS)
    assert [path for path in kept if not re.match(r"/(device|shared|lib)/", path)] == []


async def test_a_server_that_is_restarted_is_listened_to_again(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """While it is away the bank says so, and nothing is lost."""
    username = f"trent-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    web = await BankPage.open(visitor)
    entity, factor_sid = await bank.entity(username), await device.factor_sid()
    bank.system.edge.kill()
    try:
        await device.is_in_state(OFFLINE)
        await web.sign_in(username)
        await web.says("The bank can’t reach your devices at the moment.")
    finally:
        await asyncio.to_thread(bank.system.start)
    await device.is_in_state(LISTENING, BACK_MS_MAX)
    await tenant.challenge(entity, factor_sid, "Still there?")
    await device.is_asked("Still there?")
    await device.approve.click()
    await device.says("Approved: Still there?")


async def test_a_tab_too_many_is_refused_its_stream_and_asks_instead(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """A real 429: a factor has three streams."""
    username = f"uma-{uuid.uuid4()}"
    tabs = [await DevicePage.registered(visitor, username)]
    for _ in range(STREAMS_MAX - 1):
        tabs.append(await DevicePage.open(visitor))
        await tabs[-1].is_in_state(LISTENING)
    last = await DevicePage.open(visitor)
    await last.is_in_state(POLLING)
    await tenant.challenge(await bank.entity(username), await last.factor_sid(), "For all tabs")
    await last.is_asked("For all tabs")
    await last.approve.click()
    await last.says("Approved: For all tabs")
    for tab in tabs:
        await tab.is_asked_nothing()


async def test_in_the_background_nothing_is_open_and_in_the_foreground_all_is_there(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """The page says that it pauses; what came meanwhile is shown when it is seen again."""
    username = f"victor-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    card = device.card("My phone")
    await card.get_by_text("Rename, delete, details").click()
    await card.get_by_label("Name of this device").fill("Half a na")
    await device.page.evaluate(_SET_VISIBILITY, "hidden")
    await device.is_in_state(BACKGROUND)
    await tenant.challenge(await bank.entity(username), await device.factor_sid(), "Back again?")
    await device.page.evaluate(_SET_VISIBILITY, "visible")
    await device.is_asked("Back again?")
    await device.is_in_state(LISTENING)
    await device.page.keyboard.press("Escape")
    await expect(card.get_by_label("Name of this device")).to_have_value("Half a na")
    await expect(card.get_by_label("Name of this device")).to_be_focused()


@pytest.mark.parametrize("shift_seconds", [HOUR_SECONDS, -HOUR_SECONDS], ids=["fast", "slow"])
async def test_a_clock_that_is_an_hour_wrong_is_corrected(visitor: Visitor, shift_seconds: int) -> None:
    """Tokens are accepted, and the countdown counts the server's minutes."""
    username = f"walter-{uuid.uuid4()}"
    await visitor.shift_clock(shift_seconds)
    device = await DevicePage.registered(visitor, username)
    web = await BankPage.open(visitor)
    await web.sign_in(username)
    await expect(web.page.get_by_role("timer")).to_have_text(re.compile(r"Open for another (5:00|4:[0-5][0-9])"))
    await device.is_asked("Log in to Example Bank?")
    await expect(device.sheet.get_by_role("timer")).to_have_text(re.compile(r"Expires in (5:00|4:[0-5][0-9])"))
    await device.approve.click()
    await web.welcomes(username)
    await device.page.reload()
    await device.is_in_state(LISTENING)


async def test_on_a_slow_network_an_answer_is_sent_once(visitor: Visitor, bank: SampleBank, tenant: Tenant) -> None:
    """Whoever presses again and again meanwhile answers no second time, and sees that it is on its way."""
    username = f"wendy-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    await tenant.challenge(await bank.entity(username), await device.factor_sid(), "Slowly?")
    await device.is_asked("Slowly?")
    answers: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST" and "/Challenges/" in request.url:
            answers.append(request.url)

    device.page.on("request", note)
    network = await visitor.context.new_cdp_session(device.page)
    await network.send("Network.emulateNetworkConditions", SLOW)
    await expect(device.approve).to_be_enabled()
    await device.approve.click(click_count=5)
    await expect(device.sheet).to_contain_text("Signing, and sending the answer …")
    await expect(device.deny).to_be_disabled()
    await device.page.keyboard.press("Escape")
    await device.says("Approved: Slowly?")
    assert len(answers) == 1


async def test_an_answer_whose_confirmation_is_lost_is_found_out(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """The server has it, the device doesn't know: the sheet looks, and says that it has arrived."""
    username = f"xenia-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    challenge = await tenant.challenge(await bank.entity(username), await device.factor_sid(), "Lost?")
    await device.is_asked("Lost?")

    async def lose(route: Route) -> None:
        if route.request.method != "POST":
            return await route.fallback()
        await route.fetch()
        return await route.abort()

    await device.page.route(f"**/Challenges/{challenge['sid']}", lose)
    await device.approve.click()
    await device.says("Your answer has arrived after all, the request is approved: Lost?")


async def test_a_form_is_never_sent_by_the_browser_itself(visitor: Visitor) -> None:
    """Whoever presses before the page has all its parts waits; nothing that was typed gets into an address."""
    waiting: list[Route] = []

    async def hold(route: Route) -> None:
        waiting.append(route)

    await visitor.context.route("**/config", hold)
    await visitor.context.route("**/bank/waiting.js", hold)
    device, web = await visitor.open("/device/"), await visitor.open("/", until="commit")
    for page, label in ((device, "User name at the bank"), (web, "User name")):
        await page.get_by_label(label).fill("early")
        await page.keyboard.press("Enter")
        await expect(page.locator("[type=submit]").first).to_be_disabled()
        assert "early" not in page.url

    async def held() -> int:
        return len(waiting)

    await eventually(held, 2)
    for route in waiting:
        await route.continue_()
    for page in (device, web):
        await expect(page.locator("[type=submit]").first).to_be_enabled()
    await web.keyboard.press("Enter")
    await expect(web.locator("#notices")).to_contain_text("There is no device of yours yet.")


async def test_an_answer_that_makes_no_sense_ends_listening_until_somebody_looks_again(visitor: Visitor) -> None:
    """It is told, no factor is called lost for it, and the page can go on without being loaded again."""
    username = f"yasmin-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    listed = re.compile(r"/Challenges\?.*Status=pending")
    await device.page.route(listed, lambda route: route.fulfill(json={"challenges": "none"}))
    await device.page.evaluate(_SET_VISIBILITY, "hidden")
    await device.page.evaluate(_SET_VISIBILITY, "visible")
    await device.is_in_state("Not connected")
    await device.says("The answer lacks")
    await expect(device.cards.get_by_role("alert")).to_have_count(0)
    await device.page.unroute(listed)
    await device.page.get_by_role("button", name="Look again").click()
    await device.is_in_state(LISTENING)
