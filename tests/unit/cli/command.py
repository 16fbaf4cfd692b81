"""Runs a command in this process, as the console script would."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from pushward.cli import main


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command has come to."""

    exit_code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Ran:
    """The command's exit code and what it printed."""
    exit_code = _exit_code(words)
    captured = capsys.readouterr()
    return Ran(exit_code, captured.out, captured.err)


def _exit_code(words: Sequence[str]) -> int:
    with pytest.raises(SystemExit) as exited:
        main(words)
    code = exited.value.code
    return code if isinstance(code, int) else int(code is not None)
