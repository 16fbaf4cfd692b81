"""What a test really saw of the interface, and what its markers claim that it sees.

    @pytest.mark.exercises("GET /v2/Services")    it has a success of these operations
    @pytest.mark.provokes(60311, 60324)           it is refused with these codes, over HTTP or by an error
    @pytest.mark.provokes(of="code")              … with the one that is this parameter of the test, or the last in it

A claim that isn't met fails the test, and so does an answer that isn't as the interface is told (`conformity`), also
when the test itself didn't look at it. So docs/api/conformance.md can be made from the markers, without a run.
"""

import contextlib
from collections.abc import Generator, Iterator
from typing import Any, Final

import pytest

from pushward.errors import PushwardError

EXERCISES: Final = "exercises"
PROVOKES: Final = "provokes"


class Sightings:
    """Of one test at a time."""

    def __init__(self) -> None:
        self.operations = set[str]()  # that succeeded
        self.codes = set[int]()
        self.faults: list[str] = []

    def clear(self) -> None:
        """Nothing was seen yet."""
        self.operations.clear()
        self.codes.clear()
        self.faults.clear()

    def lacking(self, item: pytest.Item) -> list[str]:
        """What is wrong with the test's claims, and with the answers that it got."""
        unmet = [
            *(f"{operation} had no success" for operation in claimed(item, EXERCISES) - self.operations),
            *(f"{code} was not provoked" for code in claimed(item, PROVOKES) - self.codes),
        ]
        return [*self.faults, *map(str, sorted(unmet))]


SIGHTINGS: Final = Sightings()
"""Of the test that runs."""


def claimed(item: pytest.Item, marker: str) -> set[Any]:  # Any: operations' names or codes
    """What a test's markers of this name say, on it, its class and its module."""
    claims = {claim for mark in item.iter_markers(marker) for claim in mark.args}
    for mark in item.iter_markers(marker):
        if "of" in mark.kwargs:
            assert isinstance(item, pytest.Function)
            value = item.callspec.params[mark.kwargs["of"]]
            claims.add(value[-1] if isinstance(value, tuple) else value)
    return claims


def pytest_configure(config: pytest.Config) -> None:
    """The markers."""
    config.addinivalue_line("markers", f"{EXERCISES}(*operations): has a success of these, e.g. 'GET /v2/Services'")
    config.addinivalue_line("markers", f"{PROVOKES}(*codes): is refused with these")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fails a test whose claims weren't met, or that got an answer that isn't told."""
    SIGHTINGS.clear()
    with _raised_errors_seen():
        yield
    lacking = SIGHTINGS.lacking(item)
    if lacking:
        pytest.fail("\n".join(lacking), pytrace=False)


@contextlib.contextmanager
def _raised_errors_seen() -> Iterator[None]:
    """Takes each error that is made in this process as a sighting of its code."""
    made = PushwardError.__init__

    def seen(error: PushwardError, *arguments: Any, **keywords: Any) -> None:  # Any: passed on as they are
        made(error, *arguments, **keywords)
        SIGHTINGS.codes.add(error.code)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PushwardError, "__init__", seen)
        yield
