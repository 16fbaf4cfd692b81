"""Fixtures that every kind of test may use: one PostgreSQL a session, a database of its own for each test."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from deploy.embedded.postgres import EmbeddedPostgres
from tests.support.databases import Databases

# How long an example takes says more of the machine's other work than of the code; pytest-timeout bounds a test.
settings.register_profile("pushward", deadline=None)
settings.load_profile("pushward")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL, started for this session and ended with it."""
    with EmbeddedPostgres.ephemeral(fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres) -> Databases:
    """Makes migrated databases on the session's server."""
    return Databases(postgres)
