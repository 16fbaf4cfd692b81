"""A real edge and the relay's answers to tenants, over a test's log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from grpc import aio

from pushward.api.common.v1.common_pb2 import AccountPrincipal, Principal
from pushward.api.relay.v1.relay_pb2_grpc import add_RelayServicer_to_server
from pushward.subscribe.edge import EdgeSource
from services.relay.adapters.events import PostgresAccountEvents
from services.relay.app.servicer import TenantEvents
from services.relay.app.waiting import Waiting
from tests.integration.edge.world import World
from tests.support import plain_http
from tests.support.subscribing import ACCOUNT, Written


@dataclass(frozen=True, slots=True)
class Served:
    """An account's source, and the services around the edge that it asks."""

    source: EdgeSource
    world: World


@asynccontextmanager
async def serving(log: Written) -> AsyncIterator[Served]:
    """The events of ACCOUNT over HTTP."""
    world = World()
    world.authenticated_as(Principal(account=AccountPrincipal(account_sid=ACCOUNT, credential_sid=ACCOUNT)))
    servicer = TenantEvents(PostgresAccountEvents(log.database), log.heads.tail, Waiting(log.heads))
    add_RelayServicer_to_server(servicer, cast(aio.Server, world.relay.server))
    edge = world.edge(serving=True)
    await edge.start()
    try:
        async with plain_http.client("") as client:
            url = f"http://127.0.0.1:{edge.http_port}"
            async with EdgeSource(url, ACCOUNT, "auth-token", client=client) as source:
                yield Served(source, world)
    finally:
        await edge.stop()
        await world.close()
