"""What operators do with an account while its backend and its devices go on: rotate its token, disable it."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from twilio.request_validator import RequestValidator

from tests.e2e.test_device_stream import listening
from tests.support.api_key import api_key_of
from tests.support.installation import Account, new_account, pushward
from tests.support.phone import Phone
from tests.support.receiver import Delivery, Receiver
from tests.support.system import System
from tests.support.tenant import Json, Tenant, refused
from tests.support.waiting import until


@pytest.fixture
async def tenant(system: System) -> AsyncIterator[Tenant]:
    """A backend with an account of its own, since others' tests need theirs as they are."""
    async with Tenant(system.base_url, new_account(system.stores, "Example Airline")) as tenant:
        yield tenant


def operated(system: System, *words: str) -> Json:
    """What an operator's command says."""
    said: Json = json.loads(pushward(system.stores.environment(), *words, "--json").stdout)
    return said


async def until_answered(client: httpx.AsyncClient, status: int) -> None:
    """Waits until a request is answered with this status; a process remembers a credential for a second at most."""

    async def answers() -> bool:
        return (await client.get("/v2/Services")).status_code == status

    await until(answers)


def is_signed(delivery: Delivery, auth_token: str) -> bool:
    """Whether the stock validator takes it, with this token."""
    signature = delivery.headers["X-Twilio-Signature"]
    return bool(RequestValidator(auth_token).validate(delivery.url, delivery.form, signature))


async def test_a_token_is_rotated_with_no_request_refused(
    system: System, tenant: Tenant, receiver: Receiver, service: str, phone: Phone
) -> None:
    """Old and new are accepted together; with the promotion webhooks change their signature and the old one ends."""
    sid, old = tenant.account.sid, tenant.account.auth_token
    hook = {"FriendlyName": "Backend", "EventTypes": "challenge.approved", "WebhookUrl": receiver.url}
    await tenant.create(f"/v2/Services/{service}/Webhooks", hook)
    new = operated(system, "account", "rotate-token", sid)["secondary_auth_token"]
    async with Tenant(tenant.base_url, Account(sid, new)) as renewed:
        await until_answered(renewed.client, 200)
        for asking in (tenant, renewed):
            await phone.decide((await asking.challenge(phone.entity, phone.sid))["sid"], "approved")
        for delivery in await receiver.received(2):
            assert is_signed(delivery, old)
            assert not is_signed(delivery, new)

        assert operated(system, "account", "rotate-token", sid, "--promote")["auth_tokens"] == "primary"
        await until_answered(tenant.client, 401)
        assert refused(await tenant.client.get("/v2/Services")) == (401, 20003)
        await phone.decide((await renewed.challenge(phone.entity, phone.sid))["sid"], "approved")
        (*_, last) = await receiver.received(3)
        assert is_signed(last, new)
        assert not is_signed(last, old)


async def test_nobody_of_a_disabled_account_is_known(
    system: System, tenant: Tenant, service: str, phone: Phone
) -> None:
    """Token, key, device, access token: 401; an open stream ends. Enabled again, all of them go on."""
    pending = (await tenant.challenge(phone.entity, phone.sid))["sid"]
    access_token = await tenant.new_access_token(service, "somebody-new")
    async with api_key_of(tenant, "Billing") as key, Tenant(tenant.base_url, key) as by_key, listening(phone) as heard:
        assert (await by_key.get(f"/v2/Services/{service}"))["sid"] == service
        assert operated(system, "account", "disable", tenant.account.sid)["status"] == "disabled"
        for backend in (tenant, by_key):
            await until_answered(backend.client, 401)
        ended = await anext(heard)
        assert (ended.name, ended.body) == ("end", {"reason": "account_disabled"})
        assert refused(await phone.get(phone.path)) == (401, 20003)
        assert refused(await phone.get(phone.path, access_token)) == (401, 20101)

        assert operated(system, "account", "enable", tenant.account.sid)["status"] == "enabled"
        for backend in (tenant, by_key):
            await until_answered(backend.client, 200)
    assert refused(await phone.get(phone.path, access_token)) == (403, 20403)
    assert (await phone.decide(pending, "approved")).status == "approved"
