"""Signing in and paying, each approved or not on a device in another tab."""

import re
import uuid

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.bank_page import BankPage
from tests.browser.device_page import DevicePage
from tests.browser.visitor import Visitor


async def test_signing_in_and_paying_are_approved_on_the_device_and_the_drawers_show_how(visitor: Visitor) -> None:
    """What was asked is what was shown and signed, in both tabs and in both drawers."""
    username = f"alice-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    bank = await BankPage.open(visitor)

    await bank.sign_in(username)
    await bank.waits()
    await expect(bank.page.get_by_role("timer")).to_have_text(re.compile(r"Open for another (5:00|4:[0-5][0-9])"))
    await device.is_asked("Log in to Example Bank?")
    await expect(device.sheet).to_contain_text(f"For {username} on My phone")
    await device.approve.click()
    await device.says("Approved: Log in to Example Bank?")
    await bank.welcomes(username)

    await bank.pay("250.00", "Café Example & Co")
    await device.is_asked("Pay 250.00 EUR to Café Example & Co?")
    await expect(device.sheet.locator("#sheet-fields > div").first).to_have_text("Amount250.00 EUR")
    await expect(device.sheet.locator("#sheet-fields > div").nth(1)).to_have_text("PayeeCafé Example & Co")
    await device.approve.click()
    await bank.says("The transfer was approved on the device.")
    await expect(bank.page.locator("#history > li")).to_have_text("To Café Example & Co250.00 EUR")

    answered = device.answered.filter(has_text="Pay 250.00 EUR")
    await expect(answered.locator(".chip")).to_have_text("Approved")
    await answered.locator("summary").click()
    await expect(answered.get_by_text("transaction_id")).to_be_visible()

    sent = await opened(device.page, "Send the signed answer")
    signed = sent.locator(".decoded", has_text="AuthPayload: what was signed")
    await expect(signed).to_contain_text('"status": "approved"')
    await expect(signed).to_contain_text('"message": "Pay 250.00 EUR to Café Example & Co?"')
    await expect(signed).to_contain_text('"action": "transfer"')
    token = sent.locator(".decoded", has_text="HTTP Basic, decoded: device token")
    await expect(token).to_contain_text('"cty": "twilio-pba;v=1"')

    webhook = await opened(bank.page, "Pushward → bank, webhook")
    await expect(webhook).to_contain_text("challenge.approved")
    created = await opened(bank.page, "Create a challenge")
    await expect(created).to_contain_text("Café Example & Co")
    await expect(created.locator("dd", has_text="Basic")).to_have_text("Basic ••••")


async def opened(page: Page, title: str) -> Locator:
    """The newest of the two exchanges of this kind, opened: one is the sign-in's, one the transfer's."""
    exchanges = page.locator(".exchange", has_text=title)
    await expect(exchanges).to_have_count(2)
    await exchanges.first.locator("summary").click()
    return exchanges.first


async def test_what_the_device_denies_doesnt_happen(visitor: Visitor) -> None:
    """The bank says so, and nothing was paid."""
    username = f"bob-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    bank = await BankPage.open(visitor)
    await bank.sign_in(username)
    await device.approve.click()
    await bank.welcomes(username)

    await bank.pay("9", "Somebody")
    await device.is_asked("Pay 9.00 EUR to Somebody?")
    await device.deny.click()
    await device.says("Denied: Pay 9.00 EUR to Somebody?")
    await bank.says("The transfer was denied on the device, so nothing happened.")
    await expect(bank.page.locator("#history > li")).to_have_count(0)
    await expect(device.answered.filter(has_text="Pay 9.00 EUR").locator(".chip")).to_have_text("Denied")


async def test_who_has_no_device_is_told_where_to_register_one(visitor: Visitor) -> None:
    """The link leads to the device page."""
    bank = await BankPage.open(visitor)
    await bank.sign_in(f"nobody-{uuid.uuid4()}")
    await bank.says("There is no device of yours yet.")
    async with visitor.context.expect_page() as opening:
        await bank.notices.get_by_role("link", name="Register this one").click()
    page = await opening.value
    await expect(page.get_by_role("heading", name="Your device")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (429, "rate_limited", "Too many requests. Wait 7 s, and try again."),
        (503, "pushward_away", "The bank can’t reach your devices at the moment."),
        (502, "refused", "A message of the bank’s."),
    ],
)
async def test_a_refusal_is_told_with_what_to_do(visitor: Visitor, status: int, code: str, told: str) -> None:
    """Each in its own words, and the form is there to try again."""
    bank = await BankPage.open(visitor)

    async def refuse(route: Route) -> None:
        body = {"code": code, "message": "A message of the bank’s."}
        await route.fulfill(status=status, json=body, headers={"Retry-After": "7"})

    await bank.page.route("**/login", refuse)
    await bank.sign_in("somebody")
    await bank.says(told)
    await expect(bank.page.get_by_role("button", name="Sign in with your device")).to_be_enabled()


async def test_a_bank_that_doesnt_answer_is_waited_for(visitor: Visitor) -> None:
    """Before anything was asked it is an error; while it waits, it goes on by itself."""
    username = f"carol-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    bank = await BankPage.open(visitor)
    await bank.page.route("**/login", lambda route: route.abort())
    await bank.sign_in(username)
    await bank.says("The bank doesn’t answer. Look at your connection, and try again.")

    await bank.page.unroute("**/login")
    await bank.page.route("**/challenge-status", lambda route: route.abort())
    await bank.sign_in(username)
    await expect(bank.waiting).to_contain_text("Still trying; the device can answer meanwhile.")
    await device.approve.click()
    await device.says("Approved")
    await bank.page.unroute("**/challenge-status")
    await bank.welcomes(username)


async def test_what_nobody_answers_expires_and_waiting_can_be_stopped(visitor: Visitor) -> None:
    """Both lead back to the form, with a word on what happened."""
    username = f"dave-{uuid.uuid4()}"
    await DevicePage.registered(visitor, username)
    bank = await BankPage.open(visitor)
    await bank.sign_in(username)
    await bank.waits()
    await bank.page.get_by_role("button", name="Stop waiting").click()
    await bank.says("You no longer wait for the sign-in.")

    await bank.page.route(
        "**/challenge-status", lambda route: route.fulfill(json={"status": "expired", "seen_by": "api"})
    )
    await bank.sign_in(username)
    await bank.says("Nobody answered in time: the sign-in has expired, and nothing happened.")
    await expect(bank.page.get_by_role("heading", name="Sign in")).to_be_visible()
