"""Registry on a real PostgreSQL with a real key store, called through its stub in the same process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.config.settings import Settings
from pushward.database.pool import Database
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.postgres import PostgresLogReader
from pushward.rpc.channel import open_inprocess
from pushward.rpc.inprocess import InProcessServer
from pushward.security.account_credentials import ensure_installation_key
from pushward.security.kek import KEK_BYTES, FileKeyEncryption
from pushward.security.key_store_postgres import KEYS_MODULE, KEYS_ROLE, PostgresKeyStore
from pushward.security.keys import DATA_KEY_BYTES, KeyRing
from pushward.service import Runtime
from services.registry.adapters.log import MODULE, ROLE
from services.registry.wiring import build, create_account
from tests.integration.registry.tenant import Tenant
from tests.support.databases import SHARDS, Databases


class NoPeers:
    """Registry asks nobody."""

    def channel(self, service: str) -> NoReturn:
        """There is none."""
        raise AssertionError(service)


@dataclass
class World:
    """Two databases, and processes of registry on them."""

    url: str
    keys_url: str
    settings: Settings
    keys_database: Database
    keys: KeyRing
    heads: HeadWatch
    database: Database
    reader: PostgresLogReader

    @asynccontextmanager
    async def process(self, settings: Settings | None = None) -> AsyncIterator[RegistryStub]:
        """A process of the service, with settings of its own if it is given any."""
        service, server = build(settings or self.settings, Runtime(NoPeers(), self.heads, self.keys)), InProcessServer()
        service.register(server)
        await service.start()
        try:
            assert await service.ready() is None
            yield RegistryStub(open_inprocess(server))
        finally:
            await service.stop()

    async def new_tenant(self, registry: RegistryStub) -> Tenant:
        """An account as the operator makes it, with a service of its own."""
        created = await create_account(self.settings, self.keys, "Example Bank")
        account = common_pb2.AccountPrincipal(account_sid=created.account_sid, credential_sid=created.account_sid)
        principal = common_pb2.Principal(account=account)
        tenant = Tenant(registry, principal, created.account_sid, created.auth_token.reveal(), "", f"user-{uuid4()}")
        tenant.service_sid = (await tenant.create_service("Shop")).sid
        return tenant

    async def damage(self, statement: str, argument: str) -> None:
        """Changes a row behind the log's back, as the database's owner: what no rpc can do yet, or time would."""
        owner = Database(self.url, None, "test-owner", size_max=1)
        await owner.execute(statement, argument)
        await owner.close()

    async def restore_key(self, key_id: UUID) -> None:
        """Undoes a key's destruction, as a restored backup of the key store would; what it wraps matters to nobody."""
        owner = Database(self.keys_url, None, "test-owner", size_max=1)
        await owner.execute("UPDATE keys.data_key SET wrapped = '', destroyed_at = NULL WHERE key_id = $1", key_id)
        await owner.close()

    async def event_types(self, shard: int) -> list[int]:
        """The types of a shard's events, in order."""
        return [event.type for event in await self.reader.read(shard, 0, 1000)]


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    """A migrated database and a migrated key store."""
    url = await databases.make([LOG_MODULE, MODULE])
    keys_url = await databases.make([KEYS_MODULE], shards=None)
    keys_database = Database(keys_url, KEYS_ROLE, "test-keys", size_max=2)
    keys = KeyRing(PostgresKeyStore(keys_database), FileKeyEncryption(bytes(KEK_BYTES)))
    await ensure_installation_key(keys, bytes(DATA_KEY_BYTES))
    database = Database(url, ROLE, "test", size_max=2)
    reader = PostgresLogReader(database)
    heads = HeadWatch(reader)
    await heads.start()
    assert len(await reader.heads()) == SHARDS
    yield World(url, keys_url, Settings(database_url=SecretStr(url)), keys_database, keys, heads, database, reader)
    await heads.stop()
    await database.close()
    await keys_database.close()


@pytest.fixture
async def registry(world: World) -> AsyncIterator[RegistryStub]:
    """A process of the service."""
    async with world.process() as stub:
        yield stub


@pytest.fixture
async def tenant(world: World, registry: RegistryStub) -> Tenant:
    """A tenant with one service."""
    return await world.new_tenant(registry)
