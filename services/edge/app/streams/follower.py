"""The one stream that this process holds from notifier: what happens, for all devices that listen here.

    idle ──first device──► connecting ──Following──► following ──lost──► waiting ──► connecting …

Only signals after `Following` are complete. Every loss is told at once: whoever listened may have missed something.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Final

import structlog

from pushward.api.notifier.v1.notifier_pb2 import FollowRequest, Signal
from pushward.api.notifier.v1.notifier_pb2_grpc import NotifierStub
from pushward.errors import PushwardError, UnavailableError

FOLLOWING_SECONDS_MAX: Final = 5.0
BACKOFF_SECONDS_MIN: Final = 0.1
BACKOFF_SECONDS_MAX: Final = 3.0
RETRY_AFTER_SECONDS: Final = 5

_log = structlog.get_logger(__name__)


class Follower:
    """Follows notifier from the first `following()` until `stop()`, through every loss."""

    def __init__(
        self, notifier: NotifierStub, on_signal: Callable[[Signal], None], on_lost: Callable[[], None]
    ) -> None:
        self._notifier = notifier
        self._on_signal = on_signal
        self._on_lost = on_lost
        self._is_following = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def following(self) -> None:
        """Returns once nothing is missed any more. Raises UnavailableError if that takes too long."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="edge-follow")
        if self._is_following.is_set():
            return
        try:
            async with asyncio.timeout(FOLLOWING_SECONDS_MAX):
                await self._is_following.wait()
        except TimeoutError as error:
            raise UnavailableError(
                "Streams aren't available now; list the pending challenges instead.",
                retry_after_seconds=RETRY_AFTER_SECONDS,
            ) from error

    async def stop(self) -> None:
        """Follows no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        backoff_seconds = BACKOFF_SECONDS_MIN
        while True:
            cause = await self._follow()
            if self._is_following.is_set():
                self._is_following.clear()
                self._on_lost()
                backoff_seconds = BACKOFF_SECONDS_MIN
            _log.warning("follow_lost", cause=cause, retry_seconds=backoff_seconds)
            await asyncio.sleep(backoff_seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, hides nothing
            backoff_seconds = min(backoff_seconds * 2, BACKOFF_SECONDS_MAX)

    async def _follow(self) -> str:
        """Follows until the stream ends; says why it did."""
        try:
            async for signal in self._notifier.Follow(FollowRequest()):
                if signal.WhichOneof("kind") == "following":
                    self._is_following.set()
                else:
                    self._on_signal(signal)
        except PushwardError as error:
            return type(error).__name__
        except Exception:
            _log.exception("signal_not_taken")  # our defect: whoever listened must be told that something was missed
            return "defect"
        return "ended"
