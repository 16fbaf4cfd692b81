"""Relay on a real PostgreSQL, and events of several accounts in the log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import cast
from uuid import uuid4

import pytest
from grpc import aio

from pushward.api.common.v1.common_pb2 import AccountPrincipal, Principal
from pushward.api.relay.v1 import relay_pb2
from pushward.api.relay.v1.relay_pb2_grpc import RelayStub, add_RelayServicer_to_server
from pushward.database.pool import Database
from pushward.eventlog.event import Actor, ActorKind
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.module import LOG_MODULE
from pushward.eventlog.postgres import PostgresLogReader
from pushward.rpc.channel import open_inprocess
from pushward.rpc.context import request_context
from pushward.rpc.inprocess import InProcessServer
from services.relay.adapters.events import PostgresAccountEvents
from services.relay.adapters.log import MODULE, ROLE
from services.relay.app.servicer import TenantEvents
from services.relay.app.waiting import Waiting
from tests.support.databases import Databases
from tests.support.probe.counter import PROBE_MODULE, counting, open_probe_log, origin, stream

MINE = "AC" + "1" * 32
THEIRS = "AC" + "2" * 32
SHARD = 1


def account(sid: str = MINE) -> Principal:
    """An account's backend."""
    return Principal(account=AccountPrincipal(account_sid=sid, credential_sid=sid))


@dataclass
class World:
    """A log, and what reads it."""

    log: GroupCommitLog
    heads: HeadWatch
    database: Database

    async def happen(self, *owners: str, step: str = "one") -> None:
        """An event of each owner's, in this order."""
        for owner in owners:
            # As an account's own acts are: its SID stands in the envelope twice, a foreign actor's once.
            of = replace(origin(), account_sid=owner, actor=Actor(ActorKind.ACCOUNT, MINE))
            await self.log.append(counting(stream(SHARD), 0, of=of, step=step))

    @asynccontextmanager
    async def serving(self, waiting: Waiting | None = None) -> AsyncIterator[RelayStub]:
        """The service: a stub to it."""
        server = InProcessServer()
        servicer = TenantEvents(PostgresAccountEvents(self.database), self.heads.tail, waiting or Waiting(self.heads))
        add_RelayServicer_to_server(servicer, cast(aio.Server, server))
        channel = open_inprocess(server)
        yield RelayStub(channel)
        await channel.close()
        await server.stop(0)


def asking(
    after: int = 0, *, limit: int = 0, wait: int = 0, shard: int = SHARD, of: Principal | None = None
) -> relay_pb2.ListEventsRequest:
    """A request of an account's."""
    return relay_pb2.ListEventsRequest(
        context=request_context(of or account(), uuid4(), uuid4()),
        shard=shard,
        after=after,
        limit=limit,
        wait_seconds=wait,
    )


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    """An empty log of four shards."""
    url = await databases.make([LOG_MODULE, PROBE_MODULE, MODULE])
    database = Database(url, ROLE, "test", size_max=4)
    heads = HeadWatch(PostgresLogReader(database))
    await heads.start()
    log = open_probe_log(url, on_commit=heads.committed)
    yield World(log, heads, database)
    await log.close()
    await heads.stop()
    await database.close()
