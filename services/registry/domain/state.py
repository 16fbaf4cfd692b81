"""What the streams of registry amount to.

A *record* is one row of a state table; ``version`` is that of the last event of its stream that changed it. Each
stream has one head record, which every event changes, and which therefore carries the stream's version and time.
Rows are never removed: what is deleted is marked, and its sealed fields are cleared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pushward.ids import Sid
from pushward.values import FactorStatus, FactorType, NotificationPlatform, Sealed, TotpConfig
from services.registry.domain.service_settings import ServiceSettings

_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """A tenant. The secondary token is there while a rotation is under way, and is accepted beside the other one."""

    stream_id: UUID
    version: int
    sid: Sid
    friendly_name: str
    key_id: UUID
    auth_token: Sealed
    auth_token_digest: bytes
    disabled: bool
    date_created: datetime
    date_updated: datetime
    secondary_auth_token: Sealed | None
    secondary_auth_token_digest: bytes | None

    @property
    def rotating(self) -> bool:
        """Whether there is a secondary token."""
        return self.secondary_auth_token is not None


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """An API key. ``revoked`` is for good; the row stays as a mark."""

    stream_id: UUID
    version: int
    sid: Sid
    account_sid: Sid
    friendly_name: Sealed | None
    secret_digest: bytes
    revoked: bool
    date_created: datetime
    date_updated: datetime


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """A service. ``deleted`` hides it, and all that lies below, from every request."""

    stream_id: UUID
    version: int
    sid: Sid
    account_sid: Sid
    friendly_name: str
    settings: ServiceSettings
    deleted: bool
    date_created: datetime
    date_updated: datetime


@dataclass(frozen=True, slots=True)
class EntityRecord:
    """The stream of one (service, identity), for ever; ``sid``, ``key_id`` and ``date_created`` only while it lives.

    ``deletions`` counts how often it was deleted or forgotten: its generations, each with a data key of its own.
    ``creation_day`` (days since 1970-01-01, UTC) and ``creations_on_day`` count factors created on that day.
    """

    stream_id: UUID
    version: int
    account_sid: Sid
    service_sid: Sid
    identity: str
    sid: Sid | None
    key_id: UUID | None
    date_created: datetime | None
    deletions: int
    creation_day: int
    creations_on_day: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class FactorRecord:
    """A factor. Its SID is its own row; a deleted one stays as a mark.

    Of a TOTP factor: ``totp_failures`` are the wrong codes that were to verify it; codes of time steps that begin
    before ``totp_spent_until`` (Unix seconds, 0 at first) count no more, and ``totp_attempt_id`` is the try that spent
    the last one. Seconds, not steps: a step's number means another time once the factor's time step has changed.
    """

    stream_id: UUID
    version: int
    sid: Sid
    account_sid: Sid
    service_sid: Sid
    entity_sid: Sid
    identity: str
    factor_type: FactorType
    status: FactorStatus
    friendly_name: Sealed | None
    public_key: bytes
    app_id: str
    sdk_version: str
    notification_platform: NotificationPlatform
    notification_token: Sealed | None
    metadata: Sealed | None
    deleted: bool
    date_created: datetime
    date_updated: datetime
    totp_secret: Sealed | None = None
    totp_secret_digest: bytes = b""
    totp_config: TotpConfig | None = None
    totp_failures: int = 0
    totp_spent_until: int = 0
    totp_attempt_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AccessTokenRecord:
    """An access token; ``factor_sid`` once it is spent.

    ``entity_deletions`` is how often the identity had been deleted or forgotten when the token was issued.
    """

    stream_id: UUID
    version: int
    sid: Sid
    account_sid: Sid
    service_sid: Sid
    identity: str
    factor_type: FactorType
    factor_friendly_name: Sealed | None
    token_digest: bytes
    ttl_seconds: int
    expires_at: datetime
    entity_deletions: int
    factor_sid: Sid | None
    date_created: datetime
    date_updated: datetime


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account's stream. Loaded from tables it holds live API keys only; folded from events, all there ever were."""

    account: AccountRecord | None = None
    api_keys: Mapping[Sid, ApiKeyRecord] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """The version of the last event."""
        return self.account.version if self.account else 0

    @property
    def recorded_at(self) -> datetime | None:
        """The time of the last event."""
        return self.account.date_updated if self.account else None

    @property
    def live_api_keys(self) -> tuple[ApiKeyRecord, ...]:
        """The API keys that were not revoked, in the order of their creation."""
        return tuple(api_key for api_key in self.api_keys.values() if not api_key.revoked)

    def records(self) -> Iterable[AccountRecord | ApiKeyRecord]:
        """The account's row and a row for each API key."""
        return (self.account, *self.api_keys.values()) if self.account else ()


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service's stream."""

    service: ServiceRecord | None = None

    @property
    def version(self) -> int:
        """The version of the last event."""
        return self.service.version if self.service else 0

    @property
    def recorded_at(self) -> datetime | None:
        """The time of the last event."""
        return self.service.date_updated if self.service else None

    @property
    def live(self) -> ServiceRecord | None:
        """The service, unless it was deleted."""
        return self.service if self.service and not self.service.deleted else None

    def records(self) -> Iterable[ServiceRecord]:
        """The service's row."""
        return (self.service,) if self.service else ()


@dataclass(frozen=True, slots=True)
class EntityState:
    """An entity's stream. Loaded from tables it holds live factors only; folded from events, all there ever were."""

    entity: EntityRecord | None = None
    factors: Mapping[Sid, FactorRecord] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """The version of the last event."""
        return self.entity.version if self.entity else 0

    @property
    def recorded_at(self) -> datetime | None:
        """The time of the last event."""
        return self.entity.recorded_at if self.entity else None

    @property
    def live(self) -> EntityRecord | None:
        """The entity, unless it was deleted or never was."""
        return self.entity if self.entity and self.entity.sid else None

    @property
    def deletions(self) -> int:
        """How often the identity was deleted or forgotten."""
        return self.entity.deletions if self.entity else 0

    @property
    def live_factors(self) -> tuple[FactorRecord, ...]:
        """The factors that were not deleted, in the order of their creation."""
        return tuple(factor for factor in self.factors.values() if not factor.deleted)

    def live_factor(self, sid: str | None) -> FactorRecord | None:
        """The factor, unless it was deleted or never was one of this entity's."""
        factor = self.factors.get(Sid(sid)) if sid else None
        return factor if factor and not factor.deleted else None

    def creations_on(self, now: datetime) -> int:
        """How many factors were created on the UTC day of ``now``; a clock that was set back doesn't forget them."""
        return self.entity.creations_on_day if self.entity and self.entity.creation_day >= day_of(now) else 0

    def records(self) -> Iterable[EntityRecord | FactorRecord]:
        """The entity's row and a row for each factor."""
        return (self.entity, *self.factors.values()) if self.entity else ()


@dataclass(frozen=True, slots=True)
class AccessTokenState:
    """An access token's stream."""

    token: AccessTokenRecord | None = None

    @property
    def version(self) -> int:
        """The version of the last event."""
        return self.token.version if self.token else 0

    @property
    def recorded_at(self) -> datetime | None:
        """The time of the last event."""
        return self.token.date_updated if self.token else None

    def records(self) -> Iterable[AccessTokenRecord]:
        """The token's row."""
        return (self.token,) if self.token else ()


def day_of(moment: datetime) -> int:
    """The UTC day of ``moment``, counted from 1970-01-01."""
    return (moment.date() - _EPOCH).days
