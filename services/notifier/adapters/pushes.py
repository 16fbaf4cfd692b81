"""The schedule of pushes in PostgreSQL: each method is one call of one function (adapters/sql)."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from pushward.database.pool import Database
from pushward.values import NotificationPlatform
from services.notifier.domain.push import Finished, Requested, Unsent, Work

LEASE_SECONDS: Final = 45.0
"""Longer than an attempt can take (app/pusher.py): a lapse means that the taker died."""

_ENQUEUE: Final = "SELECT notifier.enqueue($1)"
_TAKE: Final = "SELECT * FROM notifier.take_due($1, $2, $3)"
_RECORD: Final = "SELECT notifier.record_results($1)"
_TAKE_UNTOLD: Final = "SELECT * FROM notifier.take_untold($1, $2)"
_RECORD_TOLD: Final = "SELECT notifier.record_told($1)"
_PRUNE: Final = "SELECT notifier.prune($1, $2)"


class PostgresPushes:
    """Pushes in ``notifier.push``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enqueue(self, connection: Any, requested: Sequence[tuple[Requested, bool]]) -> None:
        """Stores pushes in the caller's transaction (Any: asyncpg's connection)."""
        rows = [
            (
                one.shard,
                one.position,
                push_id(one),
                one.challenge_sid,
                one.factor_sid,
                one.platform.value,
                has_channel,
                one.requested_at,
                one.notification_sid,
                one.ttl_seconds,
            )
            for one, has_channel in requested
        ]
        await connection.execute(_ENQUEUE, rows)

    async def take(self, platform: NotificationPlatform, at_most: int) -> Sequence[Work]:
        """Takes what is due for a platform."""
        return [Work(*row) for row in await self._database.fetch(_TAKE, LEASE_SECONDS, platform.value, at_most)]

    async def record(self, finished: Sequence[Finished]) -> None:
        """Writes down what attempts came to; what a later attempt has overtaken is ignored."""
        await self._database.execute(_RECORD, [_result(one) for one in finished])

    async def take_untold(self, at_most: int) -> Sequence[Unsent]:
        """Takes pushes that ended unsent and that challenge hasn't been told of."""
        return [Unsent(*row) for row in await self._database.fetch(_TAKE_UNTOLD, LEASE_SECONDS, at_most)]

    async def record_told(self, told: Sequence[Unsent]) -> None:
        """Writes down that challenge knows of them."""
        await self._database.execute(_RECORD_TOLD, [(one.epoch, one.shard, one.position) for one in told])

    async def prune(self, keep_seconds: float, per_shard: int) -> int:
        """Forgets older pushes, and expired stream places."""
        row = await self._database.fetchrow(_PRUNE, keep_seconds, per_shard)
        assert row is not None
        pruned: int = row[0]
        return pruned


def push_id(requested: Requested) -> UUID:
    """The id of a push: however often its event is taken up, it has one name."""
    digest = hashlib.sha256(f"push/{requested.challenge_sid}/{requested.shard}/{requested.position}".encode()).digest()
    return UUID(bytes=digest[:16], version=4)


def _result(one: Finished) -> tuple[Any, ...]:  # Any: columns
    work, verdict = one.work, one.verdict
    return (
        work.epoch,
        work.shard,
        work.position,
        work.attempts,
        verdict.status.value,
        verdict.due_in_seconds,
        one.result.value,
        one.is_unsent,
    )
