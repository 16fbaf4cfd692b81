"""A subscriber of the log inside a service: in order, without a hole, its position in its own transaction.

    position + 1 is read       → apply, and move the position in the same transaction
    a position is missing      → HoleError: the shard stops with an alarm
    the row is missing         → an alarm: it was never installed, and "from the start" would do everything again
    the log disagrees at start → LogRewrittenError: the same (an event id is kept beside each position)
    the transaction fails      → nothing happened; tried again with backoff

Shards are shared out among the processes of a service by leases. A stale owner is harmless: its commit compares owner
and position before it moves them. Events that the subscriber doesn't want move the position in memory at once and in
the table within ``LAZY_SECONDS_MAX``, so a batch without effect costs no transaction.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from pushward.database.pool import Database
from pushward.errors import PushwardError, UnavailableError
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.port import LogReader
from pushward.eventlog.postgres import HoleError

LEASE_SECONDS: Final = 6.0
RENEW_SECONDS: Final = 1.5
BATCH_EVENTS_MAX: Final = 500
LAZY_SECONDS_MAX: Final = 1.0
RETRY_SECONDS_MIN: Final = 0.1
RETRY_SECONDS_MAX: Final = 5.0

AfterCommit = Callable[[], None]
Apply = Callable[[Any, Sequence[StoredEvent]], Awaitable[AfterCommit | None]]
"""Takes the transaction's connection and the wanted events of a batch. Any: asyncpg's connection.

May return what to do once that transaction is committed, such as waking whoever does the work that it stored.
"""


@dataclass(frozen=True, slots=True)
class Move:
    """A step of a shard's position, taken together with the effect of the events in between.

    It counts only if ``owner`` still has the shard and its position is still ``seen``.
    """

    name: str
    shard: int
    owner: uuid.UUID
    seen: int
    to: int
    event_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class AtOnce:
    """An `Apply` for hot paths: ``apply`` makes the move itself, in the one statement that has the effect.

    That saves three of four round trips. It raises LeaseLostError where the move doesn't count.
    """

    apply: Callable[[Move, Sequence[StoredEvent]], Awaitable[AfterCommit | None]]


Wants = Callable[[StoredEvent], bool]

_log = structlog.get_logger(__name__)


class LogRewrittenError(Exception):
    """The log holds another event at a position than the one that was applied: it was restored or rewritten."""


class LeaseLostError(Exception):
    """Another process owns the shard now."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a shard was applied. ``event_id`` is None at position 0."""

    epoch: int
    position: int
    event_id: uuid.UUID | None


