"""A key's value: what an event makes of it, once."""

import itertools
import random

import pytest

from pushward import ids
from services.insights.domain.counting import (
    NEW,
    WINDOWS_KEPT,
    Count,
    count_for_factor,
    count_for_service,
    made_suspicious,
)
from services.insights.domain.figures import Figures, total
from services.insights.domain.happening import Happening, Kind
from services.insights.domain.windows import (
    LATE_SECONDS_MAX,
    WINDOW_SECONDS,
    ceiling,
    closed_before,
    floor,
    is_closed,
    window_of,
)
from tests.unit.insights.given import NEXT, SERVICE, START, approved, created, denied, happening


def counted(*events: Happening) -> Count:
    """A factor's value after these."""
    count = NEW
    for event in events:
        count = count_for_factor(count, event)
    return count


def test_each_kind_is_counted_in_the_window_of_its_event() -> None:
    """Created here, answered there."""
    count = counted(
        created(1, 0),
        created(2, 299),
        denied(3, 299.999, answer_ms=500),
        happening(Kind.EXPIRED, 4, 300),
        approved(5, 301, answer_ms=2_000),
        approved(6, 302, answer_ms=4_000),
    )
    assert count.windows[START].figures == Figures(
        created=2, denied=1, answered=1, time_to_answer_ms_sum=500, time_to_answer_ms_max=500
    )
    assert count.windows[NEXT].figures == Figures(
        approved=2, expired=1, answered=2, time_to_answer_ms_sum=6_000, time_to_answer_ms_max=4_000
    )
    assert (count.position, count.windows[START].position, count.windows[NEXT].position) == (6, 3, 6)


def test_an_event_counts_once_however_often_it_comes() -> None:
    """At least once is enough: the value knows how far it is."""
    events = [created(1), created(2), approved(3), created(7), denied(9)]
    once = counted(*events)
    rng = random.Random(4)
    for _ in range(50):
        start = rng.randrange(len(events))
        again = itertools.chain(events, *(events[rng.randrange(start + 1) :] for _ in range(3)))
        assert counted(*again) == once


def test_an_answer_before_its_question_took_no_time() -> None:
    """A clock set back makes no negative time."""
    assert counted(approved(1, 0, answer_ms=-5)).windows[START].figures.time_to_answer_ms_sum == 0


def test_a_value_keeps_few_windows_and_leaves_older_ones_to_the_recount() -> None:
    """It doesn't begin a window anew that it had dropped; it goes on behind it."""
    days = [created(number, number * WINDOW_SECONDS) for number in range(1, WINDOWS_KEPT + 3)]
    count = counted(*days)
    assert len(count.windows) == WINDOWS_KEPT
    late = count_for_factor(count, created(99, WINDOW_SECONDS))
    assert (late.windows, late.position) == (count.windows, 99)


def test_a_service_takes_what_its_factors_value_says_was_suspicious() -> None:
    """Also when it sees the event later than the factor's value did."""
    burst = [created(position, position) for position in range(1, 8)]
    factor = counted(*burst)
    service = NEW
    for event in burst:
        service = count_for_service(service, event, suspicious=made_suspicious(factor, event))
    assert service.windows[START].figures == factor.windows[START].figures
    assert service.windows[START].figures.suspected_push_bombing == 1
    assert count_for_service(service, burst[-1], suspicious=True) == service
    assert service.service_sid == SERVICE


def test_figures_of_several_shards_are_merged() -> None:
    """Sums, and the longest time."""
    parts = [
        Figures(created=1, answered=2, time_to_answer_ms_sum=5, time_to_answer_ms_max=4),
        Figures(created=2, answered=1, time_to_answer_ms_sum=9, time_to_answer_ms_max=9, suspected_push_bombing=1),
    ]
    assert total(parts) == Figures(
        created=3, answered=3, time_to_answer_ms_sum=14, time_to_answer_ms_max=9, suspected_push_bombing=1
    )


def test_windows_are_aligned_to_the_epoch() -> None:
    """A window is named by its first second."""
    assert [window_of(ms) for ms in (START * 1000, START * 1000 + 299_999, START * 1000 + 300_000)] == [
        START,
        START,
        NEXT,
    ]
    assert [floor(START + 1), ceiling(START + 1), ceiling(START)] == [START, NEXT, START]


@pytest.mark.parametrize("late", [-1, 0, 1, WINDOW_SECONDS])
def test_a_window_is_closed_when_nothing_can_come_late(late: int) -> None:
    """Its end, and the longest that an append takes."""
    now = NEXT + LATE_SECONDS_MAX + late
    assert is_closed(START, now) == (late >= 0)
    assert (closed_before(now) > START) == is_closed(START, now)


def test_a_sid_says_when_its_challenge_was_created() -> None:
    """To the millisecond: so an answer says how long it took, without the question at hand."""
    for at_ms in (0, 1, 4_095, 4_096, START * 1000 + 123, (1 << 44) - 1):
        assert ids.milliseconds_of_sid(ids.new_sid(ids.CHALLENGE, 65_535, at_ms, (1 << ids.RANDOM_BITS) - 1)) == at_ms
