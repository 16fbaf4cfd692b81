"""A page of docs/quickstarts as a reader follows it: what to save, what to run, what must be printed.

Marks stand behind a block's language:

    file=NAME              saved as that file
    run                    run: a command, or the next part of the page's Python program
    run background         a command in a terminal of its own, which goes on; with types=TEXT its prompt is answered
    prints                 what the block before it prints; … stands for any text

A page's Python parts are one program, so that names last from one part to the next.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FENCE: Final = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; ``line`` is where its text begins on the page."""

    language: str
    marks: frozenset[str]
    text: str
    line: int

    def value(self, mark: str) -> str | None:
        """What a mark of the form ``mark=value`` says."""
        return next((one.partition("=")[2] for one in self.marks if one.startswith(f"{mark}=")), None)


def blocks_of(page: Path) -> Iterator[Block]:
    """The page's blocks in order."""
    text = page.read_text("utf-8")
    for fence in _FENCE.finditer(text):
        language, marks, content = fence.groups()
        yield Block(language, frozenset(marks.split()), content, text.count("\n", 0, fence.start(3)) + 1)


def is_printed(expected: str, printed: str) -> bool:
    """Whether this is what the page says, … being any text."""
    parts = map(re.escape, expected.strip().split("…"))
    return re.fullmatch(".*?".join(parts), printed.strip(), re.DOTALL) is not None
