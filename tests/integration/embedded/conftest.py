"""A place for data directories that PostgreSQL's user can get to, also when root runs the tests."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory that everybody may traverse; pytest's own are for the one who runs it only."""
    with tempfile.TemporaryDirectory(prefix="pushward-test-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)
