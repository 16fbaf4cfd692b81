"""The parked streams of one shard: passed over, not lost; made up for once an operator asks for it.

A stream is parked with the shard's move beyond its event, in one statement. From then on its events are passed over:
they stay in the log, and the row says from where on. Making up applies them in order, up to the shard's position, in
transactions that move the row's own position and at the end remove it; so each has its effect once, whoever dies.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog

from pushward.eventlog.event import StoredEvent
from pushward.eventlog.subscription.applying import Applying
from pushward.eventlog.subscription.effect import Position, Wants
from pushward.eventlog.subscription.errors import LeaseLostError, LogRewrittenError, TooManyParkedError
from pushward.eventlog.subscription.poison import PARKED_STREAMS_MAX, is_outage, told
from pushward.eventlog.subscription.positions import ParkedStream, Positions

MADE_UP_EVENTS_MAX: Final = 100
"""Of one transaction; the shard goes on in between only once the stream has caught up."""

_log = structlog.get_logger(__name__)


class ParkedStreams:
    """Which streams of a shard are passed over. ``asked``: an operator may want some made up for."""

    def __init__(self, name: str, shard: int, positions: Positions, applying: Applying, wants: Wants) -> None:
        self.asked = False
        self._name = name
        self._shard = shard
        self._positions = positions
        self._applying = applying
        self._wants = wants
        self._streams: set[UUID] = set()

    def __contains__(self, stream_id: UUID) -> bool:
        return stream_id in self._streams

    def __len__(self) -> int:
        return len(self._streams)

    async def load(self) -> None:
        """What the table says."""
        rows = await self._positions.parked(self._shard)
        self._streams = {row.stream_id for row in rows}
        self.asked = any(row.resume for row in rows)

    async def park(self, seen: Position, event: StoredEvent, error: Exception) -> None:
        """Passes over a stream from this event on. Raises TooManyParkedError, LeaseLostError."""
        if len(self._streams) >= PARKED_STREAMS_MAX:
            raise TooManyParkedError(
                f"{self._name}: {len(self._streams)} streams of shard {self._shard} are parked, and another one fails: "
                f"{told(error)}"
            )
        row = ParkedStream(self._shard, event.stream_id, event.position, event.event_id)
        await self._positions.park(seen, row, told(error))
        self._streams.add(event.stream_id)
        _log.critical(
            "stream_parked",
            subscription=self._name,
            shard=self._shard,
            stream=str(event.stream_id),
            position=event.position,
            reason=told(error),
        )

    async def make_up(self, reached: Position) -> None:
        """Applies what operators asked for, up to ``reached``, the shard's stored position."""
        for row in await self._positions.parked(self._shard):
            if row.resume:
                await self._make_up(row, reached)
        self.asked = False

    async def _make_up(self, parked: ParkedStream, reached: Position) -> None:
        limit = MADE_UP_EVENTS_MAX
        while True:
            events = await self._positions.events_of(parked, reached.position, limit + 1)
            if not events or events[0].event_id != parked.event_id:
                raise LogRewrittenError(
                    f"{self._name}: shard {self._shard} holds another event at {parked.position}, "
                    "where a stream is parked"
                )
            following = events[limit] if len(events) > limit else None
            try:
                await self._apply(parked, reached, events[:limit], following)
            except LeaseLostError:
                raise
            except Exception as error:
                if is_outage(error):
                    raise
                if limit > 1:
                    limit = 1  # as far as it goes
                    continue
                await self._stay(parked, error)
                return
            if following is None:
                self._streams.discard(parked.stream_id)
                _log.info("stream_resumed", subscription=self._name, shard=self._shard, stream=str(parked.stream_id))
                return
            parked = ParkedStream(self._shard, parked.stream_id, following.position, following.event_id, resume=True)

    async def _apply(
        self, parked: ParkedStream, reached: Position, events: Sequence[StoredEvent], following: StoredEvent | None
    ) -> None:
        wanted = [event for event in events if self._wants(event)]
        await self._applying.make_up(parked, self._positions.step(self._shard, reached, reached), wanted, following)

    async def _stay(self, parked: ParkedStream, error: Exception) -> None:
        await self._positions.stay_parked(parked, told(error))
        _log.error(
            "stream_still_parked",
            subscription=self._name,
            shard=self._shard,
            stream=str(parked.stream_id),
            position=parked.position,
            reason=told(error),
        )
