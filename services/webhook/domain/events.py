"""Facts about a webhook. Field names are those of ``pushward.api.events.v1``."""

from dataclasses import dataclass

from pushward.ids import Sid
from pushward.values import Sealed


@dataclass(frozen=True, slots=True)
class WebhookCreated:
    """A tenant subscribed to events of a service."""

    webhook_sid: Sid
    account_sid: Sid
    service_sid: Sid
    friendly_name: Sealed
    event_types: tuple[str, ...]
    webhook_url: Sealed
    secret: Sealed
    status: str
    version: str


@dataclass(frozen=True, slots=True)
class WebhookUpdated:
    """The webhook's changeable part as it is from now on."""

    webhook_sid: Sid
    account_sid: Sid
    service_sid: Sid
    friendly_name: Sealed
    event_types: tuple[str, ...]
    webhook_url: Sealed
    status: str
    version: str


@dataclass(frozen=True, slots=True)
class WebhookDeleted:
    """From now on nothing is delivered."""

    webhook_sid: Sid
    account_sid: Sid
    service_sid: Sid


Event = WebhookCreated | WebhookUpdated | WebhookDeleted
