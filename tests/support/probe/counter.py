"""The probe's aggregate, its appends, and where it is stored.

Its event is borrowed from the registry's protobuf (``AccountCreated``), so that no test message is in the contract.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from pushward.api.events.v1 import registry_pb2
from pushward.database.migrate import Module
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.codec import Binding, Codec
from pushward.eventlog.commands import Change, Plan, compose
from pushward.eventlog.event import Actor, ActorKind, Origin, Recorded
from pushward.eventlog.groupcommit import CommitHook, GroupCommitLog
from pushward.eventlog.port import Append, Guard
from pushward.eventlog.postgres import open_log
from pushward.eventlog.table import Table

PROBE_MODULE = Module("probe", Path(__file__).parent / "sql", role="pushward_probe", follows=("probe",))
FUNCTION = "probe.append"
ROLE = "pushward_probe"
REVISION = 1


@dataclass(frozen=True, slots=True)
class ServiceDeleted:
    """Stands for "counted one more"."""

    service_sid: str
    account_sid: str


@dataclass(frozen=True, slots=True)
class Counter:
    """A row of ``probe.counter``."""

    stream_id: UUID
    version: int
    recorded_at: datetime
    total: int


@dataclass(frozen=True, slots=True)
class CounterState:
    """A counter, or none yet."""

    counter: Counter | None = None

    @property
    def version(self) -> int:
        return self.counter.version if self.counter else 0

    @property
    def recorded_at(self) -> datetime | None:
        return self.counter.recorded_at if self.counter else None

    def records(self) -> Iterable[Counter]:
        return (self.counter,) if self.counter else ()


def evolve(state: CounterState, event: ServiceDeleted, recorded: Recorded) -> CounterState:
    """Each event counts one; the SID field says how much where it is a number."""
    step = int(event.service_sid) if event.service_sid.isdigit() else 1
    if state.counter is None:
        return CounterState(Counter(recorded.stream_id, recorded.version, recorded.recorded_at, step))
    return CounterState(
        replace(
            state.counter,
            version=recorded.version,
            recorded_at=recorded.recorded_at,
            total=state.counter.total + step,
        )
    )


CODEC = Codec([Binding(12, 1, ServiceDeleted, registry_pb2.ServiceDeleted)])
COUNTER = Table("probe.counter", Counter, ("stream_id",))
COUNTERS: Aggregate[CounterState] = Aggregate("counter", CounterState(), evolve, CODEC, {Counter: COUNTER})


def open_probe_log(
    url: str, *, lanes: int = 1, revision: int = REVISION, on_commit: CommitHook = lambda events: None
) -> GroupCommitLog:
    """A log that appends through the probe's function."""
    return open_log(
        url, ROLE, function=FUNCTION, tables=("probe.counter",), revision=revision, lanes=lanes, on_commit=on_commit
    )


def stream(shard: int, number: int = 0) -> UUID:
    """A stream of a shard; each number is another."""
    return UUID(int=shard << 112 | 0x8 << 76 | 0x2 << 62 | (number or uuid4().int & (1 << 60) - 1))


def origin() -> Origin:
    """Where a probe's append comes from; a new command each time."""
    command = uuid4()
    return Origin("AC" + "0" * 32, Actor(ActorKind.SYSTEM, "probe"), command, command, command)


def state_at(stream_id: UUID, version: int, total: int | None = None) -> CounterState:
    """The state of a counter that has counted ``version`` times."""
    if version == 0:
        return CounterState()
    return CounterState(Counter(stream_id, version, _EPOCH, version if total is None else total))


def counting(
    stream_id: UUID,
    version: int,
    *,
    events: int = 1,
    step: str = "one",
    guards: tuple[Guard, ...] = (),
    not_after: datetime | None = None,
    of: Origin | None = None,
    also: tuple[UUID, int] | None = None,
) -> Append:
    """An append of ``events`` events on a counter seen at ``version``; ``also`` another stream, seen at its version."""
    streams = [(stream_id, version), *([also] if also else [])]
    plan: Plan[None] = Plan(
        changes=[
            Change(COUNTERS, each, state_at(each, seen), [ServiceDeleted(step, "")] * events, datetime.now(UTC))
            for each, seen in streams
        ],
        result=lambda after: None,
        guards=guards,
        not_after=not_after,
    )
    append, _ = compose(plan, of or origin())
    assert append is not None
    return append


_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
