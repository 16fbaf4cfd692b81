"""Signals and the supervisor's pipe."""

import os
import signal

from pushward.cli.stopping import stopping


async def test_the_first_signal_asks_and_the_second_hurries() -> None:
    """SIGTERM and SIGINT alike."""
    with stopping() as wish:
        os.kill(os.getpid(), signal.SIGTERM)
        await wish.asked.wait()
        assert not wish.hurried.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        await wish.hurried.wait()


async def test_the_end_of_the_pipe_asks() -> None:
    """Whoever holds its other end was killed."""
    life, alive = os.pipe()
    with stopping(life) as wish:
        os.write(alive, b"x")
        os.close(alive)
        await wish.asked.wait()
    os.close(life)
