"""Rows against the log: each at its own position."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.insights.app.tally import KEPT_SECONDS, Tally
from services.insights.domain.counting import Count
from services.insights.domain.figures import Figures
from services.insights.domain.happening import Happening, Kind
from services.insights.domain.recounting import OF_AN_EARLIER_EPOCH, Difference, Drift, Recounting, differing
from services.insights.domain.rows import Row, RowKey
from services.insights.domain.windows import WINDOW_SECONDS
from tests.unit.insights.given import FACTOR, NEXT, OTHER_FACTOR, SERVICE, SHARD, START, approved, created, happening

EVENTS = [created(1), created(3, factor=OTHER_FACTOR), approved(4, 1), created(8, 2), created(9, WINDOW_SECONDS)]
KEY = RowKey(START, FACTOR, SHARD)


def recounted(stored: list[Row], events: list[Happening] = EVENTS, since: int = START) -> tuple[Difference, ...]:
    """What differs in the windows from ``since`` on."""
    recounting = Recounting(since, NEXT + WINDOW_SECONDS, stored)
    for event in events:
        recounting.take(event)
    return recounting.differences()


def rows_of(events: list[Happening]) -> list[Row]:
    """The rows that the log amounts to."""
    return [found.counted for found in recounted([], events) if found.counted is not None]


def drifts(stored: list[Row]) -> dict[RowKey, Drift]:
    """How which rows differ."""
    return {found.key: found.drift for found in recounted(stored)}


def test_rows_as_the_log_has_them_are_no_differences() -> None:
    """Of factors, and of the service."""
    rows = rows_of(EVENTS)
    assert [(row.key.window, row.key.sid) for row in rows] == [
        (START, SERVICE),
        (START, FACTOR),
        (START, OTHER_FACTOR),
        (NEXT, SERVICE),
        (NEXT, FACTOR),
    ]
    assert recounted(rows) == ()


def test_a_row_that_hasnt_come_as_far_is_behind_and_not_wrong() -> None:
    """Its figures are the log's up to its position."""
    behind = rows_of(EVENTS[:3])
    assert drifts(behind) == {
        RowKey(START, SERVICE, SHARD): Drift.BEHIND,
        KEY: Drift.BEHIND,
        RowKey(NEXT, SERVICE, SHARD): Drift.MISSING,
        RowKey(NEXT, FACTOR, SHARD): Drift.MISSING,
    }


def test_a_row_that_is_wrong_at_its_position_is_miscounted() -> None:
    """Figures, the service, or a position at which nothing happened to it."""
    rows = {row.key: row for row in rows_of(EVENTS)}
    for wrong in (
        replace(rows[KEY], figures=replace(rows[KEY].figures, created=9)),
        replace(rows[KEY], service_sid="another"),
        replace(rows[KEY], position=3),
        replace(rows[KEY], position=99),
        replace(rows[KEY], position=4),
    ):
        assert drifts([*(rows | {KEY: wrong}).values()]) == {KEY: Drift.MISCOUNTED}


def test_a_row_without_events_is_unfounded() -> None:
    """The log knows nothing of it."""
    invented = Row(RowKey(START, "YF" + "0" * 32, SHARD), SERVICE, 2, Figures(created=1))
    assert drifts([*rows_of(EVENTS), invented]) == {invented.key: Drift.UNFOUNDED}


def test_a_row_of_an_earlier_epoch_is_behind() -> None:
    """Its position says nothing about this log."""
    rows = [replace(row, position=OF_AN_EARLIER_EPOCH) for row in rows_of(EVENTS)]
    assert set(drifts(rows).values()) == {Drift.BEHIND}


def test_the_figures_that_differ_are_named() -> None:
    """For people."""
    assert differing(Figures(created=1, denied=2), Figures(created=1, denied=3, expired=1)) == ("denied", "expired")


HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(Kind),
        st.integers(0, 40),  # seconds since the one before
        st.sampled_from([FACTOR, OTHER_FACTOR]),
        st.booleans(),
    ),
    max_size=60,
).map(
    lambda steps: [
        happening(kind, position, sum(step for _, step, _, _ in steps[:position]), factor=factor, pushed=pushed)
        for position, (kind, _, factor, pushed) in enumerate(steps, start=1)
    ]
)


@given(events=HAPPENINGS, cut=st.integers(0, 60), crash=st.integers(0, 60))
def test_the_live_counter_and_the_recount_agree(events: list[Happening], cut: int, crash: int) -> None:
    """Whatever happens, and if the counter sees a part again; also where the recount begins in the middle."""
    factors: dict[str, Count] = {}
    services: dict[str, Count] = {}
    tally = Tally(factors, services)
    for event in (*events, *events[crash:]):
        tally.take(event)
    rows = {row.key: row for row in tally.take_unsaved(10_000)}
    whole = Recounting(0, 1 << 40, rows.values())
    for event in events:
        whole.take(event)
    assert whole.differences() == ()
    since = START + cut % 10 * WINDOW_SECONDS
    part = Recounting(since, 1 << 40, [row for row in rows.values() if row.key.window >= since])
    for event in events:
        if event.at_ms >= (since - 120) * 1000:
            part.take(event)
    assert part.differences() == ()


@given(events=HAPPENINGS, lost=st.tuples(st.integers(0, 8), st.integers(0, 8)), end=st.integers(0, 60))
def test_a_crash_between_the_two_tables_counts_nothing_twice(
    events: list[Happening], lost: tuple[int, int], end: int
) -> None:
    """Each table comes back as it was some events ago, and all since the older of them are seen again."""
    died = min(end, len(events))
    tables: list[dict[str, Count]] = [{}, {}]
    kept: list[dict[str, Count]] = [{}, {}]
    first = Tally(*tables)
    for number, event in enumerate(events[:died]):
        for index in (0, 1):
            if number == died - lost[index]:
                kept[index] = dict(tables[index])
        first.take(event)
    for index in (0, 1):
        if lost[index] == 0:
            kept[index] = dict(tables[index])
    second = Tally(*kept)
    second.recovered()
    for event in events[max(0, died - max(lost)) :]:
        second.take(event)
    rows = {row.key: row for row in (*first.take_unsaved(10_000), *second.take_unsaved(10_000))}
    whole = Recounting(0, 1 << 40, rows.values())
    for event in events:
        whole.take(event)
    assert whole.differences() == ()


def test_the_counter_forgets_keys_that_nothing_happens_to() -> None:
    """A few at each event of their shard: the tables are bounded by time."""
    factors: dict[str, Count] = {}
    tally = Tally(factors, {})
    for number in range(100):
        tally.take(created(number + 1, 0, factor=f"YF{number:032x}"))
    for number in range(50):
        tally.take(created(200 + number, KEPT_SECONDS + 1))
    assert [*factors] == [FACTOR]


def test_after_reading_back_every_row_is_stored_again() -> None:
    """Whoever was killed may have counted what was never stored."""
    factors: dict[str, Count] = {}
    services: dict[str, Count] = {}
    before = Tally(factors, services)
    for event in EVENTS:
        before.take(event)
    after = Tally(factors, services)
    after.recovered()
    assert sorted(after.take_unsaved(100), key=lambda row: row.key) == rows_of(EVENTS)
    assert after.unsaved == 0


def test_rows_that_couldnt_be_stored_are_tried_again_unless_newer_ones_came() -> None:
    """The newest of a key is what counts."""
    tally = Tally({}, {})
    tally.take(created(1))
    old = tally.take_unsaved(1)
    tally.take(created(2))
    tally.give_back(old)
    assert {row.key.sid: row.position for row in tally.take_unsaved(10)} == {FACTOR: 2, SERVICE: 2}
