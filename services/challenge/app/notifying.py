"""Pushes a challenge once more where its account asks for it, and keeps in its stream which pushes failed.

The push itself is the notifier's, after the fact. The request is guarded by the entity's stream like a creation, so a
deleted factor isn't pushed to.
"""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from pushward import ids
from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.clock import milliseconds
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.codec import timestamp_of
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.eventlog.port import LogReader
from services.challenge.app.creating import PLATFORMS
from services.challenge.app.live_factor import guard_of, live_factor
from services.challenge.app.origins import account_origin, caused_by
from services.challenge.app.ports import ChallengeStore
from services.challenge.app.scope import account_scope, challenge_sid_of
from services.challenge.domain import rules
from services.challenge.domain.commands import RequestNotification
from services.challenge.domain.decider import refused_as_expired, visible
from services.challenge.domain.events import ChallengeExpired, Event, NotificationRequested
from services.challenge.domain.notifying import decide_failed_push, decide_notify
from services.challenge.domain.state import Challenge, ChallengeState

_EVENT: Final = 0  # each command here appends one event


class Notifying:
    """The commands CreateNotification and RecordFailedPush."""

    def __init__(
        self,
        runner: CommandRunner,
        aggregate: Aggregate[ChallengeState],
        store: ChallengeStore,
        reader: LogReader,
        registry: RegistryStub,
    ) -> None:
        self._runner = runner
        self._aggregate = aggregate
        self._store = store
        self._reader = reader
        self._registry = registry

    async def request(self, request: challenge_pb2.CreateNotificationRequest) -> challenge_pb2.Notification:
        """The notification that is asked for. Raises as ``decide_notify`` does; ForbiddenError 20403 for a device."""
        origin = account_origin(request.context)
        ttl_seconds = rules.ttl_seconds(request.ttl_seconds if request.HasField("ttl_seconds") else None)
        scope = await account_scope(self._registry, request.context, request.service_sid, request.identity)
        stream_id = ids.stream_of_sid(challenge_sid_of(request.challenge_sid))

        async def plan() -> Plan[challenge_pb2.Notification]:
            loaded = await self._store.load(stream_id)
            challenge = scope.require(visible(loaded.state))
            factor = await live_factor(
                self._registry,
                request.context,
                service_sid=scope.service_sid,
                identity=scope.identity,
                factor_sid=challenge.factor_sid,
            )
            command = RequestNotification(
                _new_sid(stream_id, loaded.now), PLATFORMS[factor.notification_platform], ttl_seconds
            )
            events = decide_notify(loaded.state, command, loaded.now)
            change = Change(self._aggregate, stream_id, loaded.state, events, loaded.now)
            if isinstance(events[0], ChallengeExpired):
                return Plan([change], lambda after: _notification(events[0], refused_as_expired(after[0])))
            return Plan(
                [change],
                lambda after: _notification(events[0], visible(after[0])),
                guards=(guard_of(factor),),
                not_after=challenge.expiration_date,
            )

        return await self._runner.run(stream_id, origin, plan)

    async def record_failed(self, request: challenge_pb2.RecordFailedPushRequest) -> None:
        """Records a push that ended unsent, once. Raises NotFoundError for a challenge that nobody may see any more."""
        stream_id = ids.stream_of_sid(challenge_sid_of(request.challenge_sid))
        push_id = UUID(bytes=request.push_id)
        event_id = ids.derive_event_id(push_id, stream_id, _EVENT)
        account_sid = visible((await self._store.load(stream_id)).state).account_sid

        async def plan() -> Plan[None]:
            loaded = await self._store.load(stream_id)
            recorded = await self._reader.read_stream(stream_id, up_to_version=loaded.state.version)
            events: list[Event] = []
            if all(event.event_id != event_id for event in recorded):
                events = decide_failed_push(loaded.state, request.notification_sid, request.reason, loaded.now)
            change = Change(self._aggregate, stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: None)

        await self._runner.run(stream_id, caused_by(account_sid, push_id), plan)


def _new_sid(stream_id: UUID, now: datetime) -> ids.Sid:
    shard = ids.shard_of_stream(stream_id)
    return ids.new_sid(ids.NOTIFICATION, shard, milliseconds(now), secrets.randbits(ids.RANDOM_BITS))


def _notification(event: Event, challenge: Challenge) -> challenge_pb2.Notification:
    assert isinstance(event, NotificationRequested)
    return challenge_pb2.Notification(
        sid=event.notification_sid,
        account_sid=event.account_sid,
        service_sid=event.service_sid,
        entity_sid=event.entity_sid,
        identity=event.identity,
        challenge_sid=event.challenge_sid,
        ttl_seconds=event.ttl_seconds,
        date_created=timestamp_of(challenge.date_updated),
    )
