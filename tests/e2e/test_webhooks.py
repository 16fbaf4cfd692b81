"""Webhooks as a resource: which events of a service go to which URL."""

from typing import Final

import pytest

from tests.support.tenant import Tenant, refused

FORM: Final = {
    "FriendlyName": "Backend",
    "EventTypes": ["challenge.approved", "challenge.denied"],
    "WebhookUrl": "https://example.com/hook?x=1",
}


@pytest.mark.exercises(
    "POST /v2/Services/{ServiceSid}/Webhooks",
    "GET /v2/Services/{ServiceSid}/Webhooks/{WebhookSid}",
    "GET /v2/Services/{ServiceSid}/Webhooks",
)
async def test_a_webhook_shows_what_it_was_created_with(tenant: Tenant, service: str) -> None:
    """Enabled and v2 unless told otherwise; its signing secret is in a header of this one answer."""
    answer = await tenant.client.post(f"/v2/Services/{service}/Webhooks", data=FORM)
    assert answer.status_code == 201
    assert answer.headers["Pushward-Webhook-Secret"].startswith("whsec_")
    created = answer.json()
    assert created["event_types"] == FORM["EventTypes"]
    assert (created["webhook_url"], created["status"], created["version"]) == (FORM["WebhookUrl"], "enabled", "v2")
    fetched = await tenant.client.get(created["url"])
    assert fetched.json() == created
    assert "Pushward-Webhook-Secret" not in fetched.headers
    assert (await tenant.get(f"/v2/Services/{service}/Webhooks"))["webhooks"] == [created]


@pytest.mark.exercises("POST /v2/Services/{ServiceSid}/Webhooks/{WebhookSid}")
async def test_an_update_changes_what_it_names(tenant: Tenant, service: str) -> None:
    """The rest stays."""
    created = await tenant.create(f"/v2/Services/{service}/Webhooks", FORM)
    changes = {"Status": "disabled", "Version": "v1", "EventTypes": "*", "WebhookUrl": "https://example.com/new"}
    updated = await tenant.update(created["url"], changes)
    shown = {"status": "disabled", "version": "v1", "event_types": ["*"], "webhook_url": "https://example.com/new"}
    assert updated == {**created, **shown, "date_updated": updated["date_updated"]}
    assert await tenant.get(created["url"]) == updated


@pytest.mark.exercises("DELETE /v2/Services/{ServiceSid}/Webhooks/{WebhookSid}")
async def test_a_deleted_webhook_is_gone(tenant: Tenant, service: str) -> None:
    """204, then 404 for every method."""
    created = await tenant.create(f"/v2/Services/{service}/Webhooks", FORM)
    await tenant.delete(created["url"])
    assert refused(await tenant.client.get(created["url"])) == (404, 20404)
    assert refused(await tenant.client.post(created["url"], data={"FriendlyName": "x"})) == (404, 20404)
    assert refused(await tenant.client.delete(created["url"])) == (404, 20404)
    assert (await tenant.get(f"/v2/Services/{service}/Webhooks"))["webhooks"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"FriendlyName": ""},
        {"FriendlyName": "x" * 65},
        {"EventTypes": []},
        {"EventTypes": ["challenge.lost"]},
        {"WebhookUrl": "example.com"},
        {"WebhookUrl": "http://example.com/hook"},
        {"WebhookUrl": "ftp://example.com/hook"},
        {"WebhookUrl": "https://user:password@example.com/hook"},
        {"WebhookUrl": "https://example.com/hook#part"},
        {"WebhookUrl": "https://10.0.0.1/hook"},
        {"WebhookUrl": "https://169.254.169.254/latest/meta-data"},
        {"WebhookUrl": "https://[::ffff:10.0.0.1]/hook"},
        {"Status": "asleep"},
        {"Version": "v3"},
    ],
    ids=str,
)
async def test_a_wrong_webhook_is_refused(tenant: Tenant, service: str, changes: dict[str, str]) -> None:
    """400 60306, on creation and on update alike."""
    path = f"/v2/Services/{service}/Webhooks"
    assert refused(await tenant.client.post(path, data={**FORM, **changes})) == (400, 60306)
    assert (await tenant.get(path))["webhooks"] == []
