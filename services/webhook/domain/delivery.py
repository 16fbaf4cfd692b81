"""A delivery: one event for one webhook. It holds references; the event's owner says what it says when it is sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pushward.ids import Sid
from pushward.values import Sealed
from services.webhook.domain.retry import Result, Verdict


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event that webhooks of its service may be waiting for; ``matched_by`` are the subscriptions it matches."""

    shard: int
    position: int
    event_type: str
    matched_by: frozenset[str]
    account_sid: Sid
    service_sid: Sid
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """Work that this process has taken: its lease runs. The webhook's part is as it was when it was taken.

    ``attempts`` counts the attempt that begins now; it also tells a late result from a current one. ``webhook_url`` and
    ``secret`` are None if the webhook isn't to be called any more.
    """

    epoch: int
    shard: int
    position: int
    webhook_sid: Sid
    uuid: UUID
    event_type: str
    attempts: int
    age_seconds: float
    account_sid: Sid
    service_sid: Sid
    webhook_stream: UUID
    body_version: str
    webhook_url: Sealed | None
    secret: Sealed | None


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt and its verdict, to be recorded."""

    delivery: Delivery
    result: Result
    verdict: Verdict
