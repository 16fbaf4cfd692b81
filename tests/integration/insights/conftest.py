"""Insights on a real PostgreSQL; whatever happens to challenges is appended by the probe."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from grpc import aio
from pydantic import SecretStr

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.insights.v1 import insights_pb2
from pushward.api.insights.v1.insights_pb2_grpc import InsightsStub
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryServicer, add_RegistryServicer_to_server
from pushward.config.settings import Environment, Settings
from pushward.database.pool import Database
from pushward.errors import NotFoundError
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.memory import MemoryLog
from pushward.eventlog.module import LOG_MODULE
from pushward.rpc.channel import open_inprocess
from pushward.rpc.context import request_context
from pushward.rpc.inprocess import InProcessServer
from pushward.security.kek import KEK_BYTES, FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import KeyRing
from pushward.service import Runtime
from pushward.telemetry.metrics import Metrics
from services.insights.adapters.counted_log import PostgresCountedLog
from services.insights.adapters.figures import PostgresFigures
from services.insights.adapters.leases import PostgresLeases
from services.insights.adapters.log import MODULE, ROLE
from services.insights.app.recount import Recount, Span
from services.insights.domain.windows import floor
from services.insights.wiring import build
from services.relay.adapters.log import MODULE as RELAY_MODULE
from tests.integration.insights.history import ACCOUNT, SERVICE
from tests.support.databases import SHARDS, Databases
from tests.support.probe.counter import PROBE_MODULE, open_probe_log

Context = aio.ServicerContext[Any, Any]  # Any: as grpc declares it
OTHER_ACCOUNT = ids.new_sid(ids.ACCOUNT, 1, 1, 3)
FOREVER = 1 << 33  # Unix seconds


class Registry(RegistryServicer):
    """Knows one service, and whose it is."""

    async def CheckService(
        self, request: registry_pb2.CheckServiceRequest, context: Context
    ) -> registry_pb2.CheckServiceReply:
        asks = request.context.principal.account.account_sid
        if (asks, request.service_sid) != (ACCOUNT, SERVICE):
            raise NotFoundError("The service was not found.")
        return registry_pb2.CheckServiceReply()


class Peers:
    """Channels to servers of this process."""

    def __init__(self, servers: dict[str, InProcessServer]) -> None:
        self._channels = {name: open_inprocess(server) for name, server in servers.items()}

    def channel(self, service: str) -> aio.Channel:
        """The channel to ``service``."""
        return self._channels[service]


def asked_by(account_sid: str = ACCOUNT) -> common_pb2.RequestContext:
    """A request of an account."""
    account = common_pb2.AccountPrincipal(account_sid=account_sid, credential_sid=account_sid)
    return request_context(common_pb2.Principal(account=account), uuid4(), uuid4())


@dataclass
class World:
    """A database with a log, and insights' own adapters on it."""

    url: str
    database: Database
    log: GroupCommitLog
    metrics: Metrics

    def __post_init__(self) -> None:
        self.counted_log = PostgresCountedLog(self.database)
        self.store = PostgresFigures(self.database)
        self.leases = PostgresLeases(self.database)
        self.recount = Recount(self.counted_log, self.store)

    @asynccontextmanager
    async def process(
        self,
        metrics: Metrics | None = None,
        **settings: Any,  # Any: settings of several types
    ) -> AsyncIterator[InsightsStub]:
        """A process of insights: a stub to it."""
        servers = {name: InProcessServer() for name in ("registry", "insights")}
        registry = Registry()  # type: ignore[abstract]  # it has what insights asks for
        add_RegistryServicer_to_server(registry, cast(aio.Server, servers["registry"]))
        peers = Peers(servers)
        keys = KeyRing(MemoryKeyStore(), FileKeyEncryption(secrets.token_bytes(KEK_BYTES)))
        heads = HeadWatch(MemoryLog(shard_count=SHARDS))
        service = build(
            Settings(env=Environment.DEVELOPMENT, database_url=SecretStr(self.url), **settings),
            Runtime(peers, heads, keys, metrics or self.metrics),
        )
        service.register(servers["insights"])
        await service.start()
        try:
            yield InsightsStub(peers.channel("insights"))
        finally:
            await service.stop()

    async def spans(self, since: int = 0, until: int = FOREVER) -> list[Span]:
        """All shards, recounted."""
        return [span for shard in range(SHARDS) async for span in self.recount.spans(shard, since, until)]

    async def drift(self) -> dict[str, int]:
        """How many rows differ from the log, by how."""
        found: dict[str, int] = {}
        for span in await self.spans():
            for difference in span.differences:
                found[difference.drift.value] = found.get(difference.drift.value, 0) + 1
        return found

    async def fill(self) -> None:
        """Makes every row what the log says."""
        for span in await self.spans():
            await self.recount.repair(span)

    async def query(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:  # Any: column values
        """Rows of a statement, as insights may ask."""
        return [tuple(row) for row in await self.database.fetch(statement, *arguments)]

    def environment(self) -> dict[str, str]:
        """Of a command, or a process, on this database."""
        return {**os.environ, "PUSHWARD_ENV": "development", "PUSHWARD_DATABASE_URL": self.url}


def measured(metrics: Metrics, name: str) -> float:
    """A metric with its labels, as Prometheus would see it."""
    for line in metrics.text().decode().splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    raise AssertionError(f"no metric {name}")


async def total(stub: InsightsStub, since: datetime, factor_sid: str = "") -> insights_pb2.Figures:
    """A service's figures of a week from ``since``, or one factor's, as they are served."""
    request = insights_pb2.GetInsightsRequest(context=asked_by(), service_sid=SERVICE, factor_sid=factor_sid)
    request.since.FromDatetime(since)
    request.until.FromDatetime(since + timedelta(days=6))
    return (await stub.GetInsights(request)).total


def long_ago() -> datetime:
    """The beginning of a window that is closed, and not long ago enough to be forgotten."""
    now = datetime.now(UTC)
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)


def recently() -> datetime:
    """The beginning of a window that is closed, and that the recount's timer still looks at."""
    return datetime.fromtimestamp(floor(int(datetime.now(UTC).timestamp()) - 1_800), UTC)


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    """A migrated database."""
    url = await databases.make([LOG_MODULE, PROBE_MODULE, RELAY_MODULE, MODULE])
    database = Database(url, ROLE, "test", size_max=4)
    log = open_probe_log(url)
    yield World(url, database, log, Metrics())
    await log.close()
    await database.close()
