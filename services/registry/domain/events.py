"""The facts that registry records. Field names are those of proto/pushward/api/events/v1/registry.proto."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pushward.ids import Sid
from pushward.values import FactorType, NotificationPlatform, Sealed, TotpConfig
from services.registry.domain.service_settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class AccountCreated:
    """A tenant exists."""

    account_sid: Sid
    friendly_name: str
    key_id: UUID
    auth_token: Sealed
    auth_token_digest: bytes


@dataclass(frozen=True, slots=True)
class SecondaryTokenCreated:
    """An account has a second auth token, accepted beside the first one."""

    account_sid: Sid
    auth_token: Sealed
    auth_token_digest: bytes


@dataclass(frozen=True, slots=True)
class SecondaryTokenPromoted:
    """An account's second auth token is its only one."""

    account_sid: Sid


@dataclass(frozen=True, slots=True)
class SecondaryTokenRemoved:
    """An account's first auth token is its only one."""

    account_sid: Sid


@dataclass(frozen=True, slots=True)
class AccountDisabled:
    """Nothing and nobody of an account is known any more."""

    account_sid: Sid


@dataclass(frozen=True, slots=True)
class AccountEnabled:
    """All that was known before an account was disabled is known again."""

    account_sid: Sid


@dataclass(frozen=True, slots=True)
class ApiKeyCreated:
    """An account has one more credential, for one of its backends."""

    api_key_sid: Sid
    account_sid: Sid
    friendly_name: Sealed
    secret_digest: bytes


@dataclass(frozen=True, slots=True)
class ApiKeyRevoked:
    """An API key is refused, for good."""

    api_key_sid: Sid
    account_sid: Sid


@dataclass(frozen=True, slots=True)
class ServiceCreated:
    """A service exists."""

    service_sid: Sid
    account_sid: Sid
    friendly_name: str
    settings: ServiceSettings


@dataclass(frozen=True, slots=True)
class ServiceUpdated:
    """A service's name and settings from now on."""

    service_sid: Sid
    account_sid: Sid
    friendly_name: str
    settings: ServiceSettings


@dataclass(frozen=True, slots=True)
class ServiceDeleted:
    """A service is gone, and with it all that lies below; that is deleted in the background."""

    service_sid: Sid
    account_sid: Sid


@dataclass(frozen=True, slots=True)
class EntityCreated:
    """Somebody to verify exists; the stream may have held an earlier entity of the same identity."""

    entity_sid: Sid
    account_sid: Sid
    service_sid: Sid
    identity: str
    key_id: UUID


@dataclass(frozen=True, slots=True)
class EntityDeleted:
    """An entity is gone. Its factors were deleted by events before this one."""

    entity_sid: Sid
    account_sid: Sid
    service_sid: Sid
    identity: str


@dataclass(frozen=True, slots=True)
class EntityForgotten:
    """What was sealed of an identity is to be read by nobody any more: its data keys are destroyed after this event.

    ``entity_sids`` and ``key_ids`` are those since the identity was last forgotten. No entity has it now.
    """

    entity_sids: tuple[Sid, ...]
    account_sid: Sid
    service_sid: Sid
    identity: str
    key_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class FactorCreated:
    """A device was enrolled, or a secret for codes agreed on; it can't be challenged before it was proved.

    A push factor has no ``totp_…`` values; a TOTP factor has an empty public key, app and SDK, and no platform.
    """

    factor_sid: Sid
    account_sid: Sid
    service_sid: Sid
    entity_sid: Sid
    identity: str
    factor_type: FactorType
    friendly_name: Sealed
    public_key: bytes
    app_id: str
    sdk_version: str
    notification_platform: NotificationPlatform
    notification_token: Sealed | None
    metadata: Sealed | None
    access_token_sid: Sid | None
    totp_secret: Sealed | None = None
    totp_secret_digest: bytes = b""
    totp_config: TotpConfig | None = None


@dataclass(frozen=True, slots=True)
class FactorVerified:
    """A device has proved that it holds the private key, or a user has entered a right code."""

    factor_sid: Sid
    account_sid: Sid
    service_sid: Sid
    entity_sid: Sid
    identity: str
    factor_type: FactorType


@dataclass(frozen=True, slots=True)
class FactorUpdated:
    """A factor's changeable part as it is from now on."""

    factor_sid: Sid
    account_sid: Sid
    service_sid: Sid
    entity_sid: Sid
    identity: str
    factor_type: FactorType
    friendly_name: Sealed
    app_id: str
    sdk_version: str
    notification_platform: NotificationPlatform
    notification_token: Sealed | None
    totp_config: TotpConfig | None = None


@dataclass(frozen=True, slots=True)
class TotpStepSpent:
    """A right code was taken: its time step, and every earlier one, counts no more for this factor."""

    factor_sid: Sid
    account_sid: Sid
    service_sid: Sid
    entity_sid: Sid
    identity: str
    factor_type: FactorType
    step: int
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class TotpVerificationFailed:
    """A wrong code was given to verify a factor, the ``failures``-th one."""

    factor_sid: Sid
    account_sid: Sid
    service_sid: Sid
    entity_sid: Sid
    identity: str
    factor_type: FactorType
    failures: int


@dataclass(frozen=True, slots=True)
class FactorDeleted:
    """A factor is gone, for good: its device is not authenticated any more."""

    factor_sid: Sid
    account_sid: Sid
    service_sid: Sid
    entity_sid: Sid
    identity: str
    factor_type: FactorType
    with_service: bool


@dataclass(frozen=True, slots=True)
class AccessTokenIssued:
    """A client app may enrol one factor for one identity."""

    access_token_sid: Sid
    account_sid: Sid
    service_sid: Sid
    identity: str
    factor_type: FactorType
    factor_friendly_name: Sealed | None
    token_digest: bytes
    ttl_seconds: int
    expires_at: datetime
    entity_deletions: int


@dataclass(frozen=True, slots=True)
class AccessTokenSpent:
    """An access token has enrolled its one factor."""

    access_token_sid: Sid
    account_sid: Sid
    service_sid: Sid
    factor_sid: Sid


AccountEvent = (
    AccountCreated
    | SecondaryTokenCreated
    | SecondaryTokenPromoted
    | SecondaryTokenRemoved
    | AccountDisabled
    | AccountEnabled
    | ApiKeyCreated
    | ApiKeyRevoked
)
ServiceEvent = ServiceCreated | ServiceUpdated | ServiceDeleted
EntityEvent = (
    EntityCreated
    | EntityDeleted
    | EntityForgotten
    | FactorCreated
    | FactorVerified
    | FactorUpdated
    | FactorDeleted
    | TotpStepSpent
    | TotpVerificationFailed
)
AccessTokenEvent = AccessTokenIssued | AccessTokenSpent
