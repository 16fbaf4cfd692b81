"""Figures of a run, told at the end of the session whatever comes of it: seeds, counts, times."""

from typing import Final

import pytest

LINES: Final = pytest.StashKey[list[str]]()


class Figures:
    """What tests have to tell."""

    def __init__(self, config: pytest.Config) -> None:
        self._lines = config.stash.setdefault(LINES, [])

    def tell(self, line: str) -> None:
        """Shows a line in the session's summary."""
        self._lines.append(line)


def show(terminal: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Writes what was told, if anything was."""
    if lines := config.stash.get(LINES, []):
        terminal.section("figures")
        for line in lines:
            terminal.line(line)
