"""Which factors have open streams here, and what each signal means to them.

A signal about a factor that nobody here listens for costs a dictionary lookup and no call.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Final

import structlog

from pushward.api.challenge.v1.challenge_pb2 import GetPromptRequest
from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesStub
from pushward.api.common.v1.common_pb2 import DevicePrincipal
from pushward.api.notifier.v1.notifier_pb2 import Signal
from pushward.api.notifier.v1.notifier_pb2_grpc import NotifierStub
from pushward.errors import NotFoundError, PushwardError, UnavailableError
from services.edge.app.streams.follower import RETRY_AFTER_SECONDS, Follower
from services.edge.app.streams.places import Places
from services.edge.app.streams.stream import CHALLENGE_TYPE, ChallengeEvent, DeviceStream, EndReason, event

STREAMS_MAX: Final = 10_000
PROMPTS_IN_FLIGHT_MAX: Final = 256

_log = structlog.get_logger(__name__)


class StreamHub:
    """All open device streams of this process."""

    def __init__(self, notifier: NotifierStub, challenges: ChallengesStub) -> None:
        self._challenges = challenges
        self._follower = Follower(notifier, self._take, self._lost)
        self._places = Places(notifier)
        self._streams: dict[str, set[DeviceStream]] = {}  # by factor
        self._count = 0
        self._prompts: set[asyncio.Task[None]] = set()
        self._draining = False

    @asynccontextmanager
    async def open(self, device: DevicePrincipal) -> AsyncIterator[DeviceStream]:
        """A stream that misses nothing from the moment it is given.

        Raises UnavailableError while nothing can be followed, TooManyRequestsError when the factor has no place left.
        """
        if self._draining or self._count >= STREAMS_MAX:
            raise UnavailableError("No more streams here. Try again.", retry_after_seconds=RETRY_AFTER_SECONDS)
        stream = DeviceStream(device)
        self._add(stream)
        try:
            await self._follower.following()
            async with self._places.place(stream.factor_sid):
                yield stream
        finally:
            self._remove(stream)

    def drain(self) -> None:
        """Ends all streams and opens none."""
        self._draining = True
        self._end_where(lambda _: True, EndReason.SHUTDOWN)

    async def stop(self) -> None:
        """Follows nothing any more. Streams must have ended."""
        await self._follower.stop()
        for prompt in self._prompts:
            prompt.cancel()
        if self._prompts:
            await asyncio.wait(self._prompts)
        await self._places.stop()

    def _add(self, stream: DeviceStream) -> None:
        self._streams.setdefault(stream.factor_sid, set()).add(stream)
        self._count += 1

    def _remove(self, stream: DeviceStream) -> None:
        siblings = self._streams[stream.factor_sid]
        siblings.remove(stream)
        if not siblings:
            del self._streams[stream.factor_sid]
        self._count -= 1

    def _all(self) -> Iterator[DeviceStream]:
        return (stream for siblings in self._streams.values() for stream in siblings)

    def _of_factor(self, factor_sid: str) -> set[DeviceStream]:
        return self._streams.get(factor_sid, set())

    def _end_where(self, concerns: Callable[[DeviceStream], bool], reason: EndReason | None) -> None:
        for stream in self._all():
            if concerns(stream):
                stream.end(reason)

    def _lost(self) -> None:
        self._end_where(lambda _: True, None)

    def _take(self, signal: Signal) -> None:
        match signal.WhichOneof("kind"):
            case "challenge_created":
                created = signal.challenge_created
                if created.factor_sid in self._streams:
                    self._announce(created.factor_sid, created.challenge_sid)
            case "factor_deleted":
                for stream in self._of_factor(signal.factor_deleted.factor_sid):
                    stream.end(EndReason.FACTOR_DELETED)
            case "entity_deleted":
                entity_sid = signal.entity_deleted.entity_sid
                self._end_where(lambda stream: stream.entity_sid == entity_sid, EndReason.FACTOR_DELETED)
            case "service_deleted":
                service_sid = signal.service_deleted.service_sid
                self._end_where(lambda stream: stream.service_sid == service_sid, EndReason.FACTOR_DELETED)
            case "account_disabled":
                account_sid = signal.account_disabled.account_sid
                self._end_where(lambda stream: stream.account_sid == account_sid, EndReason.ACCOUNT_DISABLED)
            case unknown:
                _log.warning("signal_unknown", kind=unknown)  # a newer notifier; what we don't know we can't miss

    def _announce(self, factor_sid: str, challenge_sid: str) -> None:
        if len(self._prompts) >= PROMPTS_IN_FLIGHT_MAX:
            self._give_up(factor_sid, "too many prompts in flight")
            return
        prompt = asyncio.create_task(self._prompt(factor_sid, challenge_sid))
        self._prompts.add(prompt)
        prompt.add_done_callback(self._prompts.discard)

    async def _prompt(self, factor_sid: str, challenge_sid: str) -> None:
        try:
            prompt = await self._challenges.GetPrompt(GetPromptRequest(challenge_sid=challenge_sid))
        except NotFoundError:
            return  # answered meanwhile, or expired
        except PushwardError as error:
            self._give_up(factor_sid, type(error).__name__)
            return
        announcement = ChallengeEvent(CHALLENGE_TYPE, prompt.challenge_sid, prompt.factor_sid, prompt.message)
        encoded = event("challenge", announcement)
        for stream in self._of_factor(factor_sid):
            stream.offer(encoded)

    def _give_up(self, factor_sid: str, cause: str) -> None:
        """A stream that would have missed a challenge ends instead, so that its device polls."""
        _log.warning("prompt_not_shown", cause=cause)
        for stream in self._of_factor(factor_sid):
            stream.end(None)
