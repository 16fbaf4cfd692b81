"""A process that serves ends, whatever a library left running in it."""

import asyncio
import subprocess
import sys
from typing import Final

import pytest

from pushward.cli.runner import LEFTOVERS_SECONDS_MAX, serving_runner

END_SECONDS_MAX: Final = 30.0

STUBBORN: Final = """
import asyncio

from pushward.cli.runner import serving_runner


async def stubborn() -> None:
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass


async def serve() -> None:
    asyncio.create_task(stubborn(), name="of-a-library")
    await asyncio.sleep(0)


with serving_runner() as runner:
    runner.run(serve())
print("served")
"""


def test_a_task_that_does_not_end_keeps_no_process() -> None:
    """It is told, and left behind; what comes after serving is done."""
    done = subprocess.run(
        [sys.executable, "-c", STUBBORN],
        capture_output=True,
        text=True,
        timeout=LEFTOVERS_SECONDS_MAX + END_SECONDS_MAX,
    )
    assert done.returncode == 0, done.stderr
    assert "tasks_left_behind" in done.stdout
    assert "of-a-library" in done.stdout
    assert done.stdout.endswith("served\n")


def test_what_ends_when_it_is_cancelled_has_cleaned_up() -> None:
    """And the loop is closed."""
    cleaned = []

    async def orderly() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            cleaned.append("orderly")

    async def serve() -> asyncio.Task[None]:
        task = asyncio.create_task(orderly())
        await asyncio.sleep(0)
        return task

    with serving_runner() as runner:
        task = runner.run(serve())
    assert cleaned == ["orderly"]
    assert task.cancelled()
    with pytest.raises(RuntimeError, match="closed"):
        runner.get_loop()


def test_an_error_of_serving_is_raised() -> None:
    """As it was."""

    async def fail() -> None:
        raise LookupError("as it was")

    with pytest.raises(LookupError, match="as it was"), serving_runner() as runner:
        runner.run(fail())
