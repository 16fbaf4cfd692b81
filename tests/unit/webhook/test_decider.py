"""Webhooks: given events, when a command, then events."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from pushward.errors import BadRequestError, NotFoundError
from pushward.eventlog.event import Recorded
from pushward.ids import Sid
from pushward.values import Sealed
from services.webhook.adapters.codec import CODEC
from services.webhook.domain.commands import CreateWebhook, DeleteWebhook, UpdateWebhook
from services.webhook.domain.decider import (
    WEBHOOKS_PER_SERVICE_MAX,
    decide_create,
    decide_delete,
    decide_update,
)
from services.webhook.domain.events import Event, WebhookCreated, WebhookDeleted, WebhookUpdated
from services.webhook.domain.state import INITIAL, WebhookState, evolve

STREAM = UUID("00010000-0000-8000-8000-000000000001")
SID = Sid("YW" + STREAM.hex)
ACCOUNT = Sid("AC" + "0" * 31 + "1")
SERVICE = Sid("VA" + "0" * 31 + "2")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def sealed(text: str) -> Sealed:
    """Something sealed."""
    return Sealed(STREAM, b"n" * 12, text.encode())


CREATED = WebhookCreated(
    SID, ACCOUNT, SERVICE, sealed("name"), ("*",), sealed("url"), sealed("secret"), "enabled", "v2"
)
DELETED = WebhookDeleted(SID, ACCOUNT, SERVICE)
CREATE = CreateWebhook(
    SID, ACCOUNT, SERVICE, sealed("name"), ("*",), sealed("url"), sealed("secret"), "enabled", "v2", siblings=0
)


def given(events: Sequence[Event]) -> WebhookState:
    """The state after events that came a second apart."""
    state = INITIAL
    for version, event in enumerate(events, start=1):
        state = evolve(state, event, Recorded(STREAM, version, BEGIN + timedelta(seconds=version)))
    return state


def test_a_webhook_is_created_as_asked_for() -> None:
    """Sealed values pass through untouched."""
    assert decide_create(given([]), CREATE) == [CREATED]


def test_a_service_has_a_bounded_number_of_webhooks() -> None:
    """Each event of it is work for each of them."""
    assert decide_create(given([]), replace(CREATE, siblings=WEBHOOKS_PER_SERVICE_MAX - 1)) == [CREATED]
    with pytest.raises(BadRequestError):
        decide_create(given([]), replace(CREATE, siblings=WEBHOOKS_PER_SERVICE_MAX))


def test_an_update_changes_what_is_given_and_keeps_the_rest() -> None:
    """The event says all that may change, as it is from then on."""
    command = UpdateWebhook(ACCOUNT, SERVICE, event_types=("factor.created",), status="disabled")
    expected = WebhookUpdated(
        SID, ACCOUNT, SERVICE, sealed("name"), ("factor.created",), sealed("url"), "disabled", "v2"
    )
    assert decide_update(given([CREATED]), command) == [expected]


def test_an_update_of_nothing_is_no_event() -> None:
    """So the date of the last change stays what it was."""
    assert decide_update(given([CREATED]), UpdateWebhook(ACCOUNT, SERVICE)) == []


def test_a_webhook_is_deleted_once() -> None:
    """The second time it isn't there."""
    assert decide_delete(given([CREATED]), DeleteWebhook(ACCOUNT, SERVICE)) == [DELETED]
    with pytest.raises(NotFoundError):
        decide_delete(given([CREATED, DELETED]), DeleteWebhook(ACCOUNT, SERVICE))


@pytest.mark.parametrize(("account", "service"), [(Sid("AC" + "f" * 32), SERVICE), (ACCOUNT, Sid("VA" + "f" * 32))])
def test_a_webhook_of_somebody_else_looks_as_if_it_were_not_there(account: Sid, service: Sid) -> None:
    """By account and by service, for every command."""
    for events in ([], [CREATED]):
        with pytest.raises(NotFoundError) as update:
            decide_update(given(events), UpdateWebhook(account, service, status="disabled"))
        with pytest.raises(NotFoundError) as delete:
            decide_delete(given(events), DeleteWebhook(account, service))
        assert (update.value.code, delete.value.code) == (20404, 20404)


def test_a_deleted_webhook_keeps_nothing_that_is_sealed() -> None:
    """Its row stays, as a fact about an id."""
    webhook = given([CREATED, DELETED]).webhook
    assert webhook is not None
    assert webhook.deleted
    assert (webhook.friendly_name, webhook.webhook_url, webhook.secret) == (None, None, None)


def test_dates_are_those_of_the_first_and_the_last_event() -> None:
    """As recorded, not as decided."""
    updated = WebhookUpdated(SID, ACCOUNT, SERVICE, sealed("n"), ("*",), sealed("u"), "enabled", "v1")
    webhook = given([CREATED, updated]).webhook
    assert webhook is not None
    assert webhook.date_created == BEGIN + timedelta(seconds=1)
    assert webhook.date_updated == BEGIN + timedelta(seconds=2)


@pytest.mark.parametrize(
    "event",
    [CREATED, WebhookUpdated(SID, ACCOUNT, SERVICE, sealed("n"), ("*",), sealed("u"), "enabled", "v1"), DELETED],
    ids=lambda event: type(event).__name__,
)
def test_every_event_comes_back_from_its_bytes(event: Event) -> None:
    """Field for field."""
    assert CODEC.decode(*CODEC.encode(event)) == event
