"""Creates challenges: registry says whether the factor lives, and the append is guarded by what it said."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pushward import ids
from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.challenge_view import date_text
from pushward.clock import milliseconds
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.codec import datetime_of, timestamp_of
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.eventlog.port import Guard
from pushward.rpc.context import command_id_of
from pushward.strictjson import JsonObject
from pushward.values import FactorStatus, FactorType, NotificationPlatform
from services.challenge.app.contents import DETAILS, HIDDEN_DETAILS, Contents
from services.challenge.app.origins import account_origin
from services.challenge.domain import rules
from services.challenge.domain.commands import ChallengedFactor, CreateChallenge
from services.challenge.domain.decider import decide_create, visible
from services.challenge.domain.state import INITIAL, Challenge, ChallengeState

_FACTOR_TYPES: Final = {
    common_pb2.FACTOR_TYPE_PUSH: FactorType.PUSH,
    common_pb2.FACTOR_TYPE_TOTP: FactorType.TOTP,
}
_FACTOR_STATUSES: Final = {
    common_pb2.FACTOR_STATUS_UNVERIFIED: FactorStatus.UNVERIFIED,
    common_pb2.FACTOR_STATUS_VERIFIED: FactorStatus.VERIFIED,
}
_PLATFORMS: Final = {
    common_pb2.NOTIFICATION_PLATFORM_NONE: NotificationPlatform.NONE,
    common_pb2.NOTIFICATION_PLATFORM_FCM: NotificationPlatform.FCM,
    common_pb2.NOTIFICATION_PLATFORM_APN: NotificationPlatform.APN,
}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the caller wants shown, in plain text, valid."""

    details: JsonObject
    hidden_details: JsonObject | None
    expiration_date: datetime | None


class Creating:
    """The command CreateChallenge."""

    def __init__(
        self,
        runner: CommandRunner,
        aggregate: Aggregate[ChallengeState],
        contents: Contents,
        registry: RegistryStub,
    ) -> None:
        self._runner = runner
        self._aggregate = aggregate
        self._contents = contents
        self._registry = registry

    async def create(self, request: challenge_pb2.CreateChallengeRequest) -> challenge_pb2.Challenge:
        """The new challenge. ``auth_payload`` of a push challenge is ignored (contract section 10, *Answering*)."""
        origin = account_origin(request.context)
        wanted = _Wanted(
            rules.details(request.details_message, request.details_fields),
            rules.hidden_details(request.hidden_details),
            rules.expiration_date(request.expiration_date),
        )

        async def plan() -> Plan[Challenge]:
            factor = await self._live_factor(request)
            now = datetime_of(factor.now)
            shard = ids.shard_of_stream(UUID(bytes=factor.entity_stream))
            sid = ids.new_sid(ids.CHALLENGE, shard, milliseconds(now), secrets.randbits(ids.RANDOM_BITS))
            events = decide_create(INITIAL, await self._command(sid, factor, wanted, now), now)
            return Plan(
                [Change(self._aggregate, ids.stream_of_sid(sid), INITIAL, events, now)],
                lambda after: visible(after[0]),
                guards=(Guard(UUID(bytes=factor.entity_stream), factor.entity_version),),
            )

        # Creations don't wait for each other: each makes a stream of its own, and only reads the entity's.
        challenge = await self._runner.run(command_id_of(request.context), origin, plan)
        return await self._contents.message(challenge)

    async def _live_factor(self, request: challenge_pb2.CreateChallengeRequest) -> registry_pb2.LiveFactor:
        return await self._registry.GetLiveFactor(
            registry_pb2.GetLiveFactorRequest(
                context=request.context,
                service_sid=request.service_sid,
                identity=request.identity,
                factor_sid=request.factor_sid,
            )
        )

    async def _command(
        self, sid: ids.Sid, factor: registry_pb2.LiveFactor, wanted: _Wanted, now: datetime
    ) -> CreateChallenge:
        key_id = UUID(bytes=factor.key_id)
        details = wanted.details
        if factor.push_include_date:
            details = {**details, "date": date_text(timestamp_of(now))}
        sealed = await self._contents.seal_object(key_id, sid, DETAILS, details)
        assert sealed is not None
        return CreateChallenge(
            sid=sid,
            factor=ChallengedFactor(
                account_sid=factor.account_sid,
                service_sid=factor.service_sid,
                entity_sid=factor.entity_sid,
                identity=factor.identity,
                factor_sid=factor.factor_sid,
                factor_type=_FACTOR_TYPES[factor.factor_type],
                factor_status=_FACTOR_STATUSES[factor.factor_status],
                notification_platform=_PLATFORMS[factor.notification_platform],
            ),
            details=sealed,
            hidden_details=await self._contents.seal_object(key_id, sid, HIDDEN_DETAILS, wanted.hidden_details),
            expiration_date=wanted.expiration_date,
        )
