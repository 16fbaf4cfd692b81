"""The sample backend: what an app asks of it, what it asks of Pushward, and what it refuses."""

import asyncio
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from samples.backend.bodies import BODY_BYTES_MAX
from samples.backend.calls import MASK
from samples.backend.verification import WEBHOOK_NAME
from tests.e2e.samples.backend import SampleBackend, User, error_of
from tests.support.installation import Installation
from tests.support.push_factor import push_form
from tests.support.system import Shape, System
from tests.support.tenant import Tenant, entity_path
from tests.support.waiting import until

pytestmark = pytest.mark.parametrize("system", [Shape.ONE], indirect=True, ids=str)
"""How Pushward's services are spread is nothing that a backend could see."""

NOBODY = "YC" + "0" * 32


async def heard(backend: SampleBackend, user: User, challenge_sid: str) -> dict[str, str]:
    """The status once the webhook has told it."""
    seen: dict[str, str] = {}

    async def by_webhook() -> bool:
        seen.update(await backend.status(user.name, challenge_sid))
        return seen["seen_by"] == "webhook"

    await until(by_webhook)
    return seen


async def test_a_transfer_is_shown_signed_and_heard_of(backend: SampleBackend) -> None:
    """Amount and payee are on the device; the transaction is in the hidden details; the webhook tells the answer."""
    async with User.registered(backend, "Jo Marsh") as jo:
        asked = await backend.created(
            "/transfer", username=" jo marsh", amount="940", payee="ACME Ltd", transaction_id="transfer-1"
        )
        assert (asked["factor_sid"], asked["transaction_id"]) == (jo.factor.sid, "transfer-1")
        challenge = await jo.seen(asked["challenge_sid"])
        assert challenge.message == "Pay 940.00 EUR to ACME Ltd?"
        shown = {field.label: field.value for field in challenge.fields}
        assert (shown["Amount"], shown["Payee"], shown["Address"]) == ("940.00 EUR", "ACME Ltd", "127.0.0.1")
        assert shown["Time"].endswith("UTC")
        assert challenge.hidden_details["transaction_id"] == "transfer-1"
        assert challenge.hidden_details["action"] == "transfer"
        assert await backend.status("Jo Marsh", challenge.sid) == {"status": "pending", "seen_by": "api"}
        await jo.approve(challenge.sid)
        assert (await heard(backend, jo, challenge.sid))["status"] == "approved"


async def test_a_login_may_be_denied_on_the_device_that_was_named(backend: SampleBackend) -> None:
    """The newest device is asked unless another one is named."""
    async with User.registered(backend, "jo") as older, User.registered(backend, "JO") as newer:
        assert (await backend.created("/login", username="jo"))["factor_sid"] == newer.factor.sid
        asked = await backend.created("/login", username="jo", factor_sid=older.factor.sid)
        assert asked["factor_sid"] == older.factor.sid
        assert len(asked["transaction_id"]) == 32
        await older.deny(asked["challenge_sid"])
        assert (await heard(backend, older, asked["challenge_sid"]))["status"] == "denied"


async def test_pushward_never_learns_the_name(backend: SampleBackend) -> None:
    """Only a keyed hash goes out; the calls show all that went."""
    async with User.registered(backend, "Ottilie Quast") as user:
        await backend.created("/login", username=user.name)
        assert user.factor.identity not in ("Ottilie Quast", "")
        sent = json.dumps([call for call in await backend.calls() if call["direction"] == "out"]).lower()
        assert user.factor.identity in sent
        assert "ottilie" not in sent


async def test_calls_show_everything_but_secrets(backend: SampleBackend, installation: Installation) -> None:
    """Each call in both directions, whole; neither the auth token nor an access token."""
    async with User.registered(backend, "jo") as jo:
        asked = await backend.created("/login", username="jo")
        await jo.approve(asked["challenge_sid"])
        await heard(backend, jo, asked["challenge_sid"])
        calls = await backend.calls()
    assert [call["number"] for call in calls] == list(range(1, len(calls) + 1))
    token = next(call for call in calls if call["url"].endswith("/AccessTokens"))
    assert (token["direction"], token["method"], token["status"]) == ("out", "POST", 201)
    assert f"Identity={jo.factor.identity}&FactorType=push" in token["request_body"]
    assert token["request_headers"]["Authorization"] == f"Basic {MASK}"
    assert token["request_headers"]["User-Agent"].startswith("twilio-python/")
    assert json.loads(token["response_body"])["token"] == MASK
    assert token["duration_ms"] > 0
    told = next(call for call in calls if call["direction"] == "in")
    assert (told["method"], told["url"], told["status"]) == ("POST", f"{backend.url}/webhook", 200)
    assert "type=challenge.approved" in told["request_body"]
    assert installation.account.auth_token not in json.dumps(calls)
    assert await backend.calls(after=calls[-1]["number"]) == []


async def test_without_a_device_there_is_nobody_to_ask(backend: SampleBackend) -> None:
    """Somebody unknown, somebody whose device was never finished, and somebody else's device."""
    assert error_of(await backend.post("/login", username="nobody")) == (409, "no_factor")
    async with User.registered(backend, "jo") as jo, User.registered(backend, "kim"):
        for factor_sid in (jo.factor.sid, "YF" + "0" * 32):
            answer = await backend.post("/login", username="kim", factor_sid=factor_sid)
            assert error_of(answer) == (404, "factor_unknown")


