"""One input: taken, or refused as documented, within a bounded time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=Exception)

CPU_SECONDS_MAX = 0.5
"""In CPU time, since a busy machine says nothing about a parser: hundreds of times what the longest input takes that is
let in, far less than what a quadratic parser would."""


def attempt(work: Callable[[], T], refusal: type[E]) -> T | E:
    """What ``work`` returns, or the documented error that it raises; anything else goes through."""
    with bounded_cpu():
        try:
            return work()
        except refusal as error:
            return error


@contextmanager
def bounded_cpu() -> Iterator[None]:
    """Fails if the block takes more than its time."""
    begun = time.process_time()
    yield
    taken = time.process_time() - begun
    assert taken < CPU_SECONDS_MAX, f"took {taken:.2f} s of CPU"
