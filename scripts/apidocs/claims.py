"""Which tests claim which operations and codes: a pytest plugin that writes what it collects, and who runs it.

`pytest --collect-only -p scripts.apidocs.claims --claims-file FILE`: FILE gets {marker: [[claim, test id], …]} as JSON.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.sightings import EXERCISES, PROVOKES, claimed

MARKERS: Final = (EXERCISES, PROVOKES)
TESTS: Final = Path("tests")
PLUGIN: Final = "tests.support.sightings"
OPTION: Final = "--claims-file"

Claims = dict[Any, list[str]]
"""Test ids by what they claim. Any: operations' names or codes."""


class CollectionError(Exception):
    """The tests could not be collected."""


def claims() -> dict[str, Claims]:
    """By marker. Raises CollectionError."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "claims.json"
        # The plugin of the markers comes first: pytest rewrites what it loads as a plugin, before anybody imports it.
        plugins = [part for name in ("no:cacheprovider", PLUGIN, __name__) for part in ("-p", name)]
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *plugins, OPTION, str(file)]
        collecting = subprocess.run([*command, *_marked_files()], capture_output=True, text=True)
        if collecting.returncode:
            raise CollectionError(collecting.stdout + collecting.stderr)
        told: dict[str, list[tuple[Any, str]]] = json.loads(file.read_text("utf-8"))  # Any: as in Claims
    found: dict[str, Claims] = {marker: {} for marker in MARKERS}
    for marker, pairs in told.items():
        for claim, test in pairs:
            found[marker].setdefault(claim, []).append(test)
    return found


def _marked_files() -> Sequence[str]:
    """Each file in which there is a marker: the others cost time."""
    return [
        str(path)
        for path in sorted(TESTS.rglob("test_*.py"))
        if any(f"mark.{marker}(" in path.read_text("utf-8") for marker in MARKERS)
    ]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where to write."""
    parser.addoption(OPTION, type=Path)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Writes each claim once, whatever parameters the test has."""
    file: Path = session.config.getoption(OPTION)
    told = {
        marker: sorted(
            {(claim, item.nodeid.partition("[")[0]) for item in session.items for claim in claimed(item, marker)}
        )
        for marker in MARKERS
    }
    file.write_text(json.dumps(told), "utf-8")
