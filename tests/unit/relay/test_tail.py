"""Where a shard's loop goes on, for each tail that a partition can have."""

from uuid import UUID

import pytest

from services.relay.domain.tail import (
    GoOn,
    Kept,
    LastRecord,
    Partition,
    Refill,
    Shard,
    TailError,
    asked_position,
    decide,
)

EPOCH = 2
HERE = UUID(int=1)
ELSE = UUID(int=2)
NEVER = Kept(0, 0, None)


def _kept(position: int, *, epoch: int = EPOCH, event_id: UUID = HERE) -> Kept:
    return Kept(epoch, position, event_id)


def _ending(position: int, *, end: int, start: int = 0, epoch: int = EPOCH) -> Partition:
    return Partition(start, end, LastRecord(epoch, position, HERE))


def _log(head: int = 100, event_id: UUID | None = HERE) -> Shard:
    return Shard(EPOCH, head, event_id)


def test_a_partition_where_nothing_ever_was_is_filled_from_the_first_event() -> None:
    """Nothing has to be forgotten."""
    assert decide(Partition(0, 0, None), NEVER, _log()) == GoOn(0)


def test_a_wiped_partition_is_filled_from_the_first_event_and_the_kept_position_forgotten() -> None:
    """It belonged to records that are no more."""
    assert decide(Partition(0, 0, None), _kept(7), _log()) == GoOn(0, forget=True)


def test_the_last_record_says_where_to_go_on() -> None:
    """Whatever position was kept: that may lag."""
    for kept in (NEVER, _kept(3), _kept(9)):
        assert decide(_ending(7, end=7), kept, _log()) == GoOn(7)


def test_duplicates_make_offsets_run_ahead_of_positions() -> None:
    """A zombie's batch was the last to arrive: what follows it is sent again."""
    assert decide(_ending(4, end=12), _kept(7), _log()) == GoOn(4)


def test_a_partition_emptied_by_retention_goes_on_after_the_kept_position() -> None:
    """That is what it is kept for."""
    assert decide(Partition(9, 9, None), _kept(7), _log()) == GoOn(7)


def test_a_partition_emptied_with_nothing_kept_is_filled_from_the_first_event() -> None:
    """Duplicates are dropped by who reads them; a hole would have to be filled."""
    assert decide(Partition(9, 9, None), NEVER, _log()) == GoOn(0)


def test_a_kept_position_of_another_epoch_counts_for_nothing() -> None:
    """Positions of two epochs can't be compared."""
    assert decide(Partition(9, 9, None), _kept(7, epoch=1), _log()) == GoOn(0, forget=True)


def test_a_kept_position_past_the_end_offset_is_of_a_topic_that_is_no_more() -> None:
    """So many records were never in this one."""
    assert decide(Partition(5, 5, None), _kept(7), _log()) == GoOn(0, forget=True)


def test_a_record_whose_offset_is_too_small_for_its_position_has_a_hole_before_it() -> None:
    """A batch that was on its way when the topic was made anew."""
    assert decide(_ending(7, end=6), _kept(7), _log()) == Refill()
    assert decide(_ending(7, start=3, end=6), _kept(7), _log()) == Refill()


def test_a_topic_that_was_seen_to_be_made_anew_is_filled_again() -> None:
    """However many records are in it by now."""
    assert decide(_ending(7, end=9), _kept(7), _log(), remade=True) == Refill()
    assert decide(Partition(9, 9, None), _kept(7), _log(), remade=True) == GoOn(0, forget=True)


@pytest.mark.parametrize("partition", [_ending(7, end=7), Partition(9, 9, None)])
def test_another_event_in_the_log_stops_the_shard(partition: Partition) -> None:
    """The log was rewritten."""
    with pytest.raises(TailError, match="another event at position 7"):
        decide(partition, _kept(7), _log(event_id=ELSE))


@pytest.mark.parametrize("partition", [_ending(7, end=7), Partition(9, 9, None)])
def test_a_position_from_the_future_of_the_log_stops_the_shard(partition: Partition) -> None:
    """The log was restored from an older backup."""
    with pytest.raises(TailError, match="position 7, the log ends at 6"):
        decide(partition, _kept(7), _log(head=6, event_id=None))


def test_an_alarm_comes_before_a_refill() -> None:
    """Nothing is deleted while the log is in doubt."""
    with pytest.raises(TailError):
        decide(_ending(7, end=6), _kept(7), _log(event_id=ELSE))


def test_a_record_of_another_epoch_stops_the_shard() -> None:
    """Each epoch has its own topic."""
    with pytest.raises(TailError, match="epoch 1"):
        decide(_ending(7, end=7, epoch=1), _kept(7), _log())


@pytest.mark.parametrize(
    ("partition", "kept", "asked"),
    [
        (_ending(7, end=7), _kept(3), 7),
        (Partition(9, 9, None), _kept(3), 3),
        (Partition(2, 2, None), _kept(3), 0),
        (Partition(0, 0, None), _kept(3), 0),
        (Partition(9, 9, None), NEVER, 0),
    ],
)
def test_the_log_is_asked_for_the_event_that_decides(partition: Partition, kept: Kept, asked: int) -> None:
    """The last record's, else the kept one, else none."""
    assert asked_position(partition, kept, EPOCH) == asked
