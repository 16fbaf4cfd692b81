"""axe-core, run in a page: what it finds, short enough to read."""

from typing import Any, Final

from playwright.async_api import Page

from tests.support.child import ROOT

AXE: Final = ROOT / "tests" / "browser" / "node" / "node_modules" / "axe-core" / "axe.min.js"
"""`make node` installs it."""

_RUN: Final = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ target, any }) =>
    `${target.join(" ")}: ${any.map(({ message }) => message).join("; ")}`) }));
}"""

# Colours that still fade in are no contrast to measure.
_ANIMATIONS_ENDED: Final = """() => Promise.allSettled(document.getAnimations()
  .filter((animation) => animation.effect.getTiming().iterations !== Infinity)
  .map((animation) => animation.finished))"""


async def findings(page: Page) -> list[dict[str, Any]]:  # Any: JSON
    """Everything that axe-core calls a violation, whatever its impact."""
    if not await page.evaluate("Boolean(globalThis.axe)"):
        # By the debugger: the page's policy lets nobody add a script to it.
        await page.evaluate(AXE.read_text("utf-8"))
    await page.evaluate(_ANIMATIONS_ENDED)
    found: list[dict[str, Any]] = await page.evaluate(_RUN)
    return found
