"""Whoever follows a quickstart gets what it says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cli.samples_run import Run
from tests.e2e.quickstarts.reader import Reader
from tests.support.child import ROOT
from tests.support.quickstart import blocks_of, is_printed

PAGES = ROOT / "docs" / "quickstarts"
FOLLOWED = {"python-device": 7, "silent-approval": 7, "totp": 8}
"""How many blocks of each page are followed: a mark that is misspelt would leave one out."""

Urls = tuple[str, str]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Run, Urls]]:
    """What `make run` serves, and where."""
    with Run.made() as run:
        yield run, run.start()


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_page_holds(running: tuple[Run, Urls], tmp_path: Path, name: str) -> None:
    """From its first command to its last line of output."""
    run, urls = running
    with Reader(PAGES / f"{name}.md", tmp_path, run.var, urls) as reader:
        assert reader.follow() == FOLLOWED[name]


def test_every_page_is_in_the_index() -> None:
    """And leads nowhere that isn't there."""
    index = (PAGES / "README.md").read_text()
    for page in PAGES.glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index


def test_blocks_are_read_with_their_marks(tmp_path: Path) -> None:
    """A language, marks, text, and the line where it begins."""
    page = tmp_path / "page.md"
    page.write_text("Say:\n\n```bash run types=y\necho hi\n```\n\n```text prints\nhi\n```\n")
    command, printed = blocks_of(page)
    assert (command.language, command.marks, command.text, command.line) == (
        "bash",
        frozenset({"run", "types=y"}),
        "echo hi\n",
        4,
    )
    assert (command.value("types"), printed.value("types")) == ("y", None)


@pytest.mark.parametrize(
    ("expected", "printed", "holds"),
    [("a", "a\n", True), ("a", "b", False), ("a…c", "abc", True), ("a.c", "abc", False), ("a\nb", "a\nb\n", True)],
)
def test_what_is_printed_is_compared(expected: str, printed: str, holds: bool) -> None:
    """To the letter, but for what … stands for."""
    assert is_printed(expected, printed) is holds
