"""The bank's web app as somebody uses it."""

from typing import Self

from playwright.async_api import Page, expect

from tests.browser.visitor import Visitor


class BankPage:
    """One tab with the bank in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.notices = page.locator("#notices")
        self.waiting = page.get_by_role("region", name="Look at your device")

    @classmethod
    async def open(cls, visitor: Visitor) -> Self:
        """A new tab."""
        return cls(await visitor.open("/"))

    async def sign_in(self, username: str) -> None:
        """Asks to sign in; the device must say the rest."""
        await self.page.get_by_label("User name").fill(username)
        await self.page.get_by_role("button", name="Sign in with your device").click()

    async def pay(self, amount: str, payee: str) -> None:
        """Asks to pay; the device must say the rest."""
        await self.page.get_by_label("Amount in EUR").fill(amount)
        await self.page.get_by_label("Payee").fill(payee)
        await self.page.get_by_role("button", name="Pay, and approve on your device").click()

    async def waits(self) -> None:
        """Waits until the page waits for the device."""
        await expect(self.waiting).to_be_visible()

    async def welcomes(self, username: str) -> None:
        """Waits until somebody is signed in."""
        await expect(self.page.get_by_role("heading", name=f"Welcome, {username}")).to_be_visible()

    async def says(self, text: str) -> None:
        """Waits until a notice says this."""
        await expect(self.notices.get_by_text(text).last).to_be_visible()
