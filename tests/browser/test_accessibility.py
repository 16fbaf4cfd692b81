"""Everybody can use the pages: axe-core finds nothing on any screen, dark or light, on a phone or beside the drawer."""

import uuid
from collections.abc import Sequence
from typing import Any, Final, Literal

from playwright.async_api import Page, ViewportSize, expect

from tests.browser.accessibility import CONTRAST, findings
from tests.browser.bank_page import BankPage
from tests.browser.conftest import Arrive
from tests.browser.device_page import LISTENING, DevicePage
from tests.browser.sample_bank import SampleBank, fields
from tests.browser.visitor import PHONE, WIDE
from tests.support.tenant import Tenant

SIZES: Final[dict[str, ViewportSize]] = {"phone": PHONE, "wide": WIDE}
SCHEMES: Final[Sequence[tuple[Literal["light", "dark"], Sequence[str]]]] = (("dark", CONTRAST), ("light", ()))


class Screens:
    """Collects what is found, by screen and size."""

    def __init__(self) -> None:
        self.found: dict[str, list[dict[str, Any]]] = {}  # Any: JSON

    async def look(self, name: str, page: Page) -> None:
        """At both sizes, in both schemes."""
        for size, viewport in SIZES.items():
            await page.set_viewport_size(viewport)
            for scheme, rules in SCHEMES:
                await page.emulate_media(color_scheme=scheme)
                if violations := await findings(page, rules):
                    self.found[f"{name}, {size}, {scheme}"] = violations


async def test_every_screen_can_be_used_by_everybody(arrive: Arrive, bank: SampleBank, tenant: Tenant) -> None:
    """Sign-in, waiting, account, notices, device, sheet, drawer, a lost factor, a confirmation."""
    visitor = await arrive()
    screens = Screens()
    username = f"fay-{uuid.uuid4()}"
    web = await BankPage.open(visitor)
    await web.sign_in(username)
    await web.says("There is no device of yours yet.")
    await screens.look("sign-in with a notice", web.page)

    device = await DevicePage.open(visitor)
    await screens.look("device without a factor", device.page)
    await device.register(username)
    await device.is_in_state(LISTENING)
    await web.page.reload()
    await web.sign_in(username)
    await web.waits()
    await screens.look("waiting", web.page)
    await device.is_asked("Log in to Example Bank?")
    await expect(device.approve).to_be_enabled()
    await screens.look("sheet", device.page)
    await device.approve.click()
    await web.welcomes(username)
    await screens.look("account", web.page)

    twenty = fields(*((f"Label {number}", "value " * 20) for number in range(20)))
    entity, factor_sid = await bank.entity(username), await device.factor_sid()
    await tenant.challenge(entity, factor_sid, "Twenty fields", **{"Details.Fields": twenty})
    await device.is_asked("Twenty fields")
    await screens.look("long sheet, not yet or no longer enabled", device.page)
    await device.page.keyboard.press("Escape")
    for exchange in await device.page.locator(".exchange").all():
        await exchange.evaluate("(details) => { details.open = true; }")
    await device.answered.first.locator("summary").click()
    card = device.card("My phone")
    await card.get_by_text("Rename, delete, details").click()
    await screens.look("device with all open", device.page)
    await card.get_by_role("button", name="Delete this factor").click()
    await screens.look("confirmation", device.page)
    await device.page.get_by_role("button", name="Keep it").click()
    await tenant.delete(f"{entity}/Factors/{factor_sid}")
    await expect(card.get_by_role("alert")).to_be_visible()
    await screens.look("lost factor", device.page)
    assert screens.found == {}


async def test_axe_finds_what_is_wrong(arrive: Arrive) -> None:
    """Otherwise the test above would prove nothing."""
    web = await BankPage.open(await arrive())
    await web.page.evaluate("document.querySelector('label').remove()")
    assert [violation["id"] for violation in await findings(web.page)] == ["label"]


async def test_axe_finds_what_can_hardly_be_read_in_the_dark(arrive: Arrive) -> None:
    """The same, for colours."""
    web = await BankPage.open(await arrive(color_scheme="dark"))
    await web.page.evaluate("document.documentElement.style.setProperty('--quiet', '#3a3a3a')")
    assert {violation["id"] for violation in await findings(web.page, CONTRAST)} == {"color-contrast"}
