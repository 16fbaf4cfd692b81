"""Happenings by a few words."""

from pushward import ids
from services.insights.domain.happening import Happening, Kind
from services.insights.domain.windows import WINDOW_SECONDS

START = 1_767_225_600  # a window begins here
SHARD = 2
FACTOR = ids.new_sid(ids.FACTOR, SHARD, 1, 1)
OTHER_FACTOR = ids.new_sid(ids.FACTOR, SHARD, 1, 2)
SERVICE = ids.new_sid(ids.SERVICE, 1, 1, 1)
OTHER_SERVICE = ids.new_sid(ids.SERVICE, 1, 1, 2)
NEXT = START + WINDOW_SECONDS


def happening(
    kind: Kind,
    position: int,
    second: float = 0,
    *,
    answer_ms: int = 0,
    factor: str = FACTOR,
    service: str = SERVICE,
    pushed: bool = True,
    shard: int = SHARD,
) -> Happening:
    """Something that happened ``second`` seconds after START."""
    at_ms = int((START + second) * 1000)
    return Happening(kind, shard, position, at_ms, at_ms - answer_ms, service, factor, pushed)


def created(position: int, second: float = 0, *, factor: str = FACTOR, pushed: bool = True) -> Happening:
    """A challenge of a factor."""
    return happening(Kind.CREATED, position, second, factor=factor, pushed=pushed)


def approved(position: int, second: float = 0, *, answer_ms: int = 1_000, factor: str = FACTOR) -> Happening:
    """An approval, so long after the challenge was created."""
    return happening(Kind.APPROVED, position, second, answer_ms=answer_ms, factor=factor)


def denied(position: int, second: float = 0, *, answer_ms: int = 1_000) -> Happening:
    """A denial."""
    return happening(Kind.DENIED, position, second, answer_ms=answer_ms)
