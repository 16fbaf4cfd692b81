"""What may be asked of a webhook. Personal data and secrets come sealed, ids and the account's data key as values."""

from dataclasses import dataclass

from pushward.ids import Sid
from pushward.values import Sealed


@dataclass(frozen=True, slots=True)
class CreateWebhook:
    """Subscribe. ``siblings`` is how many live webhooks the service has already."""

    webhook_sid: Sid
    account_sid: Sid
    service_sid: Sid
    friendly_name: Sealed
    event_types: tuple[str, ...]
    webhook_url: Sealed
    secret: Sealed
    status: str
    version: str
    siblings: int


@dataclass(frozen=True, slots=True)
class UpdateWebhook:
    """Change what isn't None."""

    account_sid: Sid
    service_sid: Sid
    friendly_name: Sealed | None = None
    event_types: tuple[str, ...] | None = None
    webhook_url: Sealed | None = None
    status: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class DeleteWebhook:
    """Unsubscribe."""

    account_sid: Sid
    service_sid: Sid
