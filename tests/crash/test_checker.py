"""The checker finds what it is there for: each kind of damage, done to a good run by hand."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import pytest

from tests.crash.checker import (
    Call,
    Fact,
    Kind,
    Problem,
    acknowledged_problems,
    applied_problems,
    call_problems,
    log_problems,
    told,
    topic_problems,
)

LOG: Final = {0: [UUID(int=n) for n in range(1, 6)], 1: [UUID(int=n) for n in range(11, 14)], 2: []}
FACTS: Final = [Fact(shard, n, event) for shard, events in LOG.items() for n, event in enumerate(events, 1)]
STRANGER: Final = UUID(int=99)


def kinds(problems: Iterable[Problem]) -> list[Kind]:
    """What was found, in order."""
    return [problem.kind for problem in problems]


def without(position: int) -> list[Fact]:
    """All facts but one of shard 0."""
    return [fact for fact in FACTS if (fact.shard, fact.position) != (0, position)]


def swapped(first: int, second: int) -> list[Fact]:
    """All facts, two of them having changed places."""
    facts = list(FACTS)
    facts[first], facts[second] = facts[second], facts[first]
    return facts


def test_a_good_run_has_no_problem() -> None:
    """Log, topic and table as they should be."""
    for problems in (log_problems(FACTS), topic_problems(LOG, FACTS), applied_problems(LOG, FACTS)):
        assert told(problems) == ""
    assert told(acknowledged_problems(LOG, FACTS)) == ""


def test_shards_may_be_mixed() -> None:
    """Order is a shard's business."""
    mixed = sorted(FACTS, key=lambda fact: (fact.position, fact.shard))
    assert kinds(topic_problems(LOG, mixed)) == kinds(applied_problems(LOG, mixed)) == []


def test_a_hole_in_the_log_is_found() -> None:
    """A position that nobody has."""
    assert list(log_problems(without(3))) == [Problem(Kind.MISSING, "shard 0 position 3")]


def test_a_position_that_two_events_have_is_found() -> None:
    """Handed out twice."""
    assert kinds(log_problems([FACTS[0], *FACTS])) == [Kind.TWICE]


@pytest.mark.parametrize(
    "fact", [Fact(0, 2, STRANGER), Fact(0, 6, STRANGER), Fact(7, 1, STRANGER), Fact(0, 0, STRANGER)]
)
def test_an_acknowledged_event_that_is_not_there_is_found(fact: Fact) -> None:
    """Another event has its place, or the place doesn't exist."""
    assert kinds(acknowledged_problems(LOG, [*FACTS, fact])) == [Kind.MISSING]


@pytest.mark.parametrize("again", [[0], [4], [0, 1, 2, 3, 4], [2, 1]], ids=str)
def test_a_repeat_in_the_topic_is_no_problem(again: list[int]) -> None:
    """The same event at the same position, however often, in whatever order."""
    assert kinds(topic_problems(LOG, [*FACTS[:5], *(FACTS[n] for n in again), *FACTS[5:]])) == []


@pytest.mark.parametrize("position", [1, 3, 5])
def test_a_hole_in_the_topic_is_found(position: int) -> None:
    """Wherever it is; what comes after it came early."""
    found = kinds(topic_problems(LOG, without(position)))
    assert found == [Kind.EARLY] * (5 - position) + [Kind.MISSING]


def test_a_hole_that_is_filled_later_is_found() -> None:
    """A first occurrence out of order: who reads along has seen a hole."""
    assert kinds(topic_problems(LOG, [*without(2), FACTS[1]])) == [Kind.EARLY] * 3


@pytest.mark.parametrize("problems", [topic_problems, applied_problems])
def test_an_inversion_is_found(problems: object) -> None:
    """Two neighbours have changed places."""
    assert callable(problems)
    assert kinds(problems(LOG, swapped(1, 2))) == [Kind.EARLY]


@pytest.mark.parametrize("problems", [topic_problems, applied_problems])
@pytest.mark.parametrize("fact", [Fact(0, 2, STRANGER), Fact(0, 6, STRANGER), Fact(3, 1, STRANGER)])
def test_a_foreign_event_is_found(problems: object, fact: Fact) -> None:
    """Also as the repeat of a position that was right before."""
    assert callable(problems)
    assert kinds(problems(LOG, [*FACTS, fact])) == [Kind.FOREIGN]


def test_an_empty_topic_misses_everything() -> None:
    """Nothing was relayed."""
    assert kinds(topic_problems(LOG, [])) == [Kind.MISSING] * len(FACTS)


def test_an_event_that_was_applied_twice_is_found() -> None:
    """At once, or later."""
    assert kinds(applied_problems(LOG, [FACTS[0], *FACTS])) == [Kind.TWICE]
    assert kinds(applied_problems(LOG, [*FACTS, FACTS[0]])) == [Kind.TWICE]


def test_an_event_that_was_not_applied_is_found() -> None:
    """The last one, too."""
    assert kinds(applied_problems(LOG, without(5))) == [Kind.MISSING]


def test_a_subscriber_that_began_later_owes_only_what_came_then() -> None:
    """Installed at the head of a shard; what lay before it is not its business, and would be once too much."""
    assert kinds(applied_problems(LOG, FACTS[2:], {0: 2})) == []
    assert kinds(applied_problems(LOG, FACTS[1:], {0: 2})) == [Kind.TWICE]
    assert kinds(applied_problems(LOG, FACTS[3:], {0: 2})) == [Kind.EARLY, Kind.EARLY, Kind.MISSING]


def test_calls_may_be_repeated_as_they_were() -> None:
    """The same subject, id and body."""
    calls = [Call("a", "1", b"x"), Call("b", "2", b"y"), Call("a", "1", b"x")]
    assert kinds(call_problems({"a", "b"}, calls)) == []


@pytest.mark.parametrize(
    ("calls", "kind"),
    [
        ([Call("a", "1", b"x")], Kind.MISSING),
        ([Call("a", "1", b"x"), Call("b", "2", b"y"), Call("a", "3", b"x")], Kind.CHANGED),
        ([Call("a", "1", b"x"), Call("b", "2", b"y"), Call("a", "1", b"z")], Kind.CHANGED),
        ([Call("a", "1", b"x"), Call("b", "1", b"y")], Kind.CHANGED),
        ([Call("a", "1", b"x"), Call("b", "2", b"y"), Call("c", "3", b"z")], Kind.FOREIGN),
    ],
)
def test_wrong_calls_are_found(calls: list[Call], kind: Kind) -> None:
    """None at all, another id, another body, an id of two subjects, a call that nobody owed."""
    assert kinds(call_problems({"a", "b"}, calls)) == [kind]


def test_many_problems_are_counted_and_the_first_told() -> None:
    """So that a lost shard is readable."""
    log = {0: [UUID(int=n) for n in range(1, 101)]}
    said = told(topic_problems(log, []))
    assert said.startswith("100 missing: shard 0 position 1; ")
    assert said.count("position") == 5