async def test_only_devices_that_are_ready_are_asked(backend: SampleBackend, tenant: Tenant, service: str) -> None:
    """Newer factors that can't answer are passed over, and refused by their names."""
    async with User.registered(backend, "jo") as jo:
        factors = f"{entity_path(service, jo.factor.identity)}/Factors"
        unready = await tenant.create(factors, push_form(ec.generate_private_key(ec.SECP256R1())))
        codes = await tenant.create(factors, {"FriendlyName": "App", "FactorType": "totp"})
        assert (await backend.created("/login", username="jo"))["factor_sid"] == jo.factor.sid
        answer = await backend.post("/login", username="jo", factor_sid=unready["sid"])
        assert error_of(answer) == (409, "factor_not_verified")
        answer = await backend.post("/login", username="jo", factor_sid=codes["sid"])
        assert error_of(answer) == (404, "factor_unknown")


async def test_a_challenge_is_for_its_user_only(backend: SampleBackend) -> None:
    """From the API and from what the webhook told alike."""
    async with User.registered(backend, "jo") as jo:
        asked = await backend.created("/login", username="jo")
        sid = asked["challenge_sid"]
        for name, challenge_sid in (("kim", sid), ("jo", NOBODY)):
            answer = await backend.post("/challenge-status", username=name, challenge_sid=challenge_sid)
            assert error_of(answer) == (404, "challenge_unknown")
        await jo.approve(sid)
        await heard(backend, jo, sid)
        answer = await backend.post("/challenge-status", username="kim", challenge_sid=sid)
        assert error_of(answer) == (404, "challenge_unknown")


async def test_bad_requests_are_told_what_is_wrong(backend: SampleBackend) -> None:
    """Never a stack trace, always the envelope."""
    login = f"{backend.url}/login"
    json_type = {"content-type": "application/json"}
    for content in (b"", b"{", b"[]", b'"jo"', b"\xff", b"[" * 5000):
        assert error_of(await backend.client.post(login, content=content, headers=json_type)) == (400, "invalid")
    form = await backend.client.post(login, data={"username": "jo"})
    assert error_of(form) == (415, "not_json")
    long = await backend.client.post(login, content=b" " * (BODY_BYTES_MAX + 1), headers=json_type)
    assert error_of(long) == (413, "too_large")
    assert error_of(await backend.post("/transfer", username="jo", amount="-1", payee="A")) == (400, "invalid")
    assert error_of(await backend.client.get(f"{backend.url}/calls?after=x")) == (400, "invalid")
    assert error_of(await backend.post("/config")) == (405, "method_not_allowed")
    assert error_of(await backend.client.get(f"{backend.url}/nothing")) == (404, "not_found")


async def test_a_webhook_of_anybody_else_is_refused_and_shown(backend: SampleBackend) -> None:
    """403, and the page sees the attempt."""
    form = {"type": "challenge.approved", "challenge_sid": NOBODY}
    answer = await backend.client.post(f"{backend.url}/webhook", data=form, headers={"X-Twilio-Signature": "x"})
    assert error_of(answer) == (403, "signature_wrong")
    assert [call["status"] for call in await backend.calls() if call["direction"] == "in"] == [403]


async def test_it_has_one_webhook_however_often_it_starts(
    backend: SampleBackend, system: System, installation: Installation, tenant: Tenant, service: str, tmp_path: Path
) -> None:
    """A second one, at another address, takes the place of the first; other webhooks stay."""
    webhooks = f"/v2/Services/{service}/Webhooks"
    other = {"FriendlyName": "Other", "EventTypes": ["*"], "WebhookUrl": "https://example.com/hook"}
    await tenant.create(webhooks, other)
    second = tmp_path / "second"
    second.mkdir()
    async with SampleBackend.serving(system.base_url, installation.account, service, second) as another:
        await another.has_its_webhook()
        listed = (await tenant.get(webhooks))["webhooks"]
        urls = {webhook["friendly_name"]: webhook["webhook_url"] for webhook in listed}
        assert urls == {"Other": "https://example.com/hook", WEBHOOK_NAME: f"{another.url}/webhook"}
        assert len(listed) == 2


async def test_pages_get_a_strict_policy(backend: SampleBackend, system: System) -> None:
    """On every answer: nothing from elsewhere, nothing inline, and only Pushward to talk to beside us."""
    for path in ("/config", "/nothing"):
        answer = await backend.client.get(f"{backend.url}{path}")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert f"connect-src 'self' {system.base_url};" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


async def test_it_serves_the_pages_and_the_library_that_they_load(backend: SampleBackend) -> None:
    """A web app, a device beside it, and modules as browsers take them."""
    for path, media_type in (
        ("/", "text/html"),
        ("/device/", "text/html"),
        ("/lib/pushward-device/index.js", "text/javascript"),
    ):
        answer = await backend.client.get(f"{backend.url}{path}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media_type)
        assert answer.headers["cache-control"] == "no-cache"


async def test_a_foreign_name_for_this_machine_is_refused(backend: SampleBackend) -> None:
    """Else a page elsewhere could read the calls by pointing its own name here."""
    answer = await backend.client.get(f"{backend.url}/calls", headers={"Host": "attacker.example"})
    assert answer.status_code == 400


async def test_many_requests_at_once_are_served(backend: SampleBackend) -> None:
    """The blocking client doesn't keep the loop from answering others."""
    async with User.registered(backend, "jo"):
        asks = [backend.post("/login", username="jo") for _ in range(30)]
        config = backend.client.get(f"{backend.url}/config")
        answers = await asyncio.gather(config, *asks)
    assert [answer.status_code for answer in answers] == [200] + [201] * 30
