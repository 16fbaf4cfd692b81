"""The crash suite's own corner of the database: the probe's counters to append to, and a table for each subscriber.

Its event is one of the registry's that no service acts on, so the system beside it is left in peace. The subscribers'
tables have no unique key on purpose: applied twice is two rows, and the serial says in which order.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg

from pushward.api.events.v1 import registry_pb2, types_pb2
from pushward.database.install import install
from pushward.database.migrate import migrate
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.codec import Binding, Codec
from pushward.eventlog.commands import Change, Plan, compose
from pushward.eventlog.event import Recorded
from pushward.eventlog.port import Append
from pushward.subscribe.positions import PositionTable
from tests.support.probe.counter import COUNTER, PROBE_MODULE, ROLE, Counter, CounterState, origin, state_at

SCHEMA: Final = "probe"
SUBSCRIPTION: Final = "probe"
APPLIED: Final = "probe.applied"
CONSUMED: Final = "probe.consumed"
CONSUMER_POSITIONS: Final = "probe.consumer_position"


@dataclass(frozen=True, slots=True)
class AccessTokenSpent:
    """Stands for "counted one more"."""

    access_token_sid: str
    account_sid: str
    service_sid: str
    factor_sid: str


COUNTED: Final = AccessTokenSpent("", "", "", "")
CODEC: Final = Codec(
    [Binding(types_pb2.EVENT_TYPE_ACCESS_TOKEN_SPENT, 1, AccessTokenSpent, registry_pb2.AccessTokenSpent)]
)


def _evolve(state: CounterState, event: AccessTokenSpent, recorded: Recorded) -> CounterState:
    total = state.counter.total + 1 if state.counter else 1
    return CounterState(Counter(recorded.stream_id, recorded.version, recorded.recorded_at, total))


COUNTERS: Final[Aggregate[CounterState]] = Aggregate("counter", CounterState(), _evolve, CODEC, {Counter: COUNTER})


def counting(stream_id: UUID, version: int, events: int) -> Append:
    """An append of ``events`` events on a counter that was seen at ``version``."""
    change = Change(COUNTERS, stream_id, state_at(stream_id, version), [COUNTED] * events, datetime.now(UTC))
    plan: Plan[None] = Plan([change], lambda after: None)
    append, _ = compose(plan, origin())
    assert append is not None
    return append


async def prepare(url: str) -> dict[int, int]:
    """Makes the corner in a database that has a log; returns where its subscriber begins, by shard."""
    await migrate(url, [PROBE_MODULE])
    await install(url, [PROBE_MODULE], None)
    connection = await asyncpg.connect(url)
    try:
        for table in (APPLIED, CONSUMED):
            await connection.execute(
                f"CREATE TABLE {table} (serial bigserial, shard int, position bigint, event_id uuid);"
                f"GRANT SELECT, INSERT ON {table} TO {ROLE};"
                f"GRANT USAGE ON SEQUENCE {table}_serial_seq TO {ROLE}"
            )
        await connection.execute(PositionTable(CONSUMER_POSITIONS).ddl)
        await connection.execute(f"GRANT SELECT, INSERT, UPDATE ON {CONSUMER_POSITIONS} TO {ROLE}")
        rows = await connection.fetch(
            f"SELECT shard, position FROM {SCHEMA}.subscription WHERE name = '{SUBSCRIPTION}'"
        )
        return {row["shard"]: row["position"] for row in rows}
    finally:
        await connection.close()
