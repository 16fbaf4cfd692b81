"""What must hold after a crash run: values in, problems out.

    log          each shard's positions are 1, 2, 3, …
    acknowledged what a writer was told lies where it was told
    topic        first occurrences are 1, 2, 3, … to the log's end; a repeat is the same event at the same position
    applied      each event exactly once, in order
    calls        each due effect at least once; a repeat has the same id and the same body

A run that has lost something shows it in each of these, so problems are counted by kind and only the first are told.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

TOLD_MAX: Final = 5
NOWHERE: Final[Mapping[int, int]] = MappingProxyType({})


class Fact(NamedTuple):
    """An event at a place."""

    shard: int
    position: int
    event_id: UUID


class Call(NamedTuple):
    """An outbound call: what it was about, its id, and its body."""

    subject: str
    id: str
    body: bytes


Log = Mapping[int, Sequence[UUID]]
"""The event ids of each shard, the first at position 1."""


class Kind(StrEnum):
    """What can be wrong."""

    MISSING = "missing"  # it is in the log, and not here
    FOREIGN = "foreign"  # it is here, and not so in the log
    EARLY = "early"  # it came before the one that precedes it
    TWICE = "twice"  # once more than is right
    CHANGED = "changed"  # the same call, with another id or body


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, and what."""

    kind: Kind
    where: str


def log_problems(facts: Iterable[Fact]) -> Iterator[Problem]:
    """Holes and doubled positions; ``facts`` are ordered by shard and position."""
    last: dict[int, int] = defaultdict(int)
    for fact in facts:
        if fact.position <= last[fact.shard]:
            yield _problem(Kind.TWICE, fact)
            continue
        for position in range(last[fact.shard] + 1, fact.position):
            yield Problem(Kind.MISSING, f"shard {fact.shard} position {position}")
        last[fact.shard] = fact.position


def acknowledged_problems(log: Log, acknowledged: Iterable[Fact]) -> Iterator[Problem]:
    """Acknowledged events that aren't where they should be."""
    return (_problem(Kind.MISSING, fact) for fact in acknowledged if not _is_in(log, fact))


def topic_problems(log: Log, records: Iterable[Fact]) -> Iterator[Problem]:
    """``records`` are in the order of their offsets, in each shard."""
    return _compared(log, records, NOWHERE, repeats_are_right=True)


def applied_problems(log: Log, applied: Iterable[Fact], after: Mapping[int, int] = NOWHERE) -> Iterator[Problem]:
    """``applied`` is what a subscriber did, in its order, that began ``after`` these positions of the shards."""
    return _compared(log, applied, after, repeats_are_right=False)


def call_problems(due: Collection[str], calls: Iterable[Call]) -> Iterator[Problem]:
    """``due`` are the subjects that a call must have been made about, each with an id of its own."""
    first: dict[str, Call] = {}
    by_id: dict[str, str] = {}
    for call in calls:
        before = first.setdefault(call.subject, call)
        if call.subject not in due:
            yield Problem(Kind.FOREIGN, call.subject)
        elif (before.id, before.body) != (call.id, call.body) or by_id.setdefault(
            call.id, call.subject
        ) != call.subject:
            yield Problem(Kind.CHANGED, f"{call.subject} as {call.id}, before as {before.id}")
    yield from (Problem(Kind.MISSING, subject) for subject in sorted(set(due) - set(first)))


def told(problems: Iterable[Problem]) -> str:
    """The problems by kind with the first of each; empty if there is none."""
    places: dict[Kind, list[str]] = defaultdict(list)
    counts: Counter[Kind] = Counter()
    for problem in problems:
        counts[problem.kind] += 1
        if counts[problem.kind] <= TOLD_MAX:
            places[problem.kind].append(problem.where)
    return "\n".join(f"{counts[kind]} {kind}: {'; '.join(where)}" for kind, where in places.items())


def _is_in(log: Log, fact: Fact) -> bool:
    ids = log.get(fact.shard, ())
    return 1 <= fact.position <= len(ids) and ids[fact.position - 1] == fact.event_id


def _compared(
    log: Log, facts: Iterable[Fact], after: Mapping[int, int], *, repeats_are_right: bool
) -> Iterator[Problem]:
    reached: dict[int, int] = defaultdict(int, after)  # all up to here has come
    ahead: dict[int, set[int]] = defaultdict(set)  # and these beyond
    for fact in facts:
        shard, position, _ = fact
        if not _is_in(log, fact):
            yield _problem(Kind.FOREIGN, fact)
        elif position <= reached[shard] or position in ahead[shard]:
            if not repeats_are_right:
                yield _problem(Kind.TWICE, fact)
        else:
            ahead[shard].add(position)
            if position != reached[shard] + 1:
                yield _problem(Kind.EARLY, fact)
            while reached[shard] + 1 in ahead[shard]:
                reached[shard] += 1
                ahead[shard].remove(reached[shard])
    for shard, ids in log.items():
        for position in range(reached[shard] + 1, len(ids) + 1):
            if position not in ahead[shard]:
                yield Problem(Kind.MISSING, f"shard {shard} position {position}")


def _problem(kind: Kind, fact: Fact) -> Problem:
    return Problem(kind, f"shard {fact.shard} position {fact.position} event {fact.event_id}")
