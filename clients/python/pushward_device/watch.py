"""New challenges as they come: listening where that is possible, asking again and again where it isn't.

Each round listens first and then looks at what is there, so nothing falls between the two. A lost stream, a restarted
server or a JWT at its end lead to the next round. Where there is no stream, a round only looks; what it then sees
decides whether going on makes sense. Pauses grow while nothing works, and are spread so that a restarted server
doesn't meet all devices at once. What is looked at is for a `Look` to say.
"""

import logging
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from pushward_device.challenges import Challenges
from pushward_device.clock import Clock
from pushward_device.errors import (
    ApiError,
    FactorDeletedError,
    NetworkError,
    NotFoundError,
    PushwardDeviceError,
    RateLimitedError,
    ServerUnavailableError,
)
from pushward_device.http import Connection
from pushward_device.models import Challenge, ChallengeStatus, Factor
from pushward_device.stream import FACTOR_DELETED, STREAM_PATH, ChallengeAnnounced, StreamEnded, messages

PAUSE_SECONDS_MIN = 1.0
POLL_SECONDS_MAX = 5.0
"""Between two lists while the server answers but gives no stream."""

AWAY_SECONDS_MAX = 60.0
"""Between two attempts while the server doesn't answer."""

STEADY_SECONDS = 30.0
"""A stream that lasted this long was a good one, however it ended."""

DOUBLINGS_MAX = 6
SEEN_MAX = 4096

_log = logging.getLogger("pushward_device")


class Look(Protocol):
    """What a watch hands out: it says when to look, this says at what."""

    def here(self) -> AsyncGenerator[Challenge, None]:
        """Of what is there now."""
        ...

    async def announced(self, challenge_sid: str) -> Challenge | None:
        """Of what was just announced."""
        ...


class PendingLook:
    """Every challenge that waits for an answer, once, fetched and ready to be shown and answered."""

    def __init__(self, challenges: Challenges, factor_sid: str) -> None:
        self._challenges = challenges
        self._factor_sid = factor_sid
        self._seen: dict[str, None] = {}

    async def here(self) -> AsyncGenerator[Challenge, None]:
        async with aclosing(self._challenges.iterate(self._factor_sid, ChallengeStatus.PENDING)) as listed:
            async for outline in listed:
                challenge = await self.announced(outline.sid)
                if challenge is not None:
                    yield challenge

    async def announced(self, challenge_sid: str) -> Challenge | None:
        if challenge_sid in self._seen:
            return None
        try:
            challenge = await self._challenges.get(self._factor_sid, challenge_sid)
        except NotFoundError:
            return None
        if len(self._seen) == SEEN_MAX:
            del self._seen[next(iter(self._seen))]
        self._seen[challenge_sid] = None
        return challenge if challenge.status is ChallengeStatus.PENDING else None


class Watch:
    """One factor's watch. Iterate `challenges()` once. `away` is why the server can't be asked now, None if it can."""

    def __init__(self, look: Look, connection: Connection, clock: Clock, factor: Factor) -> None:
        self._look = look
        self._connection = connection
        self._clock = clock
        self._factor = factor
        self._opened_at: float | None = None
        self._rounds_lost = 0
        self.away: PushwardDeviceError | None = None

    async def challenges(self) -> AsyncGenerator[Challenge, None]:
        """What the look hands out, as it comes.

        Raises FactorDeletedError, AuthenticationError or another error that trying again can't mend.
        """
        while True:
            try:
                async with aclosing(self._listened()) as found:
                    async for challenge in found:
                        yield challenge
                self._rounds_lost = 0
                pause_seconds = self._pause_seconds(POLL_SECONDS_MAX)
            except FactorDeletedError:
                raise
            except PushwardDeviceError as lost:
                self._count_loss(lost)
                try:
                    async with aclosing(self._here()) as found:
                        async for challenge in found:
                            yield challenge
                    pause_seconds = self._pause_seconds(POLL_SECONDS_MAX)
                except PushwardDeviceError as error:
                    if not _is_passing(error):
                        raise
                    self.away = error
                    pause_seconds = max(self._pause_seconds(AWAY_SECONDS_MAX), _asked_pause_seconds(error))
            await self._clock.sleep(pause_seconds)

    async def _listened(self) -> AsyncGenerator[Challenge, None]:
        self._opened_at = None
        async with self._connection.stream(STREAM_PATH, self._factor) as chunks:
            self._opened_at = self._clock.now()
            async with aclosing(self._here()) as found:
                async for challenge in found:
                    yield challenge
            async with aclosing(messages(chunks)) as said:
                async for message in said:
                    match message:
                        case StreamEnded(reason=reason) if reason == FACTOR_DELETED:
                            raise FactorDeletedError("The factor was deleted on the server: enrol this device again.")
                        case StreamEnded():
                            return
                        case ChallengeAnnounced() if message.factor_sid == self._factor.sid:
                            announced = await self._look.announced(message.challenge_sid)
                            if announced is not None:
                                yield announced
        raise NetworkError("The stream ended without a word.")

    async def _here(self) -> AsyncGenerator[Challenge, None]:
        async with aclosing(self._look.here()) as found:
            try:
                async for challenge in found:
                    yield challenge
                self.away = None
            except NotFoundError as error:
                if error.code is None:
                    raise
                raise FactorDeletedError(
                    "The factor, its entity or its service was deleted on the server: enrol this device again."
                ) from error

    def _count_loss(self, lost: PushwardDeviceError) -> None:
        was_steady = self._opened_at is not None and self._clock.now() - self._opened_at >= STEADY_SECONDS
        self._rounds_lost = 0 if was_steady else self._rounds_lost + 1
        _log.info("stream_lost", extra={"factor_sid": self._factor.sid, "cause": type(lost).__name__})

    def _pause_seconds(self, seconds_max: float) -> float:
        longest = min(seconds_max, PAUSE_SECONDS_MIN * 2 ** min(self._rounds_lost, DOUBLINGS_MAX))
        return random.uniform(longest / 2, longest)  # noqa: S311 - spreads devices, guards nothing


def _is_passing(error: PushwardDeviceError) -> bool:
    # Without the envelope it wasn't Pushward who answered: a proxy's 404 deletes no factor.
    not_from_server = isinstance(error, ApiError) and error.code is None
    return not_from_server or isinstance(error, NetworkError | ServerUnavailableError | RateLimitedError)


def _asked_pause_seconds(error: PushwardDeviceError) -> float:
    asked = error.retry_after_seconds if isinstance(error, ApiError) else None
    return min(asked or 0.0, AWAY_SECONDS_MAX)
