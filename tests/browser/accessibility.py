"""axe-core, run in a page: what it finds, short enough to read."""

from collections.abc import Sequence
from typing import Any, Final

from playwright.async_api import Page

from tests.support.child import ROOT

AXE: Final = ROOT / "tests" / "browser" / "node" / "node_modules" / "axe-core" / "axe.min.js"
"""`make node` installs it."""

CONTRAST: Final = ("color-contrast",)
"""The only rule whose outcome depends on colours."""

_RUN: Final = """async (rules) => {
  const only = rules.length > 0 ? { runOnly: { type: "rule", values: rules } } : {};
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...only });
  return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ target, any }) =>
    `${target.join(" ")}: ${any.map(({ message }) => message).join("; ")}`) }));
}"""

# Colours that still fade in are no contrast to measure.
_ANIMATIONS_ENDED: Final = """() => Promise.allSettled(document.getAnimations()
  .filter((animation) => animation.effect.getTiming().iterations !== Infinity)
  .map((animation) => animation.finished))"""


async def findings(page: Page, rules: Sequence[str] = ()) -> list[dict[str, Any]]:  # Any: JSON
    """Everything that axe-core calls a violation, whatever its impact; by these rules only, if there are any."""
    if not await page.evaluate("Boolean(globalThis.axe)"):
        # By the debugger: the page's policy lets nobody add a script to it.
        await page.evaluate(AXE.read_text("utf-8"))
    await page.evaluate(_ANIMATIONS_ENDED)
    found: list[dict[str, Any]] = await page.evaluate(_RUN, list(rules))
    return found
