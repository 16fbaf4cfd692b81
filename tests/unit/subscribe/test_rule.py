"""The subscriber's rule: the next is applied, the earlier dropped, and what is beyond the next is a hole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushward.subscribe.errors import EpochChangedError, LogRewrittenError, PositionFromFutureError
from pushward.subscribe.rule import Fate, Position, after, fate, verify
from tests.unit.subscribe.samples import EPOCH, SHARD, START, event, event_id, position

EVENTS = 30


def test_the_next_event_is_applied() -> None:
    """And its position becomes the last."""
    assert fate(position(4), EPOCH, event(5)) is Fate.APPLY
    assert after(position(4), event(5)) == position(5)


@pytest.mark.parametrize("earlier", [1, 3, 4])
def test_an_event_that_was_applied_is_dropped(earlier: int) -> None:
    """A dead producer may have sent it again."""
    assert fate(position(4), EPOCH, event(earlier)) is Fate.DROP


@pytest.mark.parametrize("later", [6, 7, 100])
def test_an_event_beyond_the_next_is_a_hole(later: int) -> None:
    """What lies in between must be read first."""
    assert fate(position(4), EPOCH, event(later)) is Fate.HOLE


def test_an_event_is_never_applied_out_of_order() -> None:
    """That is a defect of whoever applies, and said at once."""
    with pytest.raises(AssertionError):
        after(position(4), event(6))


def test_another_event_at_the_last_position_is_a_rewritten_log() -> None:
    """It can't be told apart from a duplicate by its position alone."""
    with pytest.raises(LogRewrittenError, match="another event at 4"):
        fate(position(4), EPOCH, event(4, history=1))


@pytest.mark.parametrize("published", [1, 3, 4, 5, 6])
def test_an_event_of_another_epoch_stops(published: int) -> None:
    """Whatever its position is: positions of two epochs can't be compared."""
    with pytest.raises(EpochChangedError) as stopped:
        fate(position(4), EPOCH + 1, event(published))
    assert (stopped.value.stored, stopped.value.found) == (EPOCH, EPOCH + 1)


def test_a_position_that_the_log_still_holds_is_gone_on_from() -> None:
    """At the start, in the middle and at the end."""
    verify(SHARD, START, EPOCH, 0, None)
    verify(SHARD, START, EPOCH, 9, None)
    verify(SHARD, position(9), EPOCH, 9, event_id(9))


def test_a_position_from_the_future_stops() -> None:
    """Another installation's, or the log was restored from a backup."""
    with pytest.raises(PositionFromFutureError, match="is 10, the shard ends at 9"):
        verify(SHARD, position(10), EPOCH, 9, None)


def test_a_rewritten_log_stops_before_anything_is_applied() -> None:
    """The stored event id isn't the one that the log has there."""
    with pytest.raises(LogRewrittenError):
        verify(SHARD, position(4), EPOCH, 9, event_id(4, history=1))


def test_a_new_epoch_stops_before_positions_are_compared() -> None:
    """A position from the future of another epoch says nothing."""
    with pytest.raises(EpochChangedError):
        verify(SHARD, position(10), EPOCH + 1, 9, None)


@pytest.mark.parametrize(("number", "known"), [(0, event_id(1)), (3, None), (-1, None)])
def test_a_position_without_its_event_is_none(number: int, known: object) -> None:
    """An event id belongs to each position but 0."""
    with pytest.raises(ValueError, match="position"):
        Position(EPOCH, number, known)  # type: ignore[arg-type]  # what a faulty table may hold


@given(st.lists(st.integers(1, EVENTS), max_size=200))
def test_whatever_comes_each_event_is_applied_once_and_in_order(delivered: list[int]) -> None:
    """Doubled, delayed, left out: with holes filled from the log nothing is missing and nothing is twice."""
    applied: list[int] = []
    last = START
    for number in delivered:
        judged = fate(last, EPOCH, event(number))
        missing = range(last.position + 1, number) if judged is Fate.HOLE else ()
        due = () if judged is Fate.DROP else (*missing, number)
        for each in due:
            last = after(last, event(each))
            applied.append(each)
    assert applied == list(range(1, max(delivered, default=0) + 1))
