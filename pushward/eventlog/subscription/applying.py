"""An effect and its move, in one transaction: at once for the head of the shard, and for what was passed over."""

from collections.abc import Sequence
from typing import Any

from pushward.eventlog.event import StoredEvent
from pushward.eventlog.subscription.effect import AfterCommit, Apply, AtOnce, Move
from pushward.eventlog.subscription.lease import Lease
from pushward.eventlog.subscription.positions import ParkedStream, Positions


class Applying:
    """Applies events, while the lease lasts.

    Raises LeaseLostError where it has lapsed or the move doesn't count, and whatever the effect raises.
    """

    def __init__(self, positions: Positions, effect: Apply | AtOnce, lease: Lease) -> None:
        self._positions = positions
        self._lease = lease
        self._effect = effect

    async def apply(self, move: Move, events: Sequence[StoredEvent]) -> None:
        """The effect of new events."""
        self._lease.check()
        if isinstance(self._effect, AtOnce):
            after_commit = await self._effect.apply(self._positions.database, move, events)
        else:
            async with self._positions.database.transaction() as connection:
                after_commit = await self._apply_in(connection, move, events)
        _follow_up(after_commit)

    async def make_up(
        self, parked: ParkedStream, move: Move, events: Sequence[StoredEvent], following: StoredEvent | None
    ) -> None:
        """The effect of a parked stream's events up to ``following``, and the note that they were applied.

        ``move`` leaves the position as it is: it makes sure that the shard is ours.
        """
        self._lease.check()
        async with self._positions.database.transaction() as connection:
            after_commit = await self._apply_in(connection, move, events)
            await self._positions.made_up(connection, parked, following)
        _follow_up(after_commit)

    async def _apply_in(
        self, connection: Any, move: Move, events: Sequence[StoredEvent]
    ) -> AfterCommit | None:  # Any: asyncpg's connection
        if isinstance(self._effect, AtOnce) and events:
            return await self._effect.apply(connection, move, events)
        after_commit = None
        if events and not isinstance(self._effect, AtOnce):
            after_commit = await self._effect(connection, events)
        await self._positions.move(connection, move)
        return after_commit


def _follow_up(after_commit: AfterCommit | None) -> None:
    if after_commit is not None:
        after_commit()
