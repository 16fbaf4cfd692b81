"""Follows shards of a source and applies each event once, in order, to the caller's own store.

    load positions ──► begin each shard ──► read ──► apply with the position, in the caller's transaction ──► read …

Crash-only: killed at any moment it goes on from the stored positions. It ends only with an error (errors.py) or when it
is cancelled; what ``Store.apply`` raises is passed on. Start it again when the cause is gone.
"""

import asyncio
from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Final, Literal

import structlog

from pushward.subscribe.errors import HoleError, PositionMissingError, UnknownShardError
from pushward.subscribe.port import Batch, Source, Store, Stretch
from pushward.subscribe.rule import Position

BATCH_EVENTS_MAX: Final = 500

Start = Literal["beginning", "head"]
"""Where a shard without a stored position starts: at its first event, or with what happens from now on."""

_log = structlog.get_logger(__name__)


class Subscriber:
    """Follows ``shards``; None: all. Without ``start`` a shard that has no position is an error.

    To share the work, give processes different shards.
    """

    def __init__(
        self,
        source: Source,
        store: Store,
        *,
        start: Start | None = None,
        shards: Collection[int] | None = None,
        batch_events_max: int = BATCH_EVENTS_MAX,
    ) -> None:
        self._source = source
        self._store = store
        self._start = start
        self._shards = shards
        self._batch_events_max = batch_events_max

    async def run(self) -> None:
        """Follows until it is cancelled. Raises SubscribeError, and what the store raises."""
        shards = await self._wanted()
        positions = await self._positions(shards, await self._store.load())
        followers = [
            asyncio.create_task(self._follow(shard, position), name=f"subscriber-{shard}")
            for shard, position in positions.items()
        ]
        try:
            done, _ = await asyncio.wait(followers, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for follower in followers:
                follower.cancel()
            await asyncio.gather(*followers, return_exceptions=True)
        for ended in done:
            ended.result()

    async def _wanted(self) -> Collection[int]:
        count = await self._source.shards()
        wanted = range(count) if self._shards is None else self._shards
        if unknown := sorted(shard for shard in wanted if not 0 <= shard < count):
            raise UnknownShardError(f"there are {count} shards, no shard {unknown[0]}")
        return wanted

    async def _positions(self, shards: Collection[int], stored: Mapping[int, Position]) -> Mapping[int, Position]:
        missing = [shard for shard in shards if shard not in stored]
        if missing and self._start is None:
            raise PositionMissingError(
                f"shard {missing[0]} has no stored position. Say where to start: at the beginning, or at the head."
            )
        found = {shard: stored[shard] for shard in shards if shard in stored}
        return found | {shard: await self._install(shard) for shard in missing}

    async def _install(self, shard: int) -> Position:
        """Stores where a shard starts before anything happens, so that it can't start anywhere else later."""
        head = await self._source.head(shard)
        start = head if self._start == "head" else Position(head.epoch, 0, None)
        await self._store.apply(Batch(shard, None, start, ()))
        _log.info("subscriber_installed", shard=shard, position=start.position, epoch=start.epoch)
        return start

    async def _follow(self, shard: int, last: Position) -> None:
        await self._source.begin(shard, last)
        while True:
            stretch = await self._source.read(shard, last, self._batch_events_max)
            _check(stretch, last)
            if stretch.through > last.position:
                batch = Batch(shard, last, stretch.to(), stretch.events)
                await self._store.apply(batch)
                last = batch.to


def _check(stretch: Stretch, last: Position) -> None:
    """What a source promises; a source that breaks it would lose events."""
    positions = [event.position for event in stretch.events]
    bounds = [stretch.after, *positions, stretch.through + 1]
    ordered = all(earlier < later for earlier, later in pairwise(bounds))
    if stretch.after != last.position or not ordered:
        raise HoleError(
            f"shard {stretch.shard}: after {last.position} the source gave {positions} "
            f"as all from {stretch.after} through {stretch.through}"
        )
