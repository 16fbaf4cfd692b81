"""The device page as somebody uses it, by what they see: labels, buttons, words."""

from typing import Any, Final, Self

from playwright.async_api import Locator, Page, expect

from tests.browser.chromium import WAIT_MS_MAX
from tests.browser.visitor import Visitor

LISTENING: Final = "Listening"
POLLING: Final = "Asking every few seconds"
OFFLINE: Final = "Offline, trying again"
BACKGROUND: Final = "Paused in the background"
NO_FACTOR: Final = "No factor yet"

_FACTORS: Final = """async () => {
  const { IndexedDbStore } = await import("/lib/pushward-device/index.js");
  const store = new IndexedDbStore();
  try { return await store.factors(); } finally { await store.close(); }
}"""
_WATCH_SHEET: Final = """() => {
  const sheet = document.querySelector("#sheet"), approve = document.querySelector("#sheet-approve");
  globalThis.sheetsSeen = [];
  new MutationObserver(() => sheetsSeen.push({ isOpen: sheet.open, isEnabled: !approve.disabled }))
    .observe(sheet, { attributes: true, attributeFilter: ["open"] });
}"""


class DevicePage:
    """One tab with the device in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.connection = page.locator("#connection")
        self.sheet = page.get_by_role("dialog", name="Is this you?")
        self.approve = self.sheet.get_by_role("button", name="Approve")
        self.deny = self.sheet.get_by_role("button", name="Deny")
        self.notices = page.locator("#notices")
        self.cards = page.locator(".factor")
        self.pending = page.locator("#pending > li")
        self.answered = page.locator("#answered > li")

    @classmethod
    async def open(cls, visitor: Visitor) -> Self:
        """A new tab."""
        return cls(await visitor.open("/device/"))

    @classmethod
    async def registered(cls, visitor: Visitor, username: str, name: str = "My phone") -> Self:
        """A new tab in which somebody has just registered, and that listens."""
        device = await cls.open(visitor)
        await device.register(username, name)
        await device.is_in_state(LISTENING)
        return device

    async def register(self, username: str, name: str = "My phone") -> None:
        """Fills in the form and sends it."""
        if not await self.page.get_by_label("User name at the bank").is_visible():
            await self.page.get_by_text("Register this device").click()
        await self.page.get_by_label("User name at the bank").fill(username)
        await self.page.locator("#register").get_by_label("Name of this device").fill(name)
        await self.page.get_by_role("button", name="Register", exact=True).click()

    async def is_in_state(self, text: str, wait_ms_max: int = WAIT_MS_MAX) -> None:
        """Waits until the page says so of its connection."""
        await expect(self.connection).to_have_text(text, timeout=wait_ms_max)

    async def says(self, text: str) -> None:
        """Waits until a notice says this."""
        await expect(self.notices.get_by_text(text).last).to_be_visible()

    def card(self, name: str) -> Locator:
        """The card of the factor with this name."""
        return self.cards.filter(has=self.page.get_by_role("heading", name=name, exact=True))

    async def is_asked(self, message: str) -> None:
        """Waits until the sheet shows this message."""
        await expect(self.sheet).to_be_visible()
        await expect(self.sheet.locator("#sheet-message")).to_have_text(message)

    async def is_asked_nothing(self) -> None:
        """Waits until no sheet is shown."""
        await expect(self.sheet).to_be_hidden()

    async def factors(self) -> list[dict[str, Any]]:
        """What the library keeps in this browser. Any: JSON."""
        kept: list[dict[str, Any]] = await self.page.evaluate(_FACTORS)
        return kept

    async def factor_sid(self) -> str:
        """The SID of the only factor."""
        [factor] = await self.factors()
        return str(factor["sid"])

    async def watch_sheet(self) -> None:
        """From now on it is written down when the sheet opens and closes; see `sheets_seen`."""
        await self.page.evaluate(_WATCH_SHEET)

    async def sheets_seen(self) -> list[dict[str, bool]]:
        """How the sheet was each time that it opened or closed: `isOpen`, and whether it `isEnabled` then."""
        seen: list[dict[str, bool]] = await self.page.evaluate("sheetsSeen")
        return seen
