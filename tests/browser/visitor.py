"""A person with a browser profile of their own; whatever goes wrong in its pages unseen is written down.

Every test's visitors must have seen no violation of the pages' content security policy and no uncaught error.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, WebError

from tests.browser.chromium import WAIT_MS_MAX
from tests.browser.sample_bank import SampleBank

WIDE: Final[ViewportSize] = {"width": 1280, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}

WORKER_BLOCKED: Final = "Service Worker registration blocked by Playwright"

_REPORT_VIOLATIONS: Final = """
addEventListener("securitypolicyviolation", (event) =>
  reportViolation(`${event.violatedDirective} ${event.blockedURI} in ${event.sourceFile || document.URL}`));
"""
_SHIFT_CLOCK: Final = """
(() => {
  const shift = %d, RealDate = Date;
  globalThis.Date = class Date extends RealDate {
    constructor(...given) { given.length === 0 ? super(RealDate.now() + shift) : super(...given); }
    static now() { return RealDate.now() + shift; }
  };
})();
"""
_OPEN_WINDOW: Final = "() => { open('about:blank', '', 'popup,noopener'); }"
_REFUSE_STORAGE: Final = """
IDBFactory.prototype.open = () => { throw new DOMException("The user denied permission.", "SecurityError"); };
"""


class Visitor:
    """One browser context. ``troubles`` is what nobody may have seen."""

    def __init__(self, context: BrowserContext, bank: SampleBank) -> None:
        self.context = context
        self.bank = bank
        self.troubles: list[str] = []

    @classmethod
    @asynccontextmanager
    async def arriving(cls, browser: Browser, bank: SampleBank, **options: Any) -> AsyncIterator["Visitor"]:
        """Somebody new, gone with the block. Any: what Playwright's contexts take.

        Without service workers unless told otherwise: a request that goes by one may pass a test's routes.
        """
        context = await browser.new_context(**{"viewport": WIDE, "service_workers": "block", **options})
        context.set_default_timeout(WAIT_MS_MAX)
        try:
            visitor = cls(context, bank)
            await visitor._watch()
            yield visitor
        finally:
            await context.close()

    async def open(self, path: str, until: Literal["load", "commit"] = "load") -> Page:
        """A page of the bank's, in a window of its own: a tab behind another draws rarely, and clicks wait for it."""
        if self.context.pages:
            async with self.context.expect_page() as opening:
                await self.context.pages[0].evaluate(_OPEN_WINDOW)
            page = await opening.value
        else:
            page = await self.context.new_page()
        await page.goto(self.bank.url + path, wait_until=until)
        return page

    async def shift_clock(self, seconds: int) -> None:
        """The machine's clock is off, in all pages that are opened from now on."""
        await self.context.add_init_script(_SHIFT_CLOCK % (seconds * 1000))

    async def refuse_storage(self) -> None:
        """The browser keeps no databases, in all pages that are opened from now on."""
        await self.context.add_init_script(_REFUSE_STORAGE)

    async def _watch(self) -> None:
        await self.context.expose_function("reportViolation", self._note_violation)
        await self.context.add_init_script(_REPORT_VIOLATIONS)
        self.context.on("weberror", self._note_error)
        self.context.on("console", self._note_message)

    def _note_violation(self, violation: str) -> None:
        self.troubles.append(f"policy: {violation}")

    def _note_error(self, error: WebError) -> None:
        self.troubles.append(f"uncaught: {error.error}")

    def _note_message(self, message: ConsoleMessage) -> None:
        # A network error is a page's business; it is shown to its user, which tests look at.
        is_expected = message.text.startswith(("Failed to load resource", WORKER_BLOCKED))
        if message.type in ("error", "warning") and not is_expected:
            self.troubles.append(f"{message.type}: {message.text} ({json.dumps(message.location)})")
