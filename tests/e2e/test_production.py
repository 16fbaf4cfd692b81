"""Production settings: links from configuration alone, and no leniency that development has."""

import json
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.installation import Installation
from tests.support.phone import Phone
from tests.support.receiver import Receiver
from tests.support.system import Shape, System, running
from tests.support.tenant import Tenant, refused

PUBLIC_URL: Final = "https://verify.example.com"


@pytest.fixture(scope="module")
def system(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system as an operator would run it, on a loopback address behind a proxy."""
    settings = {"PUSHWARD_ENV": "production", "PUSHWARD_PUBLIC_URL": PUBLIC_URL}
    with running(Shape.ONE, installation.copy(), tmp_path_factory.mktemp("production"), settings) as system:
        yield system


async def test_links_begin_with_the_configured_url(tenant: Tenant) -> None:
    """Whatever host a caller claims: it could have us hand out links to a place of its choice."""
    created = await tenant.client.post("/v2/Services", data={"FriendlyName": "Prod"}, headers={"Host": "evil.example"})
    assert created.json()["url"] == f"{PUBLIC_URL}/v2/Services/{created.json()['sid']}"
    assert "evil.example" not in json.dumps(created.json())
    listed = await tenant.client.get("/v2/Services?PageSize=1", headers={"Host": "evil.example"})
    assert listed.json()["meta"]["url"].startswith(f"{PUBLIC_URL}/v2/Services?")
    refusal = await tenant.client.get("/v2/Nothing", headers={"Host": "evil.example"})
    assert refusal.json()["more_info"].startswith(f"{PUBLIC_URL}/")


async def test_webhooks_go_to_public_https_only(tenant: Tenant, service: str, receiver: Receiver) -> None:
    """Neither this machine nor plain http."""
    path = f"/v2/Services/{service}/Webhooks"
    for url in (receiver.url, receiver.url.replace("http:", "https:"), "https://localhost/hook", "http://example.com/"):
        form = {"FriendlyName": "Backend", "EventTypes": "*", "WebhookUrl": url}
        assert refused(await tenant.client.post(path, data=form)) == (400, 60306), url


async def test_a_login_works(tenant: Tenant, phone: Phone) -> None:
    """As in development."""
    created = await tenant.challenge(phone.entity, phone.sid)
    assert (await phone.decide(created["sid"], "denied")).status == "denied"


async def test_no_origin_is_let_in_unless_configured(tenant: Tenant) -> None:
    """A browser's script of another origin gets no CORS headers."""
    answer = await tenant.client.get("/v2/Services", headers={"Origin": "https://app.example.com"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
