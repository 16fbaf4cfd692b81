"""``answers``: a row for each factor, with how often it was asked and what it answered.

Counts are the hard case: an event applied twice, or not at all, is never repaired by a later one. They are right
because each batch is counted in the transaction that moves the shard's position.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import asyncpg

from pushward.api.events.v1 import challenge_pb2, types_pb2
from pushward.eventlog.event import StoredEvent
from pushward.subscribe import Batch, Position, PositionTable

POSITIONS: Final = PositionTable("answers_position")

_DDL: Final = """
CREATE TABLE IF NOT EXISTS answers (
    factor_sid  text   PRIMARY KEY,
    account_sid text   NOT NULL,
    created     bigint NOT NULL DEFAULT 0,
    approved    bigint NOT NULL DEFAULT 0,
    denied      bigint NOT NULL DEFAULT 0,
    expired     bigint NOT NULL DEFAULT 0
)"""
_COUNT: Final = """
INSERT INTO answers AS a (factor_sid, account_sid, created, approved, denied, expired)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (factor_sid) DO UPDATE
   SET created = a.created + EXCLUDED.created, approved = a.approved + EXCLUDED.approved,
       denied = a.denied + EXCLUDED.denied, expired = a.expired + EXCLUDED.expired"""

_KINDS: Final[Mapping[int, tuple[str, Any]]] = {  # Any: a class of messages
    types_pb2.EVENT_TYPE_CHALLENGE_CREATED: ("created", challenge_pb2.ChallengeCreated),
    types_pb2.EVENT_TYPE_CHALLENGE_APPROVED: ("approved", challenge_pb2.ChallengeApproved),
    types_pb2.EVENT_TYPE_CHALLENGE_DENIED: ("denied", challenge_pb2.ChallengeDenied),
    types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED: ("expired", challenge_pb2.ChallengeExpired),
}
_COLUMNS: Final = [column for column, _ in _KINDS.values()]


class Answers:
    """The table, as a `pushward.subscribe.port.Store`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def prepare(self) -> None:
        """Makes the tables, once."""
        async with self._pool.acquire() as connection:
            await connection.execute(_DDL)
            await connection.execute(POSITIONS.ddl)

    async def load(self) -> Mapping[int, Position]:
        """How far each shard was counted."""
        async with self._pool.acquire() as connection:
            return await POSITIONS.load(connection)

    async def apply(self, batch: Batch) -> None:
        """Counts a batch and moves its shard's position, in one transaction."""
        counts = count(batch.events)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.executemany(_COUNT, _rows(counts))
            await POSITIONS.move(connection, batch)
        print(_said(batch, counts), flush=True)


def count(events: Iterable[StoredEvent]) -> Counter[tuple[str, str, str]]:
    """How often each (factor, account, column) occurs."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for event in events:
        if event.type in _KINDS:
            column, message_class = _KINDS[event.type]
            message = message_class.FromString(event.payload)
            counts[message.factor_sid, message.account_sid, column] += 1
    return counts


def _rows(counts: Counter[tuple[str, str, str]]) -> list[tuple[object, ...]]:
    factors = sorted({(factor, account) for factor, account, _ in counts})
    return [(factor, account, *(counts[factor, account, column] for column in _COLUMNS)) for factor, account in factors]


def _said(batch: Batch, counts: Counter[tuple[str, str, str]]) -> str:
    sums = Counter[str]()
    for (_, _, column), number in counts.items():
        sums[column] += number
    told = ", ".join(f"{number} {column}" for column, number in sums.items()) or "nothing to count"
    begin = 0 if batch.seen is None else batch.seen.position
    return f"shard {batch.shard}: {begin} → {batch.to.position}: {told}"
