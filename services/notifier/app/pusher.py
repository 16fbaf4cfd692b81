"""Sends pushes that events ask for: stored with the subscription's position, taken with a lease, recorded afterwards.

An attempt asks challenge whether it still makes sense and registry where it goes; both are references until then. It
takes at most two questions of PEER_SECONDS and one SEND_SECONDS, less than the lease.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from pushward.api.challenge.v1 import challenge_pb2 as challenge_api
from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesStub
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import challenge_pb2, types_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.errors import NotFoundError, TooManyRequestsError, UnavailableError
from pushward.eventlog.codec import datetime_of
from pushward.eventlog.event import StoredEvent
from pushward.eventlog.subscription import AfterCommit
from pushward.values import NotificationPlatform
from services.notifier.app.ports import Pushes
from services.notifier.domain.push import (
    Finished,
    Push,
    PushChannel,
    Requested,
    Result,
    Status,
    Work,
    expires_at,
    judge,
)

PUSHES_AT_ONCE_MAX: Final = 64
PEER_SECONDS: Final = 5.0
SEND_SECONDS: Final = 10.0
POLL_SECONDS: Final = 1.0
AWAY_SECONDS: Final = 0.5

_PLATFORMS: Final = {
    common_pb2.NOTIFICATION_PLATFORM_FCM: NotificationPlatform.FCM,
    common_pb2.NOTIFICATION_PLATFORM_APN: NotificationPlatform.APN,
}

_log = structlog.get_logger(__name__)

Channels = Mapping[NotificationPlatform, PushChannel]


class Pusher:
    """Pushes of this process."""

    def __init__(
        self,
        pushes: Pushes,
        challenges: ChallengesStub,
        registry: RegistryStub,
        channels: Channels,
        *,
        poll_seconds: float = POLL_SECONDS,
        jitter: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311 - spreads load, hides nothing
    ) -> None:
        self._pushes = pushes
        self._challenges = challenges
        self._registry = registry
        self._channels = channels
        self._poll_seconds = poll_seconds
        self._jitter = jitter
        self._news = {platform: asyncio.Event() for platform in channels}
        self._loops: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        """Begins to send: a loop for each channel, so that a platform that is away slows no other."""
        self._loops = [
            asyncio.create_task(self._run(platform), name=f"notifier-pusher-{platform.value}")
            for platform in self._channels
        ]

    async def stop(self) -> None:
        """Lets the attempts under way finish, and records them."""
        self._stopping = True
        self._wake()
        await asyncio.gather(*self._loops)

    async def apply(self, connection: object, events: Sequence[StoredEvent]) -> AfterCommit:
        """The subscription's effect: the pushes that ``events`` ask for, in its transaction."""
        requested = [found for event in events if (found := requested_push(event)) is not None]
        await self._pushes.enqueue(connection, [(one, one.platform in self._channels) for one in requested])
        lost = [one for one in requested if one.platform not in self._channels]
        return lambda: self._committed(lost)

    def _committed(self, lost: Sequence[Requested]) -> None:
        self._wake()
        if lost:
            platforms = sorted({one.platform.value for one in lost})
            _log.warning(
                "pushes_undeliverable", platforms=platforms, count=len(lost), reason="no channel is configured"
            )

    def _wake(self) -> None:
        for news in self._news.values():
            news.set()

    async def _run(self, platform: NotificationPlatform) -> None:
        news = self._news[platform]
        while not self._stopping:
            news.clear()
            try:
                if not await self._send_due(platform):
                    await self._await(news)
            except UnavailableError as error:
                _log.warning("pushes_unavailable", reason=error.message)
                await asyncio.sleep(AWAY_SECONDS)
            except Exception:
                _log.exception("pusher_failed", platform=platform.value)
                await asyncio.sleep(AWAY_SECONDS)

    async def _send_due(self, platform: NotificationPlatform) -> bool:
        work = await self._pushes.take(platform, PUSHES_AT_ONCE_MAX)
        if work:
            await self._pushes.record(await asyncio.gather(*(self._attempt(one) for one in work)))
        return bool(work)

    async def _attempt(self, work: Work) -> Finished:
        result = Result.TOO_LATE if work.is_late else await self._send(work)
        verdict = judge(result, work.attempts, work.age_seconds, self._jitter(), work.ttl_seconds)
        if verdict.status in (Status.FAILED, Status.UNDELIVERABLE):
            _log.warning("push_failed", push=str(work.id), attempts=work.attempts, result=result.value)
        return Finished(work, result, verdict)

    async def _send(self, work: Work) -> Result:
        try:
            prompt = await self._challenges.GetPrompt(
                challenge_api.GetPromptRequest(challenge_sid=work.challenge_sid), timeout=PEER_SECONDS
            )
            target = await self._registry.GetPushTarget(
                registry_pb2.GetPushTargetRequest(factor_sid=work.factor_sid), timeout=PEER_SECONDS
            )
            platform = _PLATFORMS.get(target.platform)
            channel = self._channels.get(platform) if platform else None
            if channel is None:
                return Result.NO_CHANNEL
            async with asyncio.timeout(SEND_SECONDS):
                return await channel.send(_push(work, prompt, target))
        except NotFoundError:
            return Result.SUBJECT_GONE
        except (UnavailableError, TooManyRequestsError):
            return Result.OWNER_AWAY
        except TimeoutError:
            return Result.PLATFORM_AWAY
        except Exception:
            _log.exception("push_attempt_failed", push=str(work.id))
            return Result.DEFECT

    async def _await(self, news: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await news.wait()
        except TimeoutError:
            return


def wants_push(event: StoredEvent) -> bool:
    """Whether an event asks for a push."""
    return requested_push(event) is not None


def requested_push(event: StoredEvent) -> Requested | None:
    """The push that an event asks for: a new challenge's, where its factor has a platform, or a notification's."""
    match event.type:
        case types_pb2.EVENT_TYPE_CHALLENGE_CREATED:
            created = challenge_pb2.ChallengeCreated.FromString(event.payload)
            return _requested(event, created)
        case types_pb2.EVENT_TYPE_NOTIFICATION_REQUESTED:
            notification = challenge_pb2.NotificationRequested.FromString(event.payload)
            return _requested(event, notification, notification.notification_sid, notification.ttl_seconds)
        case _:
            return None


def _requested(
    event: StoredEvent,
    asked: challenge_pb2.ChallengeCreated | challenge_pb2.NotificationRequested,
    notification_sid: str = "",
    ttl_seconds: int | None = None,
) -> Requested | None:
    platform = _PLATFORMS.get(asked.notification_platform)
    if platform is None:
        return None
    return Requested(
        shard=event.shard,
        position=event.position,
        challenge_sid=asked.challenge_sid,
        factor_sid=asked.factor_sid,
        platform=platform,
        requested_at=event.recorded_at,
        notification_sid=notification_sid,
        ttl_seconds=ttl_seconds,
    )


def _push(work: Work, prompt: challenge_api.Prompt, target: registry_pb2.PushTarget) -> Push:
    return Push(
        id=work.id,
        challenge_sid=work.challenge_sid,
        factor_sid=work.factor_sid,
        message=prompt.message,
        expires_at=expires_at(datetime_of(prompt.expiration_date), work.requested_at, work.ttl_seconds),
        token=target.token,
        app_id=target.app_id,
    )
