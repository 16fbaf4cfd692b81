"""Builds the registry service from the settings."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, cast
from uuid import uuid4

from grpc import aio

from pushward.api.registry.v1.registry_pb2_grpc import add_RegistryServicer_to_server
from pushward.config.settings import Settings
from pushward.database.pool import Database
from pushward.eventlog.commands import CommandRunner
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.port import LogReader
from pushward.eventlog.postgres import PostgresLogReader
from pushward.eventlog.subscription import Subscription
from pushward.security.keys import KeyRing
from pushward.security.sealing import Sealer
from pushward.service import Registrar, Runtime
from services.registry.adapters.aggregates import ACCESS_TOKENS, ACCOUNTS, ENTITIES, SERVICES
from services.registry.adapters.entity_creations import PostgresEntityCreations
from services.registry.adapters.log import KEY_DESTROYER, REAPER, ROLE, SCHEMA, open_registry_log
from services.registry.adapters.lookups import PostgresLookups
from services.registry.adapters.store import PostgresRegistryStore
from services.registry.app import forgetting
from services.registry.app.access_tokens import AccessTokens
from services.registry.app.accounts import Accounts, CreatedAccount
from services.registry.app.api_keys import ApiKeys, OperatedApiKeys
from services.registry.app.authentication import Authentication
from services.registry.app.credential_cache import CredentialCache, PublicKeyCache
from services.registry.app.enrolment import Enrolment
from services.registry.app.entities import Entities
from services.registry.app.entity_keys import EntityKeys
from services.registry.app.factor_lookups import FactorLookups
from services.registry.app.factor_updates import FactorUpdates
from services.registry.app.factors import Factors
from services.registry.app.forgetting import Forgetting, Forgotten, KeyDestroyer
from services.registry.app.new_entities import NewEntities
from services.registry.app.origins import operators
from services.registry.app.paths import account_sid_named, service_not_found, service_sid_of
from services.registry.app.reaper import Reaper
from services.registry.app.servicer import Registry
from services.registry.app.services import Services
from services.registry.app.streams import Streams
from services.registry.app.totp_checks import CodeReader, TotpChecks
from services.registry.app.totp_enrolment import TotpEnrolment
from services.registry.app.webhooks import WebhookEvents

FOLLOWERS_CONNECTIONS_MAX: Final = 4
"""Followers hold a connection while they work: from a pool of their own, so that requests never wait for it."""
OPERATOR_CONNECTIONS_MAX: Final = 1

_STREAMS: Final = Streams(ACCOUNTS, SERVICES, ENTITIES, ACCESS_TOKENS)


class RegistryService:
    """The target ``registry``: its rpcs, the reaper, the key destroyer."""

    name = "registry"

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        url = settings.main_url()
        self._database = Database(url, ROLE, "pushward-registry", size_max=settings.pool_size_max)
        self._followers_database = Database(
            url, ROLE, "pushward-registry-followers", size_max=FOLLOWERS_CONNECTIONS_MAX
        )
        self._log = open_registry_log(url, lanes=settings.append_lanes, on_commit=runtime.heads.committed)
        self._store = PostgresRegistryStore(self._database)
        self._keys = runtime.keys

        runner = CommandRunner(self._log)
        reader = runtime.heads.tail
        reaper, destroyer = Reaper(runner, _STREAMS, self._store), KeyDestroyer(runtime.keys)
        creations = PostgresEntityCreations(self._database, settings.entity_creations_per_second)
        lookups = PostgresLookups(self._database)
        self._servicer = _servicer(runner, self._store, lookups, creations, reader, runtime.keys)
        self._followers = (
            Subscription(
                REAPER,
                SCHEMA,
                self._followers_database,
                reader,
                runtime.heads,
                reaper.apply,
                wants=reaper.wants,
                metrics=runtime.metrics,
            ),
            Subscription(
                KEY_DESTROYER,
                SCHEMA,
                self._followers_database,
                reader,
                runtime.heads,
                destroyer.apply,
                wants=destroyer.wants,
                metrics=runtime.metrics,
            ),
        )

    def register(self, server: Registrar) -> None:
        """Adds the rpcs."""
        # Generated code names the one class of server that it knows; it calls no more than a Registrar has.
        add_RegistryServicer_to_server(self._servicer, cast(aio.Server, server))

    async def start(self) -> None:
        """Begins to follow the log."""
        for follower in self._followers:
            await follower.start()

    async def stop(self) -> None:
        """Finishes what was accepted."""
        for follower in self._followers:
            await follower.stop()
        await self._log.close()
        await self._followers_database.close()
        await self._database.close()

    async def ready(self) -> str | None:
        """None when the database answers, the state tables are of this release, and the installation's key opens."""
        return self._log.problem() or await self._database.away() or await self._keys.problem()


