"""What registry's streams are made by; replay folds the same. An event's type says whose stream it is in."""

from typing import Final

from pushward.eventlog.aggregate import Aggregate
from services.registry.adapters import codec, tables
from services.registry.domain.decider import access_token, account, entity_evolution, service
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

ACCOUNTS: Final[Aggregate[AccountState]] = Aggregate(
    "account",
    AccountState(),
    account.evolve,
    codec.ACCOUNT_CODEC,
    {AccountRecord: tables.ACCOUNT, ApiKeyRecord: tables.API_KEY},
)
SERVICES: Final[Aggregate[ServiceState]] = Aggregate(
    "service", ServiceState(), service.evolve, codec.SERVICE_CODEC, {ServiceRecord: tables.SERVICE}
)
ENTITIES: Final[Aggregate[EntityState]] = Aggregate(
    "entity",
    EntityState(),
    entity_evolution.evolve,
    codec.ENTITY_CODEC,
    {EntityRecord: tables.ENTITY, FactorRecord: tables.FACTOR},
)
ACCESS_TOKENS: Final[Aggregate[AccessTokenState]] = Aggregate(
    "access_token",
    AccessTokenState(),
    access_token.evolve,
    codec.ACCESS_TOKEN_CODEC,
    {AccessTokenRecord: tables.ACCESS_TOKEN},
)

AGGREGATES: Final = (ACCOUNTS, SERVICES, ENTITIES, ACCESS_TOKENS)
