"""A world whose log is followed."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.eventlog.following import World
from tests.support.databases import Databases


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    """A fresh database with a log, and a subscriber that notes every event."""
    async with World.made(databases) as world:
        yield world
