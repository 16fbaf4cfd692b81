"""A state table's rows: what a record becomes, and which column can't have come from one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pushward.eventlog.table import Table
from pushward.values import FactorStatus, Sealed

KEY = UUID(int=7)


@dataclass(frozen=True, slots=True)
class Nested:
    """A record's part that becomes JSON."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Thing:
    """A record with a field of each kind."""

    stream_id: UUID
    version: int
    status: FactorStatus
    sealed: Sealed | None
    nested: Nested
    names: tuple[str, ...]
    date: datetime


TABLE = Table("probe.thing", Thing, ("stream_id",))
THING = Thing(
    KEY,
    3,
    FactorStatus.VERIFIED,
    Sealed(KEY, b"n" * 12, b"c"),
    Nested("a", 1),
    ("x", "y"),
    datetime(2026, 1, 2, tzinfo=UTC),
)


def test_a_record_survives_its_row() -> None:
    """Every kind of field, to its column and back; unset ones are null."""
    for thing in (THING, Thing(KEY, 1, FactorStatus.UNVERIFIED, None, Nested("", 0), (), THING.date)):
        row = TABLE.row(thing)
        assert (row.key, row.version) == ((KEY,), thing.version)
        assert TABLE.load_columns(row.columns) == thing


def test_what_no_record_was_written_with_is_named() -> None:
    """A status that isn't one, bytes that aren't sealed, JSON of another shape: told, not raised."""
    row = dict(zip(TABLE.columns, TABLE.row(THING).columns, strict=True))
    assert TABLE.unreadable(row) == ()
    damaged = {**row, "status": "forged", "sealed": b"\xff", "nested": '{"name": 1}'}
    assert TABLE.unreadable(damaged) == ("status", "sealed", "nested")
    assert TABLE.unreadable({**row, "sealed": b""}) == ("sealed",)
