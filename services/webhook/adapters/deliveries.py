"""The schedule of deliveries in PostgreSQL: each method is one call of one function (adapters/sql)."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from pushward.database.pool import Database
from pushward.eventlog.subscription import LeaseLostError, Move, Through
from pushward.eventlog.table import sealed_from_bytes
from services.webhook.app.ports import Enqueued
from services.webhook.domain.delivery import Candidate, Delivery, Finished
from services.webhook.domain.places import Room

LEASE_SECONDS: Final = 45.0
"""Longer than an attempt can take (app/sender.py): a lapse means that the taker died."""

LEASE_LOST_SQLSTATE: Final = "PW003"
_ENQUEUE: Final = "SELECT * FROM webhook.enqueue($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
_TAKE: Final = "SELECT * FROM webhook.take_due($1, $2, $3, $4, $5)"
_RECORD: Final = "SELECT webhook.record_results($1)"
_PRUNE: Final = "SELECT webhook.prune($1, $2)"


class PostgresDeliveries:
    """Deliveries in ``webhook.delivery``."""

    def __init__(self, database: Database, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._database = database
        self._lease_seconds = lease_seconds

    async def enqueue(self, through: Through, move: Move, candidates: Sequence[Candidate], room: Room) -> Enqueued:
        """Stores the deliveries that ``candidates`` match and makes the move, or raises LeaseLostError."""
        moved = (move.name, move.shard, move.owner, move.seen, move.to, move.event_id)
        try:
            rows = await through.fetch(_ENQUEUE, *moved, [_candidate(one) for one in candidates], *self._taking(room))
        except asyncpg.PostgresError as error:
            if error.sqlstate == LEASE_LOST_SQLSTATE:
                raise LeaseLostError(f"{move.name}/{move.shard}") from error
            raise
        return Enqueued(
            [_delivery(row) for row in rows if row["attempts"]],
            frozenset(row["webhook_sid"] for row in rows if not row["attempts"]),
        )

    async def take(self, room: Room) -> Sequence[Delivery]:
        """Takes what is due."""
        return [_delivery(row) for row in await self._database.fetch(_TAKE, *self._taking(room))]

    async def record(self, finished: Sequence[Finished]) -> None:
        """Writes down what attempts came to; what a later attempt has overtaken is ignored."""
        await self._database.execute(_RECORD, [_result(one) for one in finished])

    async def prune(self, keep_seconds: float, per_shard: int) -> int:
        """Forgets finished deliveries that are older."""
        row = await self._database.fetchrow(_PRUNE, keep_seconds, per_shard)
        assert row is not None
        pruned: int = row[0]
        return pruned

    def _taking(self, room: Room) -> tuple[Any, ...]:  # Any: query arguments
        return (
            self._lease_seconds,
            room.total,
            room.per_webhook,
            list(room.exceptions.keys()),
            list(room.exceptions.values()),
        )


def _candidate(one: Candidate) -> tuple[Any, ...]:  # Any: columns
    return (
        one.shard,
        one.position,
        one.event_type,
        list(one.matched_by),
        one.account_sid,
        one.service_sid,
        one.recorded_at,
    )


def _result(one: Finished) -> tuple[Any, ...]:  # Any: columns
    delivery, verdict = one.delivery, one.verdict
    return (
        delivery.epoch,
        delivery.shard,
        delivery.position,
        delivery.webhook_sid,
        delivery.attempts,
        verdict.status.value,
        verdict.due_in_seconds,
        verdict.counted,
        one.result.value,
    )


def _delivery(row: asyncpg.Record) -> Delivery:
    url, secret = row["webhook_url"], row["secret"]
    return Delivery(
        epoch=row["epoch"],
        shard=row["shard"],
        position=row["position"],
        webhook_sid=row["webhook_sid"],
        uuid=row["id"],
        event_type=row["event_type"],
        attempts=row["attempts"],
        age_seconds=row["age_seconds"],
        account_sid=row["account_sid"],
        service_sid=row["service_sid"],
        webhook_stream=row["stream_id"],
        body_version=row["body_version"],
        webhook_url=None if url is None else sealed_from_bytes(url),
        secret=None if secret is None else sealed_from_bytes(secret),
    )
