"""What an audit has found, as plain values: the shape of ``--json`` (docs/audit.md), and what the text is made of."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pushward.cli.audit.evidence import Flaw, Place
from pushward.cli.audit.receipts import ReceiptCheck
from pushward.cli.event_text import ReadableEvent
from pushward.values import TotpConfig

FORMAT: Final = 1
"""Of the JSON. It changes when a member changes its meaning or goes; new members don't change it."""


@dataclass(frozen=True, slots=True)
class SealedText:
    """A sealed field: ``text`` only where ``state`` is "unsealed"; else "sealed", "erased" or "unreadable"."""

    state: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """The service, by all that the log has of it: its shard is another, so it has no place before or after ours."""

    sid: str
    account_sid: str
    friendly_name: str
    created_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Life:
    """One entity of the identity, from its creation to its end; the same identity can be created anew."""

    entity_sid: str
    created_at: datetime
    created_by: str
    deleted_at: datetime | None
    deleted_by: str | None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """When what was sealed of these entities was erased, and by whom."""

    entity_sids: Sequence[str]
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class FactorFacts:
    """A factor as it was; ``public_key`` is a device's SubjectPublicKeyInfo in base64, empty for a TOTP factor.

    ``totp`` is the configuration of a TOTP factor. Its secret is told by no audit.
    """

    sid: str
    entity_sid: str
    type: str
    status: str
    deleted: bool
    public_key: str
    public_key_sha256: str
    friendly_name: SealedText | None
    metadata: SealedText | None
    app_id: str
    sdk_version: str
    notification_platform: str
    enrolled_by: str
    created_at: datetime
    updated_at: datetime
    totp: TotpConfig | None = None


@dataclass(frozen=True, slots=True)
class ChallengeFacts:
    """A challenge as it was, with what it showed; ``receipt`` where it was answered.

    ``attempts`` are the codes that were looked at for it.
    """

    sid: str
    entity_sid: str
    factor_sid: str
    status: str
    asked_by: str
    answered_by: str | None
    details: SealedText | None
    hidden_details: SealedText | None
    metadata: SealedText | None
    receipt: ReceiptCheck | None
    created_at: datetime
    updated_at: datetime
    responded_at: datetime | None
    expires_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class AccessTokenFacts:
    """An access token as it was; ``factor_sid`` once it has enrolled one. The token itself is not in the log."""

    sid: str
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    factor_sid: str | None


@dataclass(frozen=True, slots=True)
class AuditedEvent:
    """An event that led to it; ``intact`` unless something is wrong at its position."""

    event: ReadableEvent
    recorded_at: datetime
    intact: bool

    def members(self) -> dict[str, Any]:  # Any: what JSON can say
        """As a JSON object."""
        return {**self.event.members(), "recorded_at": date_text(self.recorded_at), "intact": self.intact}


@dataclass(frozen=True, slots=True)
class Report:
    """All of an audit."""

    identity: str
    place: Place
    service: ServiceFacts
    entity_sid: str | None
    lives: Sequence[Life]
    forgotten: Sequence[Forgotten]
    factors: Sequence[FactorFacts]
    challenges: Sequence[ChallengeFacts]
    access_tokens: Sequence[AccessTokenFacts]
    events: Sequence[AuditedEvent]
    flaws: Sequence[Flaw]

    @property
    def receipts(self) -> Mapping[str, int]:
        """How many receipts came to which verdict."""
        counts: dict[str, int] = {}
        for challenge in self.challenges:
            if challenge.receipt is not None:
                counts[challenge.receipt.verdict] = counts.get(challenge.receipt.verdict, 0) + 1
        return counts

    @property
    def is_right(self) -> bool:
        """Whether every check holds: the log's and the receipts'."""
        receipts = [challenge.receipt for challenge in self.challenges if challenge.receipt is not None]
        return not self.flaws and all(receipt.is_right for receipt in receipts)

    def members(self) -> dict[str, Any]:  # Any: what JSON can say
        """As a JSON object."""
        told = {
            "format": FORMAT,
            "right": self.is_right,
            "at": self.place,
            "service": self.service,
            "identity": self.identity,
            "entity_sid": self.entity_sid,
            "lives": self.lives,
            "forgotten": self.forgotten,
            "factors": self.factors,
            "challenges": self.challenges,
            "access_tokens": self.access_tokens,
            "events": [event.members() for event in self.events],
            "checks": {"events_of_the_shard": self.place.position, "receipts": self.receipts, "flaws": self.flaws},
        }
        return {name: _plain(value) for name, value in told.items()}


def date_text(moment: datetime) -> str:
    """``YYYY-MM-DDTHH:MM:SS.ffffffZ``: as exact as the log, and as ``--at`` takes it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _plain(value: Any) -> Any:  # Any: from our values to what JSON can say
    match value:
        case datetime():
            return date_text(value)
        case str() | int() | None:
            return value
        case Mapping():
            return {name: _plain(member) for name, member in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
