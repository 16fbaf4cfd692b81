"""When a burst of challenges is suspected to be push bombing."""

import pytest

from services.insights.domain.bombing import BURST_CHALLENGES, BURST_SECONDS
from services.insights.domain.counting import NEW, count_for_factor
from services.insights.domain.happening import Happening
from services.insights.domain.windows import WINDOW_SECONDS
from tests.unit.insights.given import NEXT, START, approved, created, denied


def suspected(*events: Happening) -> dict[int, int]:
    """How often each window was suspicious."""
    count = NEW
    for event in events:
        count = count_for_factor(count, event)
    return {start: window.figures.suspected_push_bombing for start, window in count.windows.items()}


def burst(seconds: float, *, first: int = 1, begin: float = 0, pushed: bool = True) -> list[Happening]:
    """As many challenges as are one too many, over so many seconds."""
    step = seconds / (BURST_CHALLENGES - 1)
    return [created(first + number, begin + number * step, pushed=pushed) for number in range(BURST_CHALLENGES)]


def test_many_challenges_in_a_short_time_are_suspicious() -> None:
    """The last of them makes it so."""
    assert suspected(*burst(BURST_SECONDS - 1)[:-1]) == {START: 0}
    assert suspected(*burst(BURST_SECONDS - 1)) == {START: 1}


def test_the_same_number_over_a_longer_time_is_not() -> None:
    """Somebody who logs in often."""
    assert suspected(*burst(BURST_SECONDS)) == {START: 0}


def test_an_approval_calms_a_denial_does_not() -> None:
    """Who denies again and again is being bombed."""
    *before, last = burst(60)
    assert suspected(*before, approved(50, 61), created(51, 62)) == {START: 0}
    assert suspected(*before, denied(50, 61), created(51, 62)) == {START: 1}
    assert suspected(*before, last, approved(50, 61)) == {START: 1}


def test_a_window_is_suspicious_once() -> None:
    """However long it goes on; and the next window again."""
    endless = [created(1 + number, number * 10) for number in range(60)]
    assert suspected(*endless) == {START: 1, NEXT: 1}


def test_a_burst_across_two_windows_counts_where_it_became_one() -> None:
    """The rule knows no windows."""
    assert suspected(*burst(60, begin=WINDOW_SECONDS - 30)) == {START: 0, NEXT: 1}


@pytest.mark.parametrize("pushed", [True, False])
def test_only_what_rings_a_phone_is_a_push(pushed: bool) -> None:
    """Codes that a user types in bomb nobody."""
    assert suspected(*burst(60, pushed=pushed)) == {START: int(pushed)}
