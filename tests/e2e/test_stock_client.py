"""The vendor's own Python library against our base URL: existing code moves over by one line (contract section 8)."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]  # ships no types
from twilio.rest import Client  # type: ignore[import-untyped]  # ships no types

from tests.support.authenticator import Authenticator
from tests.support.conformity import check_of_requests
from tests.support.installation import Account
from tests.support.phone import Phone, new_identity
from tests.support.push_factor import possession, spki_b64
from tests.support.system import System
from tests.support.tenant import Tenant


@pytest.fixture
def verify(system: System, tenant: Tenant) -> Iterator[Any]:
    """`client.verify.v2`. Any: the library ships no types."""
    account: Account = tenant.account
    client = Client(account.sid, account.auth_token)
    client.verify.base_url = system.base_url
    client.http_client.session.hooks["response"].append(check_of_requests)
    yield client.verify.v2
    client.http_client.session.close()


@pytest.mark.exercises(
    "POST /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges",
    "GET /v2/Services/{ServiceSid}/Entities/{Identity}/Challenges/{ChallengeSid}",
)
async def test_a_login_with_the_stock_library(verify: Any, phone: Phone) -> None:
    """Its create and fetch, our device between them. Any: as above."""
    challenges = verify.services(phone.factor.service_sid).entities(phone.factor.identity).challenges
    created = await asyncio.to_thread(
        challenges.create,
        factor_sid=phone.sid,
        details_message="Log in?",
        details_fields=[{"label": "IP", "value": "192.0.2.1"}, {"label": "Wo", "value": "Köln"}],
        hidden_details={"ip": "192.0.2.1"},
        expiration_date=datetime.now(UTC) + timedelta(minutes=10),
    )
    assert created.status == "pending"
    assert created.details["fields"] == [{"label": "IP", "value": "192.0.2.1"}, {"label": "Wo", "value": "Köln"}]
    await phone.decide(created.sid, "approved")
    entity = verify.services(phone.factor.service_sid).entities(phone.factor.identity)
    seen = await asyncio.to_thread(entity.challenges(created.sid).fetch)
    assert (seen.status, seen.hidden_details) == ("approved", {"ip": "192.0.2.1"})
    assert seen.date_responded >= created.date_created


@pytest.mark.exercises(
    "POST /v2/Services/{ServiceSid}/Entities/{Identity}/Factors",
    "POST /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}",
    "GET /v2/Services/{ServiceSid}/Entities/{Identity}/Factors",
    "DELETE /v2/Services/{ServiceSid}/Entities/{Identity}/Factors/{FactorSid}",
)
async def test_enrolment_with_the_stock_library(verify: Any, service: str) -> None:
    """New factor, verification, listing, deletion. Any: as above."""
    key = ec.generate_private_key(ec.SECP256R1())
    entity = verify.services(service).entities(new_identity())
    created = await asyncio.to_thread(
        entity.new_factors.create,
        friendly_name="Jo's phone",
        factor_type="push",
        binding_alg="ES256",
        binding_public_key=spki_b64(key),
        config_app_id="com.example.app",
        config_notification_platform="none",
        config_sdk_version="1.0",
        metadata={"os": "Android"},
    )
    assert created.binding == {"alg": "ES256", "public_key": spki_b64(key)}
    factor = entity.factors(created.sid)
    verified = await asyncio.to_thread(factor.update, auth_payload=possession(key, created.sid))
    assert (verified.status, verified.metadata) == ("verified", {"os": "Android"})
    assert [listed.sid for listed in await asyncio.to_thread(entity.factors.list)] == [created.sid]
    assert await asyncio.to_thread(factor.delete)
    with pytest.raises(TwilioRestException) as refusal:
        await asyncio.to_thread(factor.fetch)
    assert (refusal.value.status, refusal.value.code) == (404, 60390)


async def test_codes_with_the_stock_library(verify: Any, service: str) -> None:
    """A factor from its creation to a login, a wrong code before each right one. Any: as above."""
    entity = verify.services(service).entities(new_identity())
    created = await asyncio.to_thread(
        entity.new_factors.create, friendly_name="App", factor_type="totp", config_skew=2, config_time_step=60
    )
    assert created.config == {"alg": "sha1", "skew": 2, "code_length": 6, "time_step": 60}
    app = Authenticator.scanning(created.binding["uri"]).stopped()
    factor = entity.factors(created.sid)
    for payload, status in ((app.wrong_code(), "unverified"), (app.code(-1), "verified")):
        assert (await asyncio.to_thread(factor.update, auth_payload=payload)).status == status
    create = entity.challenges.create
    pending = await asyncio.to_thread(create, factor_sid=created.sid, auth_payload=app.wrong_code())
    assert (pending.status, pending.details, pending.factor_type) == ("pending", None, "totp")
    answered = await asyncio.to_thread(
        entity.challenges(pending.sid).update, auth_payload=app.code(), metadata={"ip": "192.0.2.1"}
    )
    assert (answered.status, answered.metadata) == ("approved", {"ip": "192.0.2.1"})
    at_once = await asyncio.to_thread(create, factor_sid=created.sid, auth_payload=app.code(1))
    assert at_once.status == "approved"
    renamed = await asyncio.to_thread(factor.update, friendly_name="New app", config_code_length=8)
    assert (renamed.friendly_name, renamed.config["code_length"]) == ("New app", 8)


@pytest.mark.exercises("GET /v2/Services/{ServiceSid}/Entities")
async def test_the_stock_library_follows_pages(verify: Any, service: str) -> None:
    """It takes `next_page_url` verbatim. Any: as above."""
    entities = verify.services(service).entities
    created = [(await asyncio.to_thread(entities.create, identity=new_identity())).sid for _ in range(5)]
    assert [entity.sid for entity in await asyncio.to_thread(entities.list, page_size=2)] == created


@pytest.mark.exercises(
    "POST /v2/Services",
    "POST /v2/Services/{ServiceSid}",
    "DELETE /v2/Services/{ServiceSid}",
    "POST /v2/Services/{ServiceSid}/Webhooks",
    "POST /v2/Services/{ServiceSid}/Webhooks/{WebhookSid}",
    "DELETE /v2/Services/{ServiceSid}/Webhooks/{WebhookSid}",
    "POST /v2/Services/{ServiceSid}/AccessTokens",
    "GET /v2/Services/{ServiceSid}/AccessTokens/{AccessTokenSid}",
)
async def test_services_webhooks_and_access_tokens_with_the_stock_library(verify: Any) -> None:
    """Every operation that a backend needs. Any: as above."""
    created = await asyncio.to_thread(verify.services.create, friendly_name="Stock", totp_skew=2)
    service = verify.services(created.sid)
    assert (await asyncio.to_thread(service.update, friendly_name="Stocked")).friendly_name == "Stocked"
    webhook = await asyncio.to_thread(
        service.webhooks.create,
        friendly_name="Backend",
        event_types=["challenge.approved", "challenge.denied"],
        webhook_url="https://example.com/hook",
        resource_version="v1",
    )
    assert (webhook.version, webhook.event_types) == ("v1", ["challenge.approved", "challenge.denied"])
    changed = await asyncio.to_thread(service.webhooks(webhook.sid).update, status="disabled")
    assert changed.status == "disabled"
    token = await asyncio.to_thread(service.access_tokens.create, identity=new_identity(), factor_type="push", ttl=120)
    assert token.token
    assert (await asyncio.to_thread(service.access_tokens(token.sid).fetch)).ttl == 120
    assert await asyncio.to_thread(service.webhooks(webhook.sid).delete)
    assert await asyncio.to_thread(service.delete)
