"""What others write, where it could do harm: texts that hide others and are signed all the same, senseless pauses."""

import uuid
from typing import Final

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Arrive
from tests.browser.device_page import DevicePage
from tests.browser.sample_bank import SampleBank, fields
from tests.browser.visitor import PHONE, Visitor
from tests.support.tenant import Tenant

BREAKS: Final = 200
PAUSES: Final = """async (headers) => {
  const { Backend } = await import("/shared/backend.js");
  const pauses = headers.map(async (header) => {
    const backend = new Backend(async () => new Response("{}", { status: 503, headers: { "Retry-After": header } }));
    return (await backend.config().catch((error) => error)).retrySeconds;
  });
  return Promise.all(pauses);
}"""


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


async def test_a_pause_without_sense_makes_no_page_ask_without_end(visitor: Visitor) -> None:
    """A browser's timer takes what is longer than 24 days, or less than nothing, for at once."""
    page = await visitor.open("/")
    headers = ["7", "4000000", "1e999", "-5", "0", "Fri, 15 Jan 2027 08:05:00 GMT"]
    assert await page.evaluate(PAUSES, headers) == [7, 60, 60, 2, 2, 2]
