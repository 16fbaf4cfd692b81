"""Places for calls that wait for something to happen: bounded for the process, and for each account.

free ──waiting(account)──► taken ──the block ends──► free        drain() ends every wait, and those to come at once
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pushward.errors import TooManyRequestsError
from pushward.eventlog.heads import HeadWatch
from services.relay.app.arrivals import Arrivals
from services.relay.domain.bounds import WAIT_SECONDS_MAX, WAITING_MAX, WAITING_PER_ACCOUNT_MAX


class Waiting:
    """Who waits now."""

    def __init__(
        self,
        heads: HeadWatch,
        *,
        waiting_max: int = WAITING_MAX,
        waiting_per_account_max: int = WAITING_PER_ACCOUNT_MAX,
    ) -> None:
        self._arrivals = Arrivals(heads)
        self._waiting_max = waiting_max
        self._waiting_per_account_max = waiting_per_account_max
        self._taken: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many wait."""
        return self._taken.total()

    @contextmanager
    def place(self, account_sid: str) -> Iterator[None]:
        """A place while the block runs. Raises TooManyRequestsError."""
        if self.count >= self._waiting_max or self._taken[account_sid] >= self._waiting_per_account_max:
            raise TooManyRequestsError(
                "Too many calls wait for events already. Ask without waiting, or later.",
                retry_after_seconds=WAIT_SECONDS_MAX,
            )
        self._taken[account_sid] += 1
        try:
            yield
        finally:
            self._taken[account_sid] -= 1
            if not self._taken[account_sid]:
                del self._taken[account_sid]

    async def arrived(self, account_sid: str, shard: int, position: int, seconds: float) -> bool:
        """Waits until there may be an event of the account's beyond a position.

        False if there is none in time, or if this process leaves.
        """
        return await self._arrivals.wait(account_sid, shard, position, seconds)

    def drain(self) -> None:
        """Ends the waiting."""
        self._arrivals.drain()
