"""What a backend hands to its app, and where it is told of what happens."""

from typing import Any, Final

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.support.phone import new_identity

URL: Final = "https://example.com/hook"
TYPES: Final = ["challenge.approved", "challenge.denied"]


@pytest.mark.exercises(
    "POST /v2/Services/{ServiceSid}/AccessTokens",
    "GET /v2/Services/{ServiceSid}/AccessTokens/{AccessTokenSid}",
)
def test_an_access_token_is_shown_once(service: Any) -> None:
    """With its creation; later it can be looked up, but not read. Any: the library ships no types."""
    identity = new_identity()
    created = service.access_tokens.create(
        identity=identity, factor_type="push", factor_friendly_name="Jo's phone", ttl=120
    )
    assert created.token
    fetched = service.access_tokens(created.sid).fetch()
    assert (fetched.entity_identity, fetched.factor_type, fetched.ttl) == (identity, "push", 120)
    assert (fetched.factor_friendly_name, fetched.token) == ("Jo's phone", None)
    assert fetched.date_created == created.date_created


@pytest.mark.exercises(
    "POST /v2/Services/{ServiceSid}/Webhooks",
    "GET /v2/Services/{ServiceSid}/Webhooks",
    "GET /v2/Services/{ServiceSid}/Webhooks/{WebhookSid}",
    "POST /v2/Services/{ServiceSid}/Webhooks/{WebhookSid}",
    "DELETE /v2/Services/{ServiceSid}/Webhooks/{WebhookSid}",
)
def test_a_webhook_comes_changes_and_goes(service: Any) -> None:
    """Every parameter that the library sends. Any: as above."""
    webhooks = service.webhooks
    created = webhooks.create(
        friendly_name="Backend", event_types=TYPES, webhook_url=URL, status="disabled", resource_version="v1"
    )
    assert (created.version, created.event_types, created.status) == ("v1", TYPES, "disabled")
    assert (created.webhook_url, created.webhook_method) == (URL, "POST")
    changed = webhooks(created.sid).update(
        friendly_name="New backend", event_types=["*"], webhook_url=f"{URL}/2", status="enabled", resource_version="v2"
    )
    shown = (changed.friendly_name, changed.event_types, changed.webhook_url, changed.status, changed.version)
    assert shown == ("New backend", ["*"], f"{URL}/2", "enabled", "v2")
    assert webhooks(created.sid).fetch().friendly_name == "New backend"
    other = webhooks.create(friendly_name="Second", event_types=["factor.verified"], webhook_url=URL)
    assert [webhook.sid for webhook in webhooks.stream(page_size=1)] == [created.sid, other.sid]
    assert webhooks(created.sid).delete()
    assert [webhook.sid for webhook in webhooks.list()] == [other.sid]
    with pytest.raises(TwilioRestException) as refusal:
        webhooks(created.sid).fetch()
    assert (refusal.value.status, refusal.value.code) == (404, 20404)
