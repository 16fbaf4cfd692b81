"""What the browser enforces and offers: the policy is strict, a breach of it is seen, the device can be installed."""

from tests.browser.conftest import Arrive
from tests.browser.device_page import DevicePage
from tests.browser.visitor import Visitor
from tests.support.waiting import eventually


async def test_a_breach_of_the_policy_is_stopped_and_seen(visitor: Visitor) -> None:
    """Every other test asserts that none was seen."""
    page = await visitor.open("/")
    await page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.wasRun = true";
      document.head.append(script);
      document.body.setAttribute("style", "color: red");
    }""")
    await page.evaluate("fetch('http://127.0.0.1:9/').catch(() => {})")

    async def breached() -> set[str]:
        return {trouble.split()[1] for trouble in visitor.troubles if trouble.startswith("policy: ")}

    await eventually(breached, {"script-src-elem", "style-src-attr", "connect-src"})
    assert await page.evaluate("globalThis.wasRun") is None
    visitor.troubles.clear()


async def test_the_device_page_can_be_installed(arrive: Arrive) -> None:
    """Chromium finds nothing that stands against it."""
    visitor = await arrive(service_workers="allow")
    device = await DevicePage.open(visitor)
    debugger = await visitor.context.new_cdp_session(device.page)
    manifest = await debugger.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/device/device.webmanifest")
    installability = await debugger.send("Page.getInstallabilityErrors")
    # A context of Playwright's is like a private window.
    assert [error["errorId"] for error in installability["installabilityErrors"]] == ["in-incognito"]
