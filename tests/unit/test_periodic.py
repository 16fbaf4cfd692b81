"""Background work goes on, whatever a turn comes to, and ends after the turn under way."""

import asyncio

from pushward.errors import UnavailableError
from pushward.periodic import Periodic


async def test_a_turn_that_fails_does_not_end_the_work() -> None:
    """Neither an absent database nor a defect: the next turn may do."""
    outcomes: list[Exception | bool] = [
        UnavailableError("away"),
        RuntimeError("as the test wants"),
        True,
        False,
    ]
    done = asyncio.Event()

    async def turn() -> bool:
        if not outcomes:
            done.set()
            return False
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    work = Periodic("test", turn, pause_seconds=0.001)
    await work.start()
    await done.wait()
    await work.stop()


async def test_more_to_do_is_done_without_a_pause() -> None:
    """The pause would outlast the test."""
    turns = 0
    tired = asyncio.Event()

    async def turn() -> bool:
        nonlocal turns
        turns += 1
        if turns == 5:
            tired.set()
        return turns < 5

    work = Periodic("test", turn, pause_seconds=3600)
    await work.start()
    await tired.wait()
    await work.stop()
    assert turns == 5


async def test_stopping_finishes_the_turn_under_way() -> None:
    """It is not cancelled in the middle."""
    begun, go_on = asyncio.Event(), asyncio.Event()
    finished = False

    async def turn() -> bool:
        nonlocal finished
        begun.set()
        await go_on.wait()
        finished = True
        return False

    work = Periodic("test", turn, pause_seconds=3600)
    await work.start()
    await begun.wait()
    stopping = asyncio.create_task(work.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    go_on.set()
    await stopping
    assert finished
