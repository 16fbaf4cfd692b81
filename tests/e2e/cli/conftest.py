"""A development server that tests share, and the commands beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.e2e.cli.development import Development
from tests.support.installation import pushward

Run = Callable[..., CompletedProcess[str]]
"""Runs `pushward …` beside the shared server: `run("events", "tail", succeeds=True)`."""


@pytest.fixture(scope="package")
def development() -> Iterator[Development]:
    """Serves; none of its tests may harm it."""
    with Development.made() as development:
        development.start()
        yield development


@pytest.fixture
def run(development: Development) -> Run:
    """Commands in the development server's environment."""

    def run(*words: str, succeeds: bool = True) -> CompletedProcess[str]:
        return pushward(development.environment, *words, succeeds=succeeds)

    return run


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A simulated device's key store, as its option."""
    return f"--store={tmp_path / 'device.json'}"
