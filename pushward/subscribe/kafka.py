"""The topic as a source, its holes filled from another one: the log, for the platform team.

Positions are the log's, not Kafka's offsets: the topic may be emptied by retention, deleted and made again, and may
hold duplicates. Where to begin follows from how the relay writes: a record with position p has an offset of at least
p - 1 (docs/adr/0021), so whoever reads from offset ``last.position - 1`` meets all that follows. What was applied is
dropped, what is missing is filled; without ``fill`` it is a HoleError.

    broker away           the client comes back by itself; the first connection is tried until it stands
    offset out of range   the topic was emptied or made anew: sought again, at the same position
    a hole                filled; without ``fill`` sought again once, for the topic may have been rebuilt under us
    silence               after QUIET_SECONDS the position is checked again: a new epoch is written to another topic,
                          and this one is silent for ever. Without ``fill`` a later epoch's topic tells
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from aiokafka.errors import OffsetOutOfRangeError

from pushward.eventlog.event import StoredEvent
from pushward.kafka.cluster import KafkaCluster
from pushward.kafka.record import Published, epoch_of, topic_of
from pushward.subscribe.errors import EpochChangedError, HoleError, PositionFromFutureError, SubscribeError
from pushward.subscribe.port import Source, Stretch
from pushward.subscribe.rule import Fate, Position, after, fate
from pushward.subscribe.topic import Topic

CLIENT_ID: Final = "pushward-subscriber"
QUIET_SECONDS: Final = 5.0
CHECK_SECONDS_MAX: Final = 5.0
"""For a check of a quiet shard, which may not keep it from what Kafka has when the source that fills is away."""


@dataclass(slots=True)
class _Place:
    """Where a shard is read: what was handed out last, and what was fetched beyond it."""

    shard: int
    last: Position
    fetched: deque[Published] = field(default_factory=deque)
    proven: bool = False  # the topic, or the source that fills, has shown the event at ``last``
    sought_again: bool = False
    checked_at: float = field(default_factory=time.monotonic)


class KafkaSource:
    """The topic of ``epoch``. Use it as an async context manager."""

    def __init__(
        self, cluster: KafkaCluster, *, epoch: int = 1, fill: Source | None = None, client_id: str = CLIENT_ID
    ) -> None:
        self._epoch = epoch
        self._topic = Topic(cluster, topic_of(epoch), client_id)
        self._fill = fill
        self._places: dict[int, _Place] = {}
        self._looked_at = time.monotonic()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._topic.close()

    async def shards(self) -> int:
        """How many partitions the topic has; waits until there is one. Raises RefusedError."""
        return await self._topic.partitions()

    async def head(self, shard: int) -> Position:
        """The last position of a shard: as the source that fills says, else of the partition's last record."""
        if self._fill is not None:
            return await self._fill.head(shard)
        start, end = await self._topic.ends(shard)
        while start < end:
            self._topic.go(shard, end - 1)
            try:
                if records := await self._topic.records(shard, 1):
                    return Position(records[0].epoch, records[0].event.position, records[0].event.event_id)
            except OffsetOutOfRangeError:
                pass  # made anew meanwhile
            start, end = await self._topic.ends(shard)
        return Position(self._epoch, 0, None)

    async def begin(self, shard: int, last: Position) -> None:
        """Checks a stored position where that can be done now, and goes there.

        Without a source that fills, the topic itself must still hold the event: the first read finds out.
        """
        if last.epoch != self._epoch:
            raise EpochChangedError(shard, last.epoch, self._epoch)
        if self._fill is not None:
            await self._fill.begin(shard, last)
        self._places[shard] = _Place(shard, last, proven=self._fill is not None or last.position == 0)
        await self._seek(self._places[shard])

    async def read(self, shard: int, last: Position, limit: int) -> Stretch:
        """What follows ``last``."""
        place = self._places.get(shard)
        if place is None or place.last != last:
            await self.begin(shard, last)
            place = self._places[shard]
        if not place.fetched:
            place.fetched.extend(await self._fetched(place, limit))
        stretch = self._sifted(place, limit)
        if not stretch.events and place.fetched:
            stretch = await self._filled(place, limit)
        await self._check_if_quiet(place, stretch)
        place.last = stretch.to()
        return stretch

    async def _check_if_quiet(self, place: _Place, stretch: Stretch) -> None:
        """Finds out a new epoch, and a log that was rewritten, where nothing comes. Raises SubscribeError."""
        now = time.monotonic()
        if stretch.through > place.last.position:
            place.checked_at = now
        elif now - place.checked_at >= QUIET_SECONDS:
            if self._fill is None:
                await self._look_for_later_epoch(place)
            else:
                await _checked(self._fill, place)
            place.checked_at = time.monotonic()

    async def _look_for_later_epoch(self, place: _Place) -> None:
        """One look for all shards: whichever sees it ends the subscriber."""
        if time.monotonic() - self._looked_at < QUIET_SECONDS:
            return
        self._looked_at = time.monotonic()
        latest = max((epoch_of(name) or 0 for name in await self._topic.names()), default=0)
        if latest > self._epoch:
            raise EpochChangedError(place.shard, self._epoch, latest)

    def _sifted(self, place: _Place, limit: int) -> Stretch:
        """The rule, until a hole or the limit; what lies beyond stays fetched."""
        last, events = place.last, list[StoredEvent]()
        while place.fetched and len(events) < limit:
            record = place.fetched[0]
            try:
                judged = fate(last, record.epoch, record.event)
            except SubscribeError:
                if events:
                    break  # what came before is given first
                raise
            match judged:
                case Fate.HOLE:
                    break
                case Fate.DROP:
                    place.proven = place.proven or record.event.position == last.position
                case Fate.APPLY:
                    _prove(place)
                    last = after(last, record.event)
                    events.append(record.event)
            place.fetched.popleft()
        place.sought_again = place.sought_again and not events
        return Stretch(place.shard, self._epoch, place.last.position, events, last.position, last.event_id)

    async def _filled(self, place: _Place, limit: int) -> Stretch:
        """What is missing before the next fetched record."""
        _prove(place)
        last, beyond = place.last, place.fetched[0].event.position
        if self._fill is not None:
            return await self._fill.read(place.shard, last, min(limit, beyond - 1 - last.position))
        if place.sought_again:
            raise HoleError(
                f"shard {place.shard}: the topic goes on at {beyond} after {last.position}. Fill from the log."
            )
        await self._seek(place)
        place.sought_again = True
        return Stretch(place.shard, self._epoch, last.position, (), last.position, last.event_id)

    async def _seek(self, place: _Place) -> None:
        """Goes where everything after the place's position is still to come."""
        place.fetched.clear()
        start, end = await self._topic.ends(place.shard)
        if not place.proven and end < place.last.position:
            raise PositionFromFutureError(
                f"shard {place.shard}: the stored position is {place.last.position}, the topic ends at {end}"
            )
        if not place.proven and start == end:
            raise _unproven(place)
        self._topic.go(place.shard, min(max(place.last.position - 1, start), end))

    async def _fetched(self, place: _Place, limit: int) -> Sequence[Published]:
        try:
            return await self._topic.records(place.shard, limit)
        except OffsetOutOfRangeError:
            await self._seek(place)
            return ()


async def _checked(fill: Source, place: _Place) -> None:
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            await fill.begin(place.shard, place.last)
    except TimeoutError:
        pass  # it is away, and will be asked again


def _prove(place: _Place) -> None:
    if not place.proven:
        raise _unproven(place)


def _unproven(place: _Place) -> HoleError:
    return HoleError(
        f"shard {place.shard}: the topic no longer holds position {place.last.position}, so nobody can tell whether "
        "it is the same log. Fill from the log."
    )
