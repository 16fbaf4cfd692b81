"""Texts that would hide others: none may, for what isn't seen is signed all the same."""

import uuid
from typing import Final

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Arrive
from tests.browser.device_page import DevicePage
from tests.browser.sample_bank import SampleBank, fields
from tests.browser.visitor import PHONE
from tests.support.tenant import Tenant

BREAKS: Final = 200


@pytest.mark.parametrize("line_break", ["\n", "\u2028"])
async def test_empty_lines_push_no_field_out_of_sight(
    arrive: Arrive, bank: SampleBank, tenant: Tenant, line_break: str
) -> None:
    """A message, or a payee's name, that is mostly line breaks."""
    visitor = await arrive(viewport=PHONE)
    username = f"mallory-{uuid.uuid4()}"
    device = await DevicePage.registered(visitor, username)
    shown = fields(("Payee", f"Bob{line_break * (BREAKS // 2)}."), ("Amount", "9000.00 EUR"))
    message = f"Log in?{line_break * BREAKS}."
    entity = await bank.entity(username)
    await tenant.challenge(entity, await device.factor_sid(), message, **{"Details.Fields": shown})
    await expect(device.approve).to_be_enabled()
    await expect(device.sheet.get_by_text("9000.00 EUR")).to_be_in_viewport(ratio=1)
