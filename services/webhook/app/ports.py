"""What the app needs of the outside, and its adapters provide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pushward.database.paging import Scan
from pushward.eventlog.subscription import Move, Through
from services.webhook.domain.delivery import Candidate, Delivery, Finished
from services.webhook.domain.places import Room
from services.webhook.domain.state import Webhook, WebhookState


@dataclass(frozen=True, slots=True)
class Loaded:
    """A webhook's state, the database's clock, and how many live webhooks its service has."""

    state: WebhookState
    now: datetime
    siblings: int


class WebhookStore(Protocol):
    """Reads webhooks. All methods raise UnavailableError."""

    async def load(self, stream_id: UUID, account_sid: str, service_sid: str) -> Loaded:
        """The state of a stream of this account and service; else the initial one. ``siblings`` isn't counted: 0."""
        ...

    async def load_new(self, stream_id: UUID, account_sid: str, service_sid: str) -> Loaded:
        """As ``load``, for a webhook that is about to be made, with its siblings."""
        ...

    async def page(self, account_sid: str, service_sid: str, scan: Scan) -> Sequence[Webhook]:
        """A service's live webhooks."""
        ...


@dataclass(frozen=True, slots=True)
class Enqueued:
    """New deliveries: those taken at once, and the webhooks for which others wait."""

    taken: Sequence[Delivery]
    waiting: frozenset[str]


class Deliveries(Protocol):
    """The schedule of deliveries. All methods raise UnavailableError."""

    async def enqueue(self, through: Through, move: Move, candidates: Sequence[Candidate], room: Room) -> Enqueued:
        """Stores the deliveries that ``candidates`` match and makes the move, in one statement sent ``through``.

        As many as there is room for are taken at once. Raises LeaseLostError where the move doesn't count.
        """
        ...

    async def take(self, room: Room) -> Sequence[Delivery]:
        """Takes what is due, as far as there is room; their lease runs from now."""
        ...

    async def record(self, finished: Sequence[Finished]) -> None:
        """Writes down what attempts came to."""
        ...

    async def prune(self, keep_seconds: float, per_shard: int) -> int:
        """Forgets finished deliveries that are older; returns how many."""
        ...
