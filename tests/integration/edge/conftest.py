"""An edge between scripted services, as an application and as a server."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.edge.wiring import Edge
from tests.integration.edge.world import World, client_of


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """The services around the edge."""
    world = World()
    yield world
    await world.close()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A tenant's client of the application."""
    async with client_of(world.edge()) as client:
        yield client


@pytest.fixture
async def edge(world: World) -> AsyncIterator[Edge]:
    """The edge as a server on a loopback port."""
    edge = world.edge(serving=True)
    await edge.start()
    yield edge
    await edge.stop()
