"""API keys as a tenant makes and uses them: `/pushward/v1/keys`, and a key in place of the account's token."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.support.api_key import KEYS, api_key_of
from tests.support.installation import Account
from tests.support.phone import Phone
from tests.support.tenant import Tenant, refused
from tests.support.waiting import until

NEVER: Final = "SK" + "0" * 32


@contextmanager
def stock_client(tenant: Tenant, key: Account) -> Iterator[Any]:
    """`client.verify.v2` of the vendor's library, with a key for the tenant's account. Any: it ships no types."""
    client = Client(key.sid, key.auth_token, account_sid=tenant.account.sid)
    client.verify.base_url = tenant.base_url
    yield client.verify.v2
    client.http_client.session.close()


@pytest.mark.exercises(
    "POST /pushward/v1/keys",
    "GET /pushward/v1/keys",
    "GET /pushward/v1/keys/{api_key_sid}",
    "DELETE /pushward/v1/keys/{api_key_sid}",
)
async def test_an_api_key_shows_its_secret_once(tenant: Tenant) -> None:
    """In the 201 alone; fetched and listed without, and found at its own URL."""
    created = await tenant.create(KEYS, {"FriendlyName": "Billing"})
    assert (created["account_sid"], created["friendly_name"]) == (tenant.account.sid, "Billing")
    assert created["url"] == f"{tenant.base_url}{KEYS}/{created['sid']}"
    fetched = await tenant.get(created["url"])
    assert fetched == {name: value for name, value in created.items() if name != "secret"}
    listed = await tenant.get(KEYS, PageSize="1000")
    assert fetched in listed["keys"]
    assert created["secret"] not in str(listed)
    await tenant.delete(created["url"])
    assert refused(await tenant.client.get(created["url"])) == (404, 20404)
    assert refused(await tenant.client.delete(created["url"])) == (404, 20404)


async def test_api_keys_have_pages_as_all_lists_do(tenant: Tenant) -> None:
    """By creation; the links lead through them."""
    async with api_key_of(tenant, "one") as one, api_key_of(tenant, "two") as two, api_key_of(tenant, "three") as three:
        page = await tenant.get(KEYS, PageSize="2")
        assert page["meta"]["key"] == "keys"
        assert page["meta"]["first_page_url"] == f"{tenant.base_url}{KEYS}?PageSize=2&Page=0"
        found = [key["sid"] for key in page["keys"]]
        while page["meta"]["next_page_url"]:
            page = await tenant.get(page["meta"]["next_page_url"])
            found += [key["sid"] for key in page["keys"]]
        assert found == [one.sid, two.sid, three.sid]
    assert refused(await tenant.client.get(KEYS, params={"PageSize": "0"})) == (400, 60373)
    assert refused(await tenant.client.get(KEYS, params={"PageToken": "x"})) == (400, 60374)


@pytest.mark.provokes(20004, 20404, 60300)
async def test_what_makes_no_sense_of_an_api_key_is_refused(tenant: Tenant) -> None:
    """Too long a name, SIDs of no key, methods that aren't there; a name may be left out."""
    assert refused(await tenant.client.post(KEYS, data={"FriendlyName": "x" * 65})) == (400, 60300)
    for sid in (NEVER, "SK" + "f" * 32, "VA" + "0" * 32, "SK0", tenant.account.sid):
        assert refused(await tenant.client.get(f"{KEYS}/{sid}")) == (404, 20404)
        assert refused(await tenant.client.delete(f"{KEYS}/{sid}")) == (404, 20404)
    assert refused(await tenant.client.post(f"{KEYS}/{NEVER}", data={"FriendlyName": "x"}))[0] == 405
    nameless = await tenant.create(KEYS, {})
    assert nameless["friendly_name"] == ""
    await tenant.delete(nameless["url"])


async def test_a_login_with_an_api_key_and_the_stock_library(tenant: Tenant, service: str, phone: Phone) -> None:
    """`Client(SK, secret, AC)` does what the account does, until the key is revoked: then 401 within a second."""
    async with api_key_of(tenant, "Billing") as key:
        with stock_client(tenant, key) as verify:
            entity = verify.services(service).entities(phone.factor.identity)
            created = await asyncio.to_thread(
                entity.challenges.create, factor_sid=phone.sid, details_message="Log in?", hidden_details={"ip": "::1"}
            )
            assert created.account_sid == tenant.account.sid
            await phone.decide(created.sid, "approved")
            seen = await asyncio.to_thread(entity.challenges(created.sid).fetch)
            assert (seen.status, seen.hidden_details) == ("approved", {"ip": "::1"})
            made = await asyncio.to_thread(verify.services.create, friendly_name="By key")
            assert (await tenant.get(f"/v2/Services/{made.sid}"))["friendly_name"] == "By key"
            assert await asyncio.to_thread(verify.services(made.sid).delete)

            await tenant.delete(f"{KEYS}/{key.sid}")

            async def is_refused() -> bool:
                try:
                    await asyncio.to_thread(entity.fetch)
                except TwilioRestException:
                    return True
                return False

            await until(is_refused)
            with pytest.raises(TwilioRestException) as refusal:
                await asyncio.to_thread(entity.fetch)
            assert (refusal.value.status, refusal.value.code) == (401, 20003)
    assert (await tenant.get(f"{phone.entity}/Challenges/{created.sid}"))["status"] == "approved"


@pytest.mark.provokes(20403)
async def test_an_api_key_reads_events_and_makes_no_keys(tenant: Tenant) -> None:
    """Everything of the account's but its keys: 403 with what to use instead."""
    async with api_key_of(tenant, "Billing") as key, Tenant(tenant.base_url, key) as by_key:
        assert (await by_key.get("/pushward/v1/events", shard="0", after="0"))["shard"] == 0
        for answer in (
            await by_key.client.post(KEYS, data={"FriendlyName": "Another"}),
            await by_key.client.get(KEYS),
            await by_key.client.get(f"{KEYS}/{key.sid}"),
            await by_key.client.delete(f"{KEYS}/{key.sid}"),
        ):
            assert refused(answer) == (403, 20403)
            assert "auth token" in answer.json()["message"]
