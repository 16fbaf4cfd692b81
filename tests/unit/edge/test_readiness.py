"""Readiness is found out at most once a second, and shared."""

import asyncio

import pytest

from services.edge.app.readiness import FRESH_SECONDS, NotReady, Readiness

AWAY = NotReady("registry", "no answer")


class Checked:
    """Something whose check is counted, and lasts as long as a test wants."""

    def __init__(self) -> None:
        self.found: NotReady | Exception | None = AWAY
        self.asked = 0
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> NotReady | None:
        self.asked += 1
        self.begun.set()
        await self.may_end.wait()
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


class Watch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_an_answer_is_given_again_for_a_second() -> None:
    """And no longer: then it is found out anew."""
    checked, watch = Checked(), Watch()
    readiness = Readiness(checked, monotonic=watch)
    assert await readiness() == AWAY
    checked.found = None
    watch.seconds = FRESH_SECONDS - 0.001
    assert await readiness() == AWAY
    assert checked.asked == 1
    watch.seconds = FRESH_SECONDS
    assert await readiness() is None
    assert checked.asked == 2


async def test_the_second_begins_when_the_answer_is_known() -> None:
    """A check that takes long isn't made again at once."""
    checked, watch = Checked(), Watch()
    readiness = Readiness(checked, monotonic=watch)
    checked.may_end.clear()
    asking = asyncio.create_task(readiness())
    await checked.begun.wait()
    watch.seconds = 5 * FRESH_SECONDS
    checked.may_end.set()
    await asking
    await readiness()
    assert checked.asked == 1


async def test_one_who_leaves_does_not_take_the_answer_from_the_others() -> None:
    """A check under way belongs to all who wait for it."""
    checked = Checked()
    readiness = Readiness(checked)
    checked.may_end.clear()
    leaving, staying = asyncio.create_task(readiness()), asyncio.create_task(readiness())
    await checked.begun.wait()
    leaving.cancel()
    await asyncio.wait([leaving])
    checked.may_end.set()
    assert await staying == AWAY
    assert checked.asked == 1


async def test_a_check_that_fails_fails_for_all_and_is_not_repeated_at_once() -> None:
    """A defect isn't hidden, nor a way to make us work."""
    checked = Checked()
    checked.found = RuntimeError("a defect")
    readiness = Readiness(checked)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="a defect"):
            await readiness()
    assert checked.asked == 1


async def test_stopping_gives_up_a_check_that_is_under_way() -> None:
    """What it asks is about to be closed."""
    checked = Checked()
    readiness = Readiness(checked)
    checked.may_end.clear()
    asking = asyncio.create_task(readiness())
    await checked.begun.wait()
    await readiness.stop()
    await asyncio.wait([asking])
    assert asking.cancelled()