class Subscription:
    """Follows the shards that this process has a lease on, and applies what ``wants`` selects."""

    def __init__(
        self,
        name: str,
        schema: str,
        database: Database,
        reader: LogReader,
        heads: HeadWatch,
        apply: Apply | AtOnce,
        *,
        wants: Wants = lambda event: True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._sql = _Sql(schema)
        self._database = database
        self._reader = reader
        self._heads = heads
        self._apply = apply
        self._wants = wants
        self._monotonic = monotonic
        self.alarms: dict[int, str] = {}  # by shard: why it stands still until an operator has looked
        self._owner = uuid.uuid4()
        self._followers: dict[int, asyncio.Task[None]] = {}
        self._leasing: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Begins to take leases and to follow."""
        self._leasing = asyncio.create_task(self._keep_leases(), name=f"{self.name}-leases")

    async def stop(self) -> None:
        """Finishes the batches under way, stores positions, gives up the leases."""
        self._stopping.set()
        if self._leasing is not None:
            self._leasing.cancel()
            await asyncio.gather(self._leasing, return_exceptions=True)
        await asyncio.gather(*self._followers.values(), return_exceptions=True)
        self._followers.clear()
        try:
            await self._database.execute(self._sql.release, self.name, self._owner)
            await self._database.execute(self._sql.leave, self.name, self._owner)
        except UnavailableError as error:
            _log.warning("leases_not_released", subscription=self.name, reason=error.message)

    async def _keep_leases(self) -> None:
        while True:
            try:
                await self._miss_positions()
                await self._share_out()
            except UnavailableError as error:
                _log.warning("leases_unavailable", subscription=self.name, reason=error.message)
            except Exception:
                # Whatever it is, the next round may do: without leases nobody would follow, and nobody would know.
                _log.exception("leases_failed", subscription=self.name)
            await asyncio.sleep(RENEW_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311 - jitter

    async def _miss_positions(self) -> None:
        for row in await self._database.fetch(self._sql.missing, self.name):
            if row["shard"] not in self.alarms:
                self.alarms[row["shard"]] = "no position: run `pushward init`"
                _log.critical("position_missing", subscription=self.name, shard=row["shard"])

    async def _share_out(self) -> None:
        await self._database.execute(self._sql.join, self.name, self._owner, LEASE_SECONDS)
        rows = await self._database.fetch(self._sql.claim, self.name, self._owner, LEASE_SECONDS)
        owned = {row["shard"]: Position(row["epoch"], row["position"], row["event_id"]) for row in rows}
        for shard in [shard for shard in self._followers if shard not in owned]:
            follower = self._followers.pop(shard)
            follower.cancel()
        for shard, position in owned.items():
            follower_now = self._followers.get(shard)
            if follower_now is None or follower_now.done():
                self._followers[shard] = asyncio.create_task(
                    self._follow(shard, position), name=f"{self.name}-shard-{shard}"
                )

    async def _follow(self, shard: int, position: Position) -> None:
        delay_seconds = RETRY_SECONDS_MIN
        try:
            await self._verify(shard, position)
            progress = _Progress(position, self._monotonic())
            while not self._stopping.is_set():
                try:
                    await self._advance(shard, progress)
                    delay_seconds = RETRY_SECONDS_MIN
                except (HoleError, LeaseLostError):
                    raise
                except Exception as error:
                    if not isinstance(error, PushwardError):
                        _log.exception("subscription_failed", subscription=self.name, shard=shard)
                    await self._pause(delay_seconds)
                    delay_seconds = min(delay_seconds * 2, RETRY_SECONDS_MAX)
            await self._store(shard, progress)
        except LeaseLostError:
            _log.info("shard_lost", subscription=self.name, shard=shard)
        except (HoleError, LogRewrittenError) as error:
            self.alarms[shard] = str(error)
            _log.critical("shard_stopped", subscription=self.name, shard=shard, reason=str(error))
            await self._stopping.wait()  # keeps the lease, so that nobody goes on; an operator must look

    async def _advance(self, shard: int, progress: "_Progress") -> None:
        """Waits for events, or for the time to store a lazy position; applies what there is."""
        if not await self._has_news(shard, progress):
            await self._store(shard, progress)
            return
        events = await self._reader.read(shard, progress.current.position, BATCH_EVENTS_MAX)
        if not events:
            return
        reached = Position(progress.current.epoch, events[-1].position, events[-1].event_id)
        wanted = [event for event in events if self._wants(event)]
        if wanted:
            after_commit = await self._apply_and_move(shard, progress.stored, reached, wanted)
            progress.stored = reached
            progress.stored_at = self._monotonic()
            if after_commit is not None:
                after_commit()
        progress.current = reached
        if self._monotonic() - progress.stored_at > LAZY_SECONDS_MAX:
            await self._store(shard, progress)

    async def _apply_and_move(
        self, shard: int, seen: Position, to: Position, wanted: Sequence[StoredEvent]
    ) -> AfterCommit | None:
        if isinstance(self._apply, AtOnce):
            move = Move(self.name, shard, self._owner, seen.position, to.position, to.event_id)
            return await self._apply.apply(move, wanted)
        async with self._database.transaction() as connection:
            after_commit = await self._apply(connection, wanted)
            await self._move(connection, shard, seen, to)
        return after_commit

    async def _has_news(self, shard: int, progress: "_Progress") -> bool:
        """Waits until the shard grows or the process stops; False when a lazy position is due instead."""
        if self._heads.head(shard) > progress.current.position:
            return True
        timeout = LAZY_SECONDS_MAX if progress.lazy else None
        grown = asyncio.create_task(self._heads.beyond(shard, progress.current.position))
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({grown, stopped}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            return grown.done()
        finally:
            grown.cancel()
            stopped.cancel()

    async def _store(self, shard: int, progress: "_Progress") -> None:
        if progress.lazy:
            await self._move(self._database, shard, progress.stored, progress.current)
            progress.stored = progress.current
        progress.stored_at = self._monotonic()

    async def _move(self, through: Any, shard: int, seen: Position, to: Position) -> None:  # Any: as in Apply
        moved = await through.fetchrow(
            self._sql.move, self.name, shard, self._owner, seen.position, to.position, to.event_id
        )
        if moved is None:
            raise LeaseLostError(f"{self.name}/{shard}")

    async def _verify(self, shard: int, position: Position) -> None:
        """The log must still hold what was applied last."""
        if position.position == 0:
            return
        event = await self._reader.event_at(shard, position.position)
        if event is None or event.event_id != position.event_id:
            raise LogRewrittenError(f"{self.name}: shard {shard} holds another event at {position.position}")

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


@dataclass(slots=True)
class _Progress:
    """``current`` is what was read and applied, ``stored`` what the table says; they differ by unwanted events only."""

    current: Position
    stored_at: float
    stored: Position = field(init=False)

    def __post_init__(self) -> None:
        self.stored = self.current

    @property
    def lazy(self) -> bool:
        return self.current != self.stored


class _Sql:
    """The statements on ``<schema>.subscription``; the schema's name comes from our own code."""

    def __init__(self, schema: str) -> None:
        self.missing = f"""
            SELECT shard FROM log.shard
            EXCEPT
            SELECT shard FROM {schema}.subscription WHERE name = $1"""  # noqa: S608
        self.join = f"""
            INSERT INTO {schema}.subscription_member AS m (name, owner, seen_until)
            VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
            ON CONFLICT (name, owner) DO UPDATE SET seen_until = EXCLUDED.seen_until"""  # noqa: S608
        self.leave = f"""
            DELETE FROM {schema}.subscription_member
             WHERE name = $1 AND (owner = $2 OR seen_until < clock_timestamp())"""  # noqa: S608
        self.claim = f"""
            WITH share AS (
                SELECT ceil(count(*)::numeric / greatest(1, (
                           SELECT count(*) FROM {schema}.subscription_member
                            WHERE name = $1 AND seen_until > clock_timestamp())))::int AS shards
                  FROM {schema}.subscription WHERE name = $1
            ),
            mine AS (
                SELECT shard FROM {schema}.subscription
                 WHERE name = $1 AND owner = $2
                 ORDER BY shard LIMIT (SELECT shards FROM share) FOR UPDATE
            ),
            free AS (
                SELECT shard FROM {schema}.subscription
                 WHERE name = $1 AND (owner IS NULL OR owner <> $2 AND leased_until < clock_timestamp())
                 ORDER BY shard
                 LIMIT (SELECT greatest(0, s.shards - (SELECT count(*) FROM mine)) FROM share AS s)
                 FOR UPDATE SKIP LOCKED
            ),
            surplus AS (
                UPDATE {schema}.subscription SET owner = NULL, leased_until = NULL
                 WHERE name = $1 AND owner = $2 AND shard NOT IN (SELECT shard FROM mine)
            )
            UPDATE {schema}.subscription AS s
               SET owner = $2, leased_until = clock_timestamp() + make_interval(secs => $3)
             WHERE name = $1 AND shard IN (SELECT shard FROM mine UNION ALL SELECT shard FROM free)
            RETURNING s.shard, s.epoch, s.position, s.event_id"""  # noqa: S608
        self.move = f"""
            UPDATE {schema}.subscription SET position = $5, event_id = $6
             WHERE name = $1 AND shard = $2 AND owner = $3 AND position = $4
            RETURNING shard"""  # noqa: S608
        self.release = f"""
            UPDATE {schema}.subscription SET owner = NULL, leased_until = NULL
             WHERE name = $1 AND owner = $2"""  # noqa: S608
