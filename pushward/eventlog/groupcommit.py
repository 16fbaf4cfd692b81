"""Group commit: whatever gathered while the last commit ran goes into the next one.

A *lane* is one worker that commits batches for some shards, one at a time, without a linger timer. Appends of one batch
succeed or fail each on its own. No two appends of a batch touch the same stream, unless both only read it: the later
one waits for the next batch.

    the batch fails, the database is there   each of its appends is tried once alone: only the culprit fails
    the tables are another release's         refused at once, and this process is no longer ready
    the connection is lost                   the same batch again, idempotent, until RETRY_SECONDS_MAX have passed

A commit runs in the lane's own task: a caller that is cancelled loses its answer, never somebody's batch.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

import structlog

from pushward.errors import PushwardError, RevisionRefusedError, TooManyRequestsError, UnavailableError
from pushward.eventlog.event import StoredEvent, stored_event
from pushward.eventlog.port import Append, Appended, AppendError, AppendRejectedError

BATCH_APPENDS_MAX: Final = 256
QUEUE_APPENDS_MAX: Final = 4_096
RETRY_SECONDS_MAX: Final = 5.0
RETRY_DELAY_SECONDS: Final = 0.1
OVERLOADED_RETRY_AFTER_SECONDS: Final = 1
OTHER_RELEASE: Final = "the state tables belong to another release"

Outcome = Appended | AppendError
CommitHook = Callable[[Sequence[StoredEvent]], None]
"""Called after a commit with what it stored on one shard, in order."""

_log = structlog.get_logger(__name__)


class Committer(Protocol):
    """Commits one batch in one transaction."""

    async def commit(self, batch: Sequence[Append]) -> Sequence[Outcome]:
        """Each append's outcome, in order.

        Raises UnavailableError when the database is away (the outcome is then unknown), and whatever the database
        says when it refuses the batch as a whole.
        """
        ...

    async def close(self) -> None:
        """Gives up what it holds."""
        ...


@dataclass(slots=True)
class _Pending:
    append: Append
    done: asyncio.Future[Appended]
    queued_at: float
    written: frozenset[UUID] = field(init=False)
    read: frozenset[UUID] = field(init=False)

    def __post_init__(self) -> None:
        self.written = frozenset(write.stream_id for write in self.append.writes)
        self.read = frozenset(guard.stream_id for guard in self.append.guards)


class Lane:
    """One queue and the task that empties it."""

    def __init__(self, committer: Committer, on_commit: CommitHook, *, monotonic: Callable[[], float]) -> None:
        self._committer = committer
        self._on_commit = on_commit
        self._monotonic = monotonic
        self._queue: deque[_Pending] = deque()
        self._filled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self.refused = False

    async def append(self, append: Append) -> Appended:
        """Queues an append and waits for its outcome. Raises AppendError, TooManyRequestsError, UnavailableError."""
        if self._closing:
            raise UnavailableError("This process is shutting down. Try again.")
        if len(self._queue) >= QUEUE_APPENDS_MAX:
            raise TooManyRequestsError(
                "The service is overloaded. Try again later.", retry_after_seconds=OVERLOADED_RETRY_AFTER_SECONDS
            )
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="append-lane")
        pending = _Pending(append, asyncio.get_running_loop().create_future(), self._monotonic())
        self._queue.append(pending)
        self._filled.set()
        return await pending.done

    async def close(self) -> None:
        """Takes nothing more, commits what was taken, ends."""
        self._closing = True
        self._filled.set()
        if self._task is not None:
            await self._task
        await self._committer.close()

    async def _run(self) -> None:
        while self._queue or not self._closing:
            if not self._queue:
                self._filled.clear()
                await self._filled.wait()
                continue
            await self._commit(take_batch(self._queue))

    async def _commit(self, batch: list[_Pending]) -> None:
        while True:
            try:
                outcomes = await self._committer.commit([pending.append for pending in batch])
            except RevisionRefusedError as error:
                self.refused = True
                _fail(batch, error)
                return
            except UnavailableError as error:
                batch = self._give_up_on_old(batch, error)
                if not batch:
                    return
                await asyncio.sleep(RETRY_DELAY_SECONDS)
            except PushwardError as error:
                _fail(batch, error)
                return
            except Exception as error:  # the database refused the batch: find the culprit
                await self._commit_each_alone(batch, error)
                return
            else:
                self._settle(batch, outcomes)
                return

    async def _commit_each_alone(self, batch: list[_Pending], refused: Exception) -> None:
        if len(batch) == 1:
            # A database's message may quote the row; its class and code say enough.
            sqlstate = getattr(refused, "sqlstate", None)
            constraint = getattr(refused, "constraint_name", None)
            _log.error("append_rejected", error=type(refused).__name__, sqlstate=sqlstate, constraint=constraint)
            rejected = AppendRejectedError(type(refused).__name__)
            rejected.__cause__ = refused
            _fail(batch, rejected)
            return
        for pending in batch:
            await self._commit([pending])

    def _give_up_on_old(self, batch: list[_Pending], error: UnavailableError) -> list[_Pending]:
        """The members of ``batch`` that may wait on; fails the others and whatever in the queue is as old."""
        oldest = self._monotonic() - RETRY_SECONDS_MAX
        _fail([pending for pending in batch if pending.queued_at <= oldest], error)
        while self._queue and self._queue[0].queued_at <= oldest:
            _fail([self._queue.popleft()], error)
        return [pending for pending in batch if pending.queued_at > oldest]

    def _settle(self, batch: list[_Pending], outcomes: Sequence[Outcome]) -> None:
        stored: dict[int, list[StoredEvent]] = {}
        for pending, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Appended):
                if not outcome.again:
                    stored.setdefault(outcome.shard, []).extend(stored_events(pending.append, outcome))
                if not pending.done.done():
                    pending.done.set_result(outcome)
            else:
                _fail([pending], outcome)
        for events in stored.values():
            self._on_commit(events)


class GroupCommitLog:
    """An EventLog of several lanes; a shard always takes the same one."""

    def __init__(
        self,
        committers: Sequence[Committer],
        *,
        on_commit: CommitHook = lambda events: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lanes = tuple(Lane(committer, on_commit, monotonic=monotonic) for committer in committers)

    def problem(self) -> str | None:
        """Why nothing can be appended any more, for readiness: the state tables are another release's by now."""
        return OTHER_RELEASE if any(lane.refused for lane in self._lanes) else None

    async def append(self, append: Append) -> Appended:
        """Appends. Raises AppendError, TooManyRequestsError (queue full), UnavailableError (database away)."""
        return await self._lanes[append.shard % len(self._lanes)].append(append)

    async def close(self) -> None:
        """Commits what was taken and closes every lane."""
        await asyncio.gather(*(lane.close() for lane in self._lanes))


def take_batch(queue: deque[_Pending]) -> list[_Pending]:
    """Takes what can be committed together, in order; leaves what touches a stream that was taken, or waits for one."""
    batch: list[_Pending] = []
    left: list[_Pending] = []
    written: set[UUID] = set()
    read: set[UUID] = set()
    while queue and len(batch) < BATCH_APPENDS_MAX:
        pending = queue.popleft()
        clashes = not (
            pending.written.isdisjoint(written)
            and pending.written.isdisjoint(read)
            and pending.read.isdisjoint(written)
        )
        # What is left behind counts as well, or a later append would overtake an earlier one on the same stream.
        written |= pending.written
        read |= pending.read
        (left if clashes else batch).append(pending)
    queue.extendleft(reversed(left))
    return batch


def stored_events(append: Append, outcome: Appended) -> list[StoredEvent]:
    """An append's events as the log holds them: they lie side by side, the last at the outcome's position."""
    events = [event for write in append.writes for event in write.events]
    before = outcome.position - len(events)
    return [stored_event(append.shard, position, event) for position, event in enumerate(events, start=before + 1)]


def _fail(batch: Sequence[_Pending], error: Exception) -> None:
    for pending in batch:
        if not pending.done.done():
            pending.done.set_exception(error)
