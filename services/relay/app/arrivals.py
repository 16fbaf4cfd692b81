"""Tells who waits that an event of his account has come. What others do wakes nobody.

    idle ──first waiter of a shard──► following ──last one leaves──► idle

One follower for each shard that somebody waits on reads what is new from the tail, looks whose each event is, and rings
the waiters of that account. So an event costs one look, however many wait. A waiter that is rung looks for itself: a
ring too many costs a look, and none is left out.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from pushward.eventlog.heads import HeadWatch
from services.relay.app.ownership import owner_of

READ_EVENTS_MAX: Final = 500

_log = structlog.get_logger(__name__)


class _Shard:
    """Who waits on a shard, and through which position it was looked at for them."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.bells: dict[str, set[asyncio.Event]] = defaultdict(set)  # by account
        self.following: asyncio.Task[None] | None = None

    def ring(self, account_sid: str) -> None:
        for bell in self.bells.get(account_sid, ()):
            bell.set()

    def ring_all(self) -> None:
        for account_sid in self.bells:
            self.ring(account_sid)


class Arrivals:
    """All waiters of this process."""

    def __init__(self, heads: HeadWatch) -> None:
        self._heads = heads
        self._shards: dict[int, _Shard] = {}
        self._draining = False

    async def wait(self, account_sid: str, shard: int, position: int, seconds: float) -> bool:
        """Waits until there may be an event of the account's beyond a position; False if there is none in time."""
        with self._bell(account_sid, shard, position) as bell:
            try:
                async with asyncio.timeout(seconds):
                    await bell.wait()
            except TimeoutError:
                return False
        return not self._draining

    def drain(self) -> None:
        """Lets everybody go, now and from now on."""
        self._draining = True
        for shard in self._shards.values():
            shard.ring_all()

    @contextmanager
    def _bell(self, account_sid: str, number: int, position: int) -> Iterator[asyncio.Event]:
        bell = asyncio.Event()
        shard = self._shards.get(number)
        if shard is None:
            shard = self._shards[number] = _Shard(position)
        if self._draining or position < shard.position:
            bell.set()  # what lies between was looked at before this one came
        shard.bells[account_sid].add(bell)
        if shard.following is None or shard.following.done():
            shard.following = asyncio.create_task(self._follow(number, shard), name=f"arrivals-{number}")
        try:
            yield bell
        finally:
            self._leave(account_sid, number, bell)

    def _leave(self, account_sid: str, number: int, bell: asyncio.Event) -> None:
        shard = self._shards[number]
        shard.bells[account_sid].discard(bell)
        if not shard.bells[account_sid]:
            del shard.bells[account_sid]
        if not shard.bells:
            assert shard.following is not None
            shard.following.cancel()
            del self._shards[number]

    async def _follow(self, number: int, shard: _Shard) -> None:
        try:
            while True:
                await self._heads.beyond(number, shard.position)
                for event in await self._heads.tail.read(number, shard.position, READ_EVENTS_MAX):
                    shard.position = event.position
                    shard.ring(owner_of(event.envelope))
        except Exception as error:
            _log.warning("arrivals_ended", shard=number, reason=repr(error))
        finally:
            shard.ring_all()  # whatever it was: each who waits looks for himself, and meets it