def build(settings: Settings, runtime: Runtime) -> RegistryService:
    """The service, without any I/O."""
    return RegistryService(settings, runtime)


async def create_account(settings: Settings, keys: KeyRing, friendly_name: str) -> CreatedAccount:
    """A new account, for the command line. Raises as the command."""
    async with operated_accounts(settings, keys) as accounts:
        return await accounts.create(friendly_name)


@asynccontextmanager
async def operated_accounts(settings: Settings, keys: KeyRing) -> AsyncIterator[Accounts]:
    """The commands on accounts, for the command line."""
    async with _operators_database(settings) as (runner, database):
        yield Accounts(runner, _STREAMS, PostgresRegistryStore(database), keys)


@asynccontextmanager
async def operated_api_keys(settings: Settings, keys: KeyRing, account_sid: str) -> AsyncIterator[OperatedApiKeys]:
    """The commands on an account's API keys, for the command line. Raises NotFoundError for what can't be one."""
    async with _operators_database(settings) as (runner, database):
        store = PostgresRegistryStore(database)
        sid = await account_sid_named(store, account_sid)
        yield OperatedApiKeys(ApiKeys(runner, _STREAMS, store, keys), sid)


async def forget_entity(settings: Settings, keys: KeyRing, service_sid: str, identity: str) -> Forgotten:
    """Forgets an identity of whosever service, for the command line. Raises NotFoundError, UnavailableError."""
    async with _operators_database(settings) as (runner, database):
        store = PostgresRegistryStore(database)
        service = await store.service_of_anybody(await service_sid_of(store, service_sid))
        if service is None:
            raise service_not_found()
        command = Forgetting(runner, _STREAMS, store, PostgresLogReader(database), keys)
        return await command.forget(service, identity, operators(service.account_sid, uuid4()))


async def destroy_forgotten(settings: Settings, keys: KeyRing) -> int:
    """Destroys the keys of all whom the log says forgotten, for the command line. Raises UnavailableError."""
    async with _operators_database(settings) as (_, database):
        return await forgetting.destroy_forgotten(PostgresLogReader(database), keys)


@asynccontextmanager
async def _operators_database(settings: Settings) -> AsyncIterator[tuple[CommandRunner, Database]]:
    """What one command at the command line needs, closed again after it."""
    database = Database(settings.main_url(), ROLE, "pushward-operator", size_max=OPERATOR_CONNECTIONS_MAX)
    log = open_registry_log(settings.main_url(), lanes=1, on_commit=_nobody_follows)
    try:
        yield CommandRunner(log), database
    finally:
        await log.close()
        await database.close()


def _servicer(
    runner: CommandRunner,
    store: PostgresRegistryStore,
    lookups: PostgresLookups,
    creations: PostgresEntityCreations,
    reader: LogReader,
    keys: KeyRing,
) -> Registry:
    sealer = Sealer(keys)
    new_entities = NewEntities(EntityKeys(keys), creations)
    codes = CodeReader(sealer)
    return Registry(
        authentication=Authentication(lookups, store, keys, CredentialCache(lookups), PublicKeyCache()),
        api_keys=ApiKeys(runner, _STREAMS, store, keys),
        services=Services(runner, _STREAMS, store),
        entities=Entities(runner, _STREAMS, store, new_entities),
        enrolment=Enrolment(runner, _STREAMS, store, new_entities, sealer),
        totp_enrolment=TotpEnrolment(runner, _STREAMS, store, new_entities, sealer),
        totp_checks=TotpChecks(runner, _STREAMS, store, codes),
        factors=Factors(runner, _STREAMS, store, sealer, FactorUpdates(sealer, codes)),
        forgetting=Forgetting(runner, _STREAMS, store, reader, keys),
        access_tokens=AccessTokens(runner, _STREAMS, store, keys, sealer),
        factor_lookups=FactorLookups(lookups, store, sealer),
        webhook_events=WebhookEvents(reader, _STREAMS, lookups, store, sealer),
    )


def _nobody_follows(events: Sequence[StoredEvent]) -> None:
    """Followers are in other processes; they poll."""
