"""A system of the fuzzing's own, and the seed of this run."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.e2e.fuzz.world import World
from tests.e2e.stock.backend import Backend
from tests.support.figures import Figures
from tests.support.installation import Installation
from tests.support.system import Shape, System, running


@pytest.fixture(scope="package")
def fuzzed(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A running system that no other test looks at afterwards."""
    with running(Shape.ONE, installation.copy(), tmp_path_factory.mktemp("fuzzed")) as system:
        yield system


@pytest.fixture(scope="package")
def world(fuzzed: System, installation: Installation) -> Iterator[World]:
    """One of everything, for the account of the callers."""
    with Backend.of(fuzzed.base_url, installation.account) as backend:
        yield World.made(backend)


@pytest.fixture(scope="package")
def seed(figures: Figures) -> int:
    """Of all that is random here."""
    chosen = int(os.environ.get("PUSHWARD_FUZZ_SEED") or random.SystemRandom().randrange(10**9))
    figures.tell(f"fuzzing: PUSHWARD_FUZZ_SEED={chosen}")
    return chosen
