"""A webhook as its events made it: one stream, one row."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from pushward.eventlog.event import Recorded
from pushward.ids import Sid
from pushward.values import Sealed
from services.webhook.domain.events import Event, WebhookCreated, WebhookDeleted, WebhookUpdated


@dataclass(frozen=True, slots=True)
class Webhook:
    """The row. What is sealed is gone (None) once the webhook is deleted."""

    stream_id: UUID
    version: int
    webhook_sid: Sid
    account_sid: Sid
    service_sid: Sid
    friendly_name: Sealed | None
    event_types: tuple[str, ...]
    webhook_url: Sealed | None
    secret: Sealed | None
    status: str
    body_version: str
    date_created: datetime
    date_updated: datetime
    deleted: bool


@dataclass(frozen=True, slots=True)
class WebhookState:
    """The aggregate."""

    webhook: Webhook | None = None

    @property
    def version(self) -> int:
        """The version of the last event, 0 if there is none."""
        return self.webhook.version if self.webhook else 0

    @property
    def recorded_at(self) -> datetime | None:
        """The time of the last event, None if there is none."""
        return self.webhook.date_updated if self.webhook else None

    def records(self) -> Iterable[Webhook]:
        """The one row, once there is one."""
        return (self.webhook,) if self.webhook else ()


INITIAL = WebhookState()


def evolve(state: WebhookState, event: Event, recorded: Recorded) -> WebhookState:
    """The state after ``event``."""
    match event:
        case WebhookCreated():
            assert state.webhook is None
            return WebhookState(
                Webhook(
                    stream_id=recorded.stream_id,
                    version=recorded.version,
                    webhook_sid=event.webhook_sid,
                    account_sid=event.account_sid,
                    service_sid=event.service_sid,
                    friendly_name=event.friendly_name,
                    event_types=event.event_types,
                    webhook_url=event.webhook_url,
                    secret=event.secret,
                    status=event.status,
                    body_version=event.version,
                    date_created=recorded.recorded_at,
                    date_updated=recorded.recorded_at,
                    deleted=False,
                )
            )
        case WebhookUpdated():
            return WebhookState(
                replace(
                    _live(state),
                    version=recorded.version,
                    friendly_name=event.friendly_name,
                    event_types=event.event_types,
                    webhook_url=event.webhook_url,
                    status=event.status,
                    body_version=event.version,
                    date_updated=recorded.recorded_at,
                )
            )
        case WebhookDeleted():
            return WebhookState(
                replace(
                    _live(state),
                    version=recorded.version,
                    friendly_name=None,
                    webhook_url=None,
                    secret=None,
                    date_updated=recorded.recorded_at,
                    deleted=True,
                )
            )
        case _:
            assert_never(event)


def _live(state: WebhookState) -> Webhook:
    assert state.webhook is not None
    assert not state.webhook.deleted
    return state.webhook
