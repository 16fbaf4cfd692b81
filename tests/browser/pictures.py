"""`make images`: the pictures of docs/images and the icons of the device page, drawn by the browser."""

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, ViewportSize, expect

from deploy.embedded.postgres import EmbeddedPostgres
from tests.browser.bank_page import BankPage
from tests.browser.chromium import launched
from tests.browser.device_page import DevicePage
from tests.browser.sample_bank import SampleBank
from tests.browser.visitor import WIDE, Visitor
from tests.support.child import ROOT
from tests.support.installation import Installation

IMAGES: Final = ROOT / "docs" / "images"
ICONS: Final = ROOT / "samples" / "web" / "device"
PHONE: Final[ViewportSize] = {"width": 390, "height": 720}
TRAVERSABLE: Final = 0o711
"""PostgreSQL refuses root, so under root another user must get to its data."""

Scheme = Literal["light", "dark"]

_ICON_PAGE: Final = """<style>* {{ margin: 0; background: {ground} }} svg {{ display: block; width: {inner}px;
height: {inner}px; padding: {padding}px }}</style>{svg}"""
_GROUND: Final = "#0f3d66"
MASKABLE_INNER: Final = 0.8
"""What a maskable icon shows for certain (W3C Web Application Manifest): a circle of 80 % of its width."""


async def draw(bank: SampleBank, browser: Browser) -> None:
    """Everything, anew."""
    IMAGES.mkdir(exist_ok=True)
    await _icons(browser)
    await _waiting(bank, browser)
    await _sheet(bank, browser, "light")
    await _sheet(bank, browser, "dark")
    await _drawer(bank, browser)


async def _waiting(bank: SampleBank, browser: Browser) -> None:
    async with _visitor(bank, browser, "light", WIDE) as visitor:
        await DevicePage.registered(visitor, "demo-user")
        web = await BankPage.open(visitor)
        await web.sign_in("demo-user")
        await web.waits()
        await expect(web.page.get_by_text("Create a challenge")).to_be_visible()
        await web.page.screenshot(path=IMAGES / "bank-waiting.png", animations="disabled")


async def _sheet(bank: SampleBank, browser: Browser, scheme: Scheme) -> None:
    async with _visitor(bank, browser, scheme, PHONE) as visitor:
        device = await _asked_to_pay(visitor, f"demo-{scheme}")
        await device.page.screenshot(path=IMAGES / f"device-sheet-{scheme}.png", animations="disabled")


async def _drawer(bank: SampleBank, browser: Browser) -> None:
    async with _visitor(bank, browser, "dark", WIDE) as visitor:
        device = await _asked_to_pay(visitor, "demo-user-2")
        await device.approve.click()
        await device.says("Approved")
        dismiss = device.notices.get_by_role("button", name="Dismiss")
        while await dismiss.count() > 0:
            await dismiss.first.click()
        sent = device.page.locator(".exchange", has_text="Send the signed answer").first
        await sent.locator("summary").click()
        await sent.get_by_text("AuthPayload: what was signed").evaluate("(title) => title.scrollIntoView()")
        await device.page.locator(".page").evaluate("(page) => page.scrollTo(0, 0)")
        await device.page.screenshot(path=IMAGES / "device-drawer.png", animations="disabled")


async def _asked_to_pay(visitor: Visitor, username: str) -> DevicePage:
    device = await DevicePage.registered(visitor, username)
    web = await BankPage.open(visitor)
    await web.sign_in(username)
    await device.approve.click()
    await web.welcomes(username)
    await web.pay("250.00", "Café Example & Co")
    await device.is_asked("Pay 250.00 EUR to Café Example & Co?")
    await expect(device.approve).to_be_enabled()
    return device


async def _icons(browser: Browser) -> None:
    svg = (ICONS / "icon.svg").read_text("utf-8")
    for name, size, share, ground in (
        ("icon-192", 192, 1.0, "transparent"),
        ("icon-512", 512, 1.0, "transparent"),
        ("icon-maskable-512", 512, MASKABLE_INNER, _GROUND),
    ):
        inner = round(size * share)
        page = await browser.new_page(viewport={"width": size, "height": size})
        await page.set_content(
            _ICON_PAGE.format(ground=ground, inner=inner, padding=(size - inner) // 2, svg=svg), wait_until="load"
        )
        await page.screenshot(path=ICONS / f"{name}.png", omit_background=True)
        await page.close()


@asynccontextmanager
async def _visitor(bank: SampleBank, browser: Browser, scheme: Scheme, size: ViewportSize) -> AsyncIterator[Visitor]:
    scale = 1.5 if size is PHONE else 1
    async with Visitor.arriving(
        browser, bank, color_scheme=scheme, viewport=size, device_scale_factor=scale
    ) as visitor:
        yield visitor


async def _main(bank: SampleBank) -> None:
    async with launched() as browser:
        await draw(bank, browser)


def main() -> None:
    """With a bank of its own, which is gone afterwards."""
    logging.disable()
    with (
        tempfile.TemporaryDirectory(prefix="pushward-images-") as name,
        EmbeddedPostgres.ephemeral(fsync=False) as server,
    ):
        directory = Path(name)
        directory.chmod(TRAVERSABLE)
        with SampleBank.open(Installation(server, directory).stores, directory) as bank:
            asyncio.run(_main(bank))


if __name__ == "__main__":
    main()
