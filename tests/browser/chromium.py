"""The browser that the tests drive: the machine's own Chromium, found by `scripts/chromium`."""

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, async_playwright, expect

from tests.support.child import ROOT

WAIT_MS_MAX: Final = 30_000
"""For any condition: the machine may be busy with three other suites."""

expect.set_options(timeout=WAIT_MS_MAX)


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A browser without a window, ended with the block."""
    # Chromium's own sandbox refuses root, and the pages are our own.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_executable(), args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


def _executable() -> str:
    found = subprocess.run(
        [ROOT / "scripts" / "chromium"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()
