"""Records that a challenge's date has passed: on a read that meets it, and by a sweep for those that nobody reads.

A challenge is shown as expired only once the log says so; then it can't become anything else.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.eventlog.epoch import History
from pushward.periodic import Periodic
from services.challenge.app.origins import expiry_origin
from services.challenge.app.ports import ChallengeStore
from services.challenge.domain.decider import decide_expire
from services.challenge.domain.state import Challenge, ChallengeState

SWEEP_SECONDS: Final = 1.0
"""At most 5 s may pass until an expiry is recorded (contract section 10)."""
SWEEP_CHALLENGES_MAX: Final = 500
TOGETHER_MAX: Final = 64
"""Expiries under way at once: they share commits, but must not fill the queue."""

_log = structlog.get_logger(__name__)


class Expiry:
    """Appends ChallengeExpired where it is due."""

    def __init__(self, runner: CommandRunner, aggregate: Aggregate[ChallengeState], store: ChallengeStore) -> None:
        self._runner = runner
        self._aggregate = aggregate
        self._store = store

    async def expire(self, challenge: Challenge) -> ChallengeState:
        """The challenge as the log has it once its expiry is recorded, if it is due."""

        async def plan() -> Plan[ChallengeState]:
            loaded = await self._store.load(challenge.stream_id)
            events = decide_expire(loaded.state, loaded.now)
            change = Change(self._aggregate, challenge.stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: after[0])

        return await self._runner.run(challenge.stream_id, expiry_origin(challenge.account_sid), plan)

    async def settled(self, challenges: Sequence[Challenge], now: datetime) -> list[Challenge]:
        """``challenges`` in their order, those that were due at ``now`` as the log has them after."""
        due = [challenge for challenge in challenges if challenge.is_due(now)]
        if not due:
            return list(challenges)
        after = {}
        for start in range(0, len(due), TOGETHER_MAX):
            some = due[start : start + TOGETHER_MAX]
            states = await asyncio.gather(*map(self.expire, some))
            after.update({state.challenge.sid: state.challenge for state in states if state.challenge})
        return [after.get(challenge.sid, challenge) for challenge in challenges]


class Sweeper:
    """Sweeps at a steady pace. Several processes may: one of them records an expiry, the others see it done.

    While the log's ``history`` has a problem nothing is recorded: a restored backup is full of what is due.
    """

    def __init__(
        self, expiry: Expiry, store: ChallengeStore, history: History, *, pause_seconds: float = SWEEP_SECONDS
    ) -> None:
        self._expiry = expiry
        self._store = store
        self._history = history
        self._turns = Periodic("challenge-sweeper", self._has_more, pause_seconds=pause_seconds)

    async def start(self) -> None:
        """Begins to sweep."""
        await self._turns.start()

    async def stop(self) -> None:
        """Finishes the sweep under way."""
        await self._turns.stop()

    async def sweep(self) -> int:
        """Records at most SWEEP_CHALLENGES_MAX expiries that are due; says how many."""
        if await self._history.problem() is not None:
            return 0  # readiness says so
        challenges = await self._store.due(SWEEP_CHALLENGES_MAX)
        recorded = 0
        for start in range(0, len(challenges), TOGETHER_MAX):
            some = challenges[start : start + TOGETHER_MAX]
            outcomes = await asyncio.gather(*map(self._expiry.expire, some), return_exceptions=True)
            for challenge, outcome in zip(some, outcomes, strict=True):
                if isinstance(outcome, BaseException):
                    _log.warning("challenge_not_expired", challenge_sid=challenge.sid, exc_info=outcome)
                else:
                    recorded += 1
        return recorded

    async def _has_more(self) -> bool:
        return await self.sweep() >= SWEEP_CHALLENGES_MAX
