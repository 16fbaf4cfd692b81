"""Fixtures that every kind of test may use: a PostgreSQL and a Kafka for the session, a database for each test."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import settings

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from tests.support import figures as told_figures
from tests.support.databases import Databases, Templates
from tests.support.figures import Figures
from tests.support.kafka import delete_topics
from tests.support.memory_disk import memory_directory

pytest_plugins = ["tests.support.sightings"]

# Databases, brokers and all that tests write: what a loaded machine's disk makes of it would be most of their time.
tempfile.tempdir = memory_directory()

EXAMPLES_VARIABLE = "PUSHWARD_FUZZ_EXAMPLES"
"""How many examples each property gets: more in `make fuzz`."""

# How long an example takes says more of the machine's other work than of the code; pytest-timeout bounds a test.
settings.register_profile(
    "pushward", deadline=None, print_blob=True, max_examples=int(os.environ.get(EXAMPLES_VARIABLE) or 100)
)
settings.load_profile("pushward")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Shows the figures that tests told."""
    told_figures.show(terminalreporter, config)


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Figures:
    """Takes what a test has to tell beyond passed or failed."""
    return Figures(pytestconfig)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL, started for this session and ended with it."""
    with EmbeddedPostgres.ephemeral(fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
def templates(postgres: EmbeddedPostgres) -> Templates:
    """Migrated databases to copy, on the session's server."""
    return Templates(postgres)


@pytest.fixture
async def databases(templates: Templates) -> AsyncIterator[Databases]:
    """Makes migrated databases, for the test."""
    databases = Databases(templates)
    yield databases
    await databases.drop()


@pytest.fixture(scope="session")
def kafka() -> Iterator[EmbeddedKafka]:
    """A real Kafka, started for this session and ended with it. No test may harm it."""
    with EmbeddedKafka.ephemeral() as broker:
        yield broker


@pytest.fixture
async def clean_kafka(kafka: EmbeddedKafka) -> EmbeddedKafka:
    """The session's Kafka, without any topic."""
    await delete_topics(kafka.bootstrap)
    return kafka
