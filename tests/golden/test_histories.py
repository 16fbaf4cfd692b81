"""What was once recorded means for ever what it meant: every released history still makes the same rows."""

import pytest

from pushward.api.events.v1 import types_pb2
from tests.golden.files import readable
from tests.golden.histories import History, histories, includes, replayed

HISTORIES = histories()


@pytest.mark.parametrize("history", HISTORIES, ids=[history.name for history in HISTORIES])
def test_a_released_history_makes_the_same_rows(history: History) -> None:
    """After each of its events, with today's codec and today's `evolve`."""
    for made, step in zip(replayed(history), history.steps, strict=True):
        assert made.keys() == step.rows.keys()
        assert includes(made, step.rows), f"{made}\nisn't\n{step.rows}"


@pytest.mark.parametrize(
    ("type_number", "schema"),
    [(type_number, schema) for _, type_number, schema in readable()],
    ids=[
        f"{types_pb2.EventType.Name(type_number)}-{schema}"  # type: ignore[arg-type]  # a number
        for _, type_number, schema in readable()
    ],
)
def test_every_event_happens_in_some_history(type_number: int, schema: int) -> None:
    """In each schema that can be read: one that occurs nowhere would be replayed unproved."""
    assert any((step.type, step.schema) == (type_number, schema) for one in HISTORIES for step in one.steps)


def test_every_history_tells_of_rows() -> None:
    """No event of an owner's is without consequence for its tables."""
    assert all(step.rows for history in HISTORIES for step in history.steps)
