"""A test's child process ends in any case, and one that hangs shows where."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import child
from tests.support.child import Child
from tests.support.waiting import eventually

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "END_SECONDS_MAX", 0.5)
    monkeypatch.setattr(child, "ABORT_SECONDS_MAX", 0.5)


async def deaf(tmp_path: Path) -> Child:
    """One that takes no notice of SIGTERM."""
    started = Child([sys.executable, "-c", DEAF], dict(os.environ), tmp_path / "log")
    started.start()

    async def said() -> str:
        return started.tail().strip()

    await eventually(said, "deaf")
    return started


async def test_one_that_hangs_shows_its_stacks(tmp_path: Path) -> None:
    """And has ended."""
    hanging = await deaf(tmp_path)
    hanging.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        hanging.wait()
    assert not hanging.running
    assert "most recent call first" in hanging.tail()


async def test_one_that_was_stopped_is_killed(tmp_path: Path) -> None:
    """It takes no signal but that one."""
    stopped = await deaf(tmp_path)
    os.kill(stopped.pid, signal.SIGSTOP)
    stopped.end()
    assert not stopped.running
