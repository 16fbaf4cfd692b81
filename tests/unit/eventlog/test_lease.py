"""The trust window of a lease: counted from before it was asked for, by our own clock."""

import pytest

from pushward.eventlog.subscription.errors import LeaseLostError
from pushward.eventlog.subscription.lease import Lease, seconds_awake_or_not

TRUST_SECONDS = 5.0


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_nothing_is_trusted_before_it_was_granted() -> None:
    """A process begins with nothing."""
    with pytest.raises(LeaseLostError):
        Lease(TRUST_SECONDS, Clock()).check()


def test_an_answer_that_took_long_leaves_less() -> None:
    """The database may have granted it when the question arrived: the rest of the way is ours to lose."""
    clock = Clock()
    lease = Lease(TRUST_SECONDS, clock)
    asked_at = lease.now()
    clock.seconds += 4
    lease.granted(asked_at)
    assert lease.left_seconds == 1
    lease.check()
    clock.seconds += 1
    with pytest.raises(LeaseLostError):
        lease.check()


def test_a_renewal_extends_it() -> None:
    """From the moment before it was asked for again."""
    clock = Clock()
    lease = Lease(TRUST_SECONDS, clock)
    for _ in range(10):
        lease.granted(lease.now())
        clock.seconds += TRUST_SECONDS - 1
        lease.check()


def test_the_clock_never_runs_backwards() -> None:
    """It is the system's, with the time asleep where there is such a clock."""
    assert seconds_awake_or_not() <= seconds_awake_or_not()
