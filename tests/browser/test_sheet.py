"""The sheet on which it is decided: what it shows, how it is answered, and how it goes if nobody here answers."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

from playwright.async_api import expect

from tests.browser.bank_page import BankPage
from tests.browser.conftest import Arrive
from tests.browser.device_page import LISTENING, DevicePage
from tests.browser.sample_bank import SampleBank, fields, hidden
from tests.browser.visitor import PHONE, Visitor
from tests.support.tenant import Tenant

SHORT_SECONDS: Final = 12
FIELDS_MAX: Final = 20
SCRIPT: Final = '<script>globalThis.wasRun = 1</script><img src="x" onerror="globalThis.wasRun = 2">'
RIGHT_TO_LEFT: Final = "האם זו את? تأكيد الدفع ١٢٣"

_IS_ON_TOP: Final = """(selector) => {
  const button = document.querySelector(selector), { x, y, width, height } = button.getBoundingClientRect();
  return document.elementFromPoint(x + width / 2, y + height / 2) === button;
}"""
_ANSWER: Final = """async ([baseUrl, factorSid, challengeSid, decision]) => {
  const { PushwardDevice } = await import("/lib/pushward-device/index.js");
  const device = await PushwardDevice.open({ baseUrl });
  await device.challenges[decision](await device.challenges.get(factorSid, challengeSid));
  await device.close();
}"""


async def test_a_request_that_expires_while_shown_goes_and_says_so(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """Nothing is answered by it, and the list says that it has expired."""
    username = f"erin-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    end = (datetime.now(UTC) + timedelta(seconds=SHORT_SECONDS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    entity = await bank.entity(username)
    challenge = await tenant.challenge(entity, await device.factor_sid(), "Soon over?", ExpirationDate=end)
    await device.is_asked("Soon over?")
    await expect(device.sheet.get_by_role("timer")).to_have_text(re.compile(r"Expires in 0:(0\d|1[0-2])"))
    await device.says("The request expired while it was shown: Soon over?")
    await device.is_asked_nothing()
    await expect(device.answered.filter(has_text="Soon over?").locator(".chip")).to_have_text("Expired")
    assert (await tenant.get(f"{entity}/Challenges/{challenge['sid']}"))["status"] == "expired"


async def test_an_answer_in_another_tab_closes_the_sheet_here(visitor: Visitor) -> None:
    """Both tabs show it; one answers; the other says how it ended."""
    username = f"frank-{uuid.uuid4()}"
    first = await DevicePage.registered(visitor, username)
    second = await DevicePage.open(visitor)
    await second.is_in_state(LISTENING)
    bank = await BankPage.open(visitor)
    await bank.sign_in(username)
    await first.is_asked("Log in to Example Bank?")
    await second.is_asked("Log in to Example Bank?")
    await second.approve.click()
    await second.says("Approved: Log in to Example Bank?")
    await first.says("Answered on another device or in another tab, the request is approved: Log in to Example Bank?")
    await first.is_asked_nothing()
    await bank.welcomes(username)


async def test_an_answer_from_elsewhere_closes_the_sheet_without_a_word_from_there(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """The sheet looks by itself, every few seconds."""
    username = f"grace-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    factor_sid = await device.factor_sid()
    challenge = await tenant.challenge(await bank.entity(username), factor_sid, "Who is first?")
    await device.is_asked("Who is first?")
    elsewhere = await visitor.open("/")
    await elsewhere.evaluate(_ANSWER, [bank.system.base_url, factor_sid, challenge["sid"], "deny"])
    await device.says("Answered on another device or in another tab, the request is denied: Who is first?")
    await device.is_asked_nothing()


async def test_two_devices_of_a_user_are_asked_each_for_itself(
    arrive: Arrive, bank: SampleBank, tenant: Tenant
) -> None:
    """A request for one isn't shown on the other; the bank's own go to the newest."""
    username = f"heidi-{uuid.uuid4()}"
    older = await DevicePage.registered(await arrive(), username, "Older")
    newer = await DevicePage.registered(await arrive(), username, "Newer")
    visitor = await arrive()
    web = await BankPage.open(visitor)
    await web.sign_in(username)
    await newer.is_asked("Log in to Example Bank?")
    await newer.approve.click()
    await web.welcomes(username)

    await tenant.challenge(await bank.entity(username), await older.factor_sid(), "For the older one")
    await older.is_asked("For the older one")
    await expect(older.sheet).to_contain_text("on Older")
    await newer.page.get_by_role("button", name="Look again").click()
    await expect(newer.answered).to_have_count(1)
    await expect(newer.pending).to_have_count(0)
    await newer.is_asked_nothing()
    await older.deny.click()
    await older.says("Denied: For the older one")


async def test_two_users_share_a_device_and_requests_wait_for_their_turn(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """Each sheet says for whom it is; the second comes when the first is answered."""
    ivan, judy = f"ivan-{uuid.uuid4()}", f"judy-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, ivan, "Ivan’s")
    await device.register(judy, "Judy’s")
    await expect(device.cards).to_have_count(2)
    await expect(device.card("Judy’s").locator(".state")).to_have_text(LISTENING)
    sids = {factor["friendlyName"]: factor["sid"] for factor in await device.factors()}

    await tenant.challenge(await bank.entity(ivan), sids["Ivan’s"], "Are you Ivan?")
    await device.is_asked("Are you Ivan?")
    await tenant.challenge(await bank.entity(judy), sids["Judy’s"], "Are you Judy?")
    await expect(device.sheet).to_contain_text("1 more request waits")
    await expect(device.sheet).to_contain_text(f"For {ivan} on Ivan’s")
    await device.approve.click()
    await device.is_asked("Are you Judy?")
    await expect(device.sheet).to_contain_text(f"For {judy} on Judy’s")
    await device.deny.click()
    await device.says("Denied: Are you Judy?")
    await device.is_asked_nothing()


async def test_whatever_a_backend_sends_is_shown_as_text_and_fits(
    arrive: Arrive, bank: SampleBank, tenant: Tenant
) -> None:
    """Script tags, right-to-left text, twenty long fields, on a phone; hidden details stay out of the sheet."""
    visitor = await arrive(viewport=PHONE)
    username = f"mallory-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username, SCRIPT[:60])
    long_ones = [("W" * 36, "m" * 128)] * (FIELDS_MAX - 2)
    details = fields((SCRIPT[:36], SCRIPT[:128]), (RIGHT_TO_LEFT, RIGHT_TO_LEFT), *long_ones)
    await tenant.challenge(
        await bank.entity(username),
        await device.factor_sid(),
        SCRIPT + " " + "W" * 120,
        **{"Details.Fields": details, "HiddenDetails": hidden(secret="not-for-eyes", markup=SCRIPT)},
    )
    await device.is_asked(SCRIPT + " " + "W" * 120)
    rows = device.sheet.locator("#sheet-fields > div")
    await expect(rows).to_have_count(FIELDS_MAX)
    await expect(rows.first.locator("dd")).to_have_text(SCRIPT[:128])
    await expect(rows.nth(1).locator("dd")).to_have_css("direction", "rtl")
    await expect(rows.nth(2).locator("dd")).to_have_css("direction", "ltr")
    assert "not-for-eyes" not in await device.sheet.inner_text()
    await expect(device.approve).to_be_in_viewport(ratio=1)
    await rows.last.scroll_into_view_if_needed()
    await expect(rows.last).to_be_in_viewport()
    await expect(device.approve).to_be_in_viewport(ratio=1)
    assert await device.page.evaluate(_IS_ON_TOP, "#sheet-approve"), "the fields hide the buttons"
    for place in (
        "document.documentElement",
        "document.querySelector('#sheet')",
        "document.querySelector('.sheet-content')",
    ):
        assert await device.page.evaluate(f"{place}.scrollWidth <= {place}.clientWidth"), place

    await device.approve.click()
    await device.says("Approved:")
    answered = device.answered.first
    await answered.locator("summary").click()
    await expect(answered).to_contain_text("not-for-eyes")
    await device.page.locator(".drawer-toggle").click()
    await device.page.locator(".exchange", has_text="Send the signed answer").locator("summary").click()
    await expect(device.page.locator(".decoded", has_text="what was signed")).to_contain_text("not-for-eyes")
    assert await device.page.locator("#sheet img, #answered img, #drawer img, main script").count() == 0
    assert await device.page.evaluate("globalThis.wasRun") is None
    assert await device.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def test_a_request_is_answered_by_keyboard_alone_and_never_by_accident(
    visitor: Visitor, bank: SampleBank, tenant: Tenant
) -> None:
    """A fresh sheet's buttons don't work yet, nothing of it is focused that answers, Escape only puts it off."""
    username = f"niaj-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    await device.watch_sheet()
    await device.page.get_by_role("button", name="Sign in from this device").focus()
    entity = await bank.entity(username)
    challenge = await tenant.challenge(entity, await device.factor_sid(), "Is it you?")
    await device.is_asked("Is it you?")
    assert await device.sheets_seen() == [{"isOpen": True, "isEnabled": False}]
    await expect(device.sheet.get_by_role("heading")).to_be_focused()
    await expect(device.approve).to_be_enabled()
    keyboard = device.page.keyboard
    for key in ("Enter", "Space", "Escape"):
        await keyboard.press(key)
    await device.is_asked_nothing()
    await device.says("Not answered: the request stays below until it expires.")
    assert (await tenant.get(f"{entity}/Challenges/{challenge['sid']}"))["status"] == "pending"
    # Where somebody was before the sheet came, they are again.
    await expect(device.page.get_by_role("button", name="Sign in from this device")).to_be_focused()

    await device.page.get_by_role("button", name="Look at it").focus()
    await keyboard.press("Enter")
    await device.is_asked("Is it you?")
    await expect(device.approve).to_be_enabled()
    for _ in range(3):
        await keyboard.press("Tab")
    await expect(device.approve).to_be_focused()
    await keyboard.press("Enter")
    await device.says("Approved: Is it you?")
    await device.is_asked_nothing()
    assert (await tenant.get(f"{entity}/Challenges/{challenge['sid']}"))["status"] == "approved"
