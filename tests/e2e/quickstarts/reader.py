"""Somebody who follows a page to the letter, in a directory with what the repository's root has."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.support.child import ROOT
from tests.support.installation import NOT_INHERITED
from tests.support.quickstart import Block, blocks_of, is_printed

STEP_SECONDS_MAX: Final = 60.0
END_OF_PART: Final = "\x1e"
PROGRAM: Final = f"""
import json, sys
names = {{"__name__": "__main__"}}
for line in sys.stdin:
    part = json.loads(line)
    exec(compile("\\n" * (part["line"] - 1) + part["text"], part["page"], "exec"), names)
    print({END_OF_PART!r}, flush=True)
"""
"""Runs the parts of a page as one program; its tracebacks name the page's own lines."""


class Reader:
    """Use it as a context manager: what goes on in the background ends with the block."""

    def __init__(self, page: Path, directory: Path, var: Path, elsewhere: Mapping[str, str]) -> None:
        """``elsewhere`` says what is here for what the page says: the systems of tests have other ports."""
        self._page = page
        self._directory = directory
        self._elsewhere = elsewhere
        self._program: subprocess.Popen[str] | None = None
        self._background: list[subprocess.Popen[bytes]] = []
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        self._environment = {**inherited, "HOME": str(directory)}
        self._printed: str | None = None
        for name, place in {".venv": Path(sys.prefix), "clients": ROOT / "clients", "var": var}.items():
            (directory / name).symlink_to(place)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._program is not None:
            self._program.communicate(timeout=STEP_SECONDS_MAX)
        for terminal in self._background:
            os.killpg(terminal.pid, signal.SIGKILL)
            terminal.communicate()

    def follow(self) -> int:
        """Does what the page says; how many blocks that were. Fails with the line that doesn't hold."""
        followed = [block for block in blocks_of(self._page) if self._follow(block)]
        return len(followed)

    def _follow(self, block: Block) -> bool:
        if (name := block.value("file")) is not None:
            file = self._directory / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self._here(block.text))
        elif "prints" in block.marks:
            assert self._printed is not None, f"{self._place(block)}: nothing ran before"
            assert is_printed(block.text, self._printed), f"{self._place(block)}: it printed\n{self._printed}"
        elif "background" in block.marks:
            self._start(block)
        elif "run" in block.marks and block.language == "python":
            self._printed = self._part(block)
        elif "run" in block.marks:
            self._printed = self._command(block)
        else:
            return False
        return True

    def _start(self, block: Block) -> None:
        terminal = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", self._here(block.text)],
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._background.append(terminal)
        assert terminal.stdin is not None
        terminal.stdin.write(f"{block.value('types') or ''}\n".encode())
        terminal.stdin.flush()

    def _command(self, block: Block) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self._here(block.text)],
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, f"{self._place(block)}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _part(self, block: Block) -> str:
        if self._program is None:
            self._program = subprocess.Popen(
                [str(self._directory / ".venv/bin/python"), "-c", PROGRAM],
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        part: Mapping[str, object] = {"text": self._here(block.text), "line": block.line, "page": str(self._page)}
        self._program.stdin.write(json.dumps(part) + "\n")
        self._program.stdin.flush()
        printed = ""
        for line in self._program.stdout:
            if line.rstrip("\n") == END_OF_PART:
                return printed
            printed += line
        raise AssertionError(f"{self._place(block)}: it failed\n{printed}")

    def _here(self, text: str) -> str:
        for shown, real in self._elsewhere.items():
            text = text.replace(shown, real)
        return text

    def _place(self, block: Block) -> str:
        return f"{self._page.relative_to(ROOT)}:{block.line}"
