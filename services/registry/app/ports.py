"""What the application asks of its store. Every method is one query, and raises UnavailableError if it can't be asked.

``RegistryStore`` loads what commands decide on and what lists show; ``Lookups`` answers what other services wait for.
Who asks for something that lies below a service gets it only if the service lives and is the account's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pushward.database.paging import Key, Scan
from pushward.values import FactorStatus, FactorType, NotificationPlatform
from services.registry.domain.state import (
    AccessTokenRecord,
    AccessTokenState,
    AccountRecord,
    AccountState,
    ApiKeyRecord,
    EntityRecord,
    EntityState,
    FactorRecord,
    ServiceRecord,
    ServiceState,
)


@dataclass(frozen=True, slots=True)
class LoadedAccount:
    """An account's stream with its live API keys, disabled or not, and the database's clock."""

    now: datetime
    state: AccountState


@dataclass(frozen=True, slots=True)
class LoadedService:
    """A service's stream, whether it lives or not, and the database's clock."""

    now: datetime
    state: ServiceState


@dataclass(frozen=True, slots=True)
class LoadedEntity:
    """An entity's stream below a service, and the database's clock. ``service`` is None if it isn't the account's.

    ``token`` is the access token that was asked for, or an empty stream.
    """

    now: datetime
    service: ServiceRecord | None
    state: EntityState
    token: AccessTokenState


@dataclass(frozen=True, slots=True)
class LoadedStream:
    """An entity's stream, wherever it lies, and the database's clock."""

    now: datetime
    state: EntityState


@dataclass(frozen=True, slots=True)
class Credential:
    """What a backend names itself by: an account's SID or an API key's. ``digests`` are of what it may prove it with.

    ``usable`` unless the account is disabled or the key revoked.
    """

    sid: str
    account_sid: str
    digests: Sequence[bytes]
    usable: bool


@dataclass(frozen=True, slots=True)
class LiveDevice:
    """A factor whose entity, service and account live; ``entity_version`` is the guard for what its device does."""

    now: datetime
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    status: FactorStatus
    public_key: bytes
    entity_stream: UUID
    entity_version: int
    key_id: UUID


@dataclass(frozen=True, slots=True)
class Bearer:
    """An access token whose service and account live, and the database's clock."""

    now: datetime
    token: AccessTokenRecord


@dataclass(frozen=True, slots=True)
class ChallengeableFactor:
    """What a challenge needs to know of a factor itself. ``totp_code_length`` is 0 for a push factor."""

    factor_type: FactorType
    status: FactorStatus
    public_key: bytes
    notification_platform: NotificationPlatform
    totp_code_length: int


@dataclass(frozen=True, slots=True)
class FoundFactor:
    """A service, an entity below it, a factor below that; each unset where it, or what it lies below, isn't there."""

    now: datetime | None = None  # the database's clock, if the service is there
    push_include_date: bool = False
    entity_sid: str | None = None
    entity_version: int | None = None
    key_id: UUID | None = None
    factor: ChallengeableFactor | None = None


@dataclass(frozen=True, slots=True)
class PushAddressee:
    """A live factor and its live service, of an account that isn't disabled."""

    factor: FactorRecord
    service: ServiceRecord


class RegistryStore(Protocol):
    """The state tables, for commands and lists."""

    async def shard_count(self) -> int:
        """The number of shards; asked once, it never changes."""
        ...

    async def now(self) -> datetime:
        """The database's clock."""
        ...

    async def account(self, account_sid: str) -> LoadedAccount:
        """An account's stream with its live API keys, disabled or not."""
        ...

    async def accounts(self, after: Key, limit: int) -> Sequence[AccountRecord]:
        """All accounts, disabled or not, by their creation: for operators."""
        ...

    async def service(self, account_sid: str, service_sid: str) -> LoadedService:
        """A service of the account, deleted or not."""
        ...

    async def service_of_anybody(self, service_sid: str) -> ServiceRecord | None:
        """A service, whosever it is, deleted or not: for operators."""
        ...

    async def services(self, account_sid: str, scan: Scan) -> Sequence[ServiceRecord]:
        """The account's live services."""
        ...

    async def entity(
        self, account_sid: str, service_sid: str, stream_id: UUID, *, access_token_sid: str | None = None
    ) -> LoadedEntity:
        """An entity's stream with its live factors, below a live service of the account."""
        ...

    async def entities(self, account_sid: str, service_sid: str, scan: Scan) -> Sequence[EntityRecord] | None:
        """The live entities of a live service of the account; None if there is no such service."""
        ...

    async def access_token(self, account_sid: str, service_sid: str, sid: str) -> AccessTokenRecord | None:
        """An access token of a live service of the account."""
        ...

    async def entities_to_reap(self, connection: Any, service_sid: str, limit: int) -> Sequence[UUID]:
        """Streams of entities that still live below a service, whether it lives or not.

        Read through a subscriber's own ``connection``, so that its transaction doesn't idle while it appends. Any: the
        application knows no driver.
        """
        ...

    async def entity_stream(self, stream_id: UUID) -> LoadedStream:
        """An entity's stream with its live factors, wherever it lies."""
        ...


class Lookups(Protocol):
    """The state tables, for who waits on each request."""

    async def credential(self, sid: str) -> Credential | None:
        """The credential of an account's SID or an API key's, usable or not."""
        ...

    async def device(self, factor_sid: str) -> LiveDevice | None:
        """A live factor with all that it lies below."""
        ...

    async def bearer(self, access_token_sid: str) -> Bearer | None:
        """An access token, spent or not, expired or not."""
        ...

    async def account_key_of_service(self, account_sid: str, service_sid: str) -> UUID | None:
        """The account's data key, if the service lives and is the account's."""
        ...

    async def account_of_service(self, account_sid: str, service_sid: str) -> AccountRecord | None:
        """The account, if the service lives and is the account's."""
        ...

    async def factor(self, account_sid: str, service_sid: str, entity_stream: UUID, factor_sid: str) -> FoundFactor:
        """A factor below a service and an entity, or what of it was found."""
        ...

    async def push_addressee(self, factor_sid: str) -> PushAddressee | None:
        """A live factor and its live service."""
        ...


def account_key(account: AccountRecord) -> Key:
    """What accounts are listed by."""
    return account.date_created, account.sid


def api_key_key(api_key: ApiKeyRecord) -> Key:
    """What API keys are listed by."""
    return api_key.date_created, api_key.sid


def service_key(service: ServiceRecord) -> Key:
    """What services are listed by."""
    return service.date_created, service.sid


def entity_key(entity: EntityRecord) -> Key:
    """What entities are listed by. They live, so they have a date and a SID."""
    assert entity.date_created is not None
    assert entity.sid is not None
    return entity.date_created, entity.sid


def factor_key(factor: FactorRecord) -> Key:
    """What factors are listed by."""
    return factor.date_created, factor.sid
