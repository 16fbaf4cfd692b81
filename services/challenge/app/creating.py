"""Creates challenges: registry says whether the factor lives, and the append is guarded by what it said.

A TOTP factor's challenge is counted in the same append, and tried if a code came along (codes.py).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
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
from pushward.rpc.context import command_id_of
from pushward.strictjson import JsonObject
from pushward.values import FactorStatus, FactorType, NotificationPlatform
from services.challenge.app.codes import CodeAnswering
from services.challenge.app.contents import DETAILS, HIDDEN_DETAILS, Contents
from services.challenge.app.live_factor import guard_of, live_factor
from services.challenge.app.origins import account_origin
from services.challenge.app.ports import ChallengeStore
from services.challenge.domain import rules
from services.challenge.domain.commands import ChallengedFactor, CreateChallenge
from services.challenge.domain.decider import decide_create, visible
from services.challenge.domain.events import ChallengeCreated, Event
from services.challenge.domain.state import INITIAL, Challenge, ChallengeState
from services.challenge.domain.totp_usage import TotpUsageState, decide_count

ATTEMPT_INDEX: Final = 1
"""Of ChallengeAttempted among the events that a creation with a code appends: after ChallengeCreated."""

_FACTOR_TYPES: Final = {
    common_pb2.FACTOR_TYPE_PUSH: FactorType.PUSH,
    common_pb2.FACTOR_TYPE_TOTP: FactorType.TOTP,
}
_FACTOR_STATUSES: Final = {
    common_pb2.FACTOR_STATUS_UNVERIFIED: FactorStatus.UNVERIFIED,
    common_pb2.FACTOR_STATUS_VERIFIED: FactorStatus.VERIFIED,
}
PLATFORMS: Final = {
    common_pb2.NOTIFICATION_PLATFORM_NONE: NotificationPlatform.NONE,
    common_pb2.NOTIFICATION_PLATFORM_FCM: NotificationPlatform.FCM,
    common_pb2.NOTIFICATION_PLATFORM_APN: NotificationPlatform.APN,
}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the caller wants shown, in plain text, valid; and a code as it came, which is for a TOTP factor only."""

    details: JsonObject | None
    hidden_details: JsonObject | None
    expiration_date: datetime | None
    auth_payload: str

    def code_for(self, factor: registry_pb2.LiveFactor) -> str | None:
        """The code to be tried. Raises BadRequestError 60306. What comes along for a device is ignored."""
        if factor.factor_type != common_pb2.FACTOR_TYPE_TOTP or not self.auth_payload:
            return None
        return rules.code(self.auth_payload)

    def shown_by(self, factor: registry_pb2.LiveFactor, now: datetime) -> JsonObject | None:
        """The details. Raises BadRequestError 60368 if there are none for a device."""
        if factor.factor_type != common_pb2.FACTOR_TYPE_PUSH:
            return self.details
        details = rules.require_message(self.details)
        return {**details, "date": date_text(timestamp_of(now))} if factor.push_include_date else details


class Creating:
    """The command CreateChallenge."""

    def __init__(
        self,
        runner: CommandRunner,
        aggregate: Aggregate[ChallengeState],
        usages: Aggregate[TotpUsageState],
        store: ChallengeStore,
        contents: Contents,
        registry: RegistryStub,
        codes: CodeAnswering,
    ) -> None:
        self._runner = runner
        self._aggregate = aggregate
        self._usages = usages
        self._store = store
        self._contents = contents
        self._registry = registry
        self._codes = codes

    async def create(self, request: challenge_pb2.CreateChallengeRequest) -> challenge_pb2.Challenge:
        """The new challenge. ``auth_payload`` of a push challenge is ignored (contract section 10, *Answering*)."""
        origin = account_origin(request.context)
        wanted = _Wanted(
            rules.details(request.details_message, request.details_fields),
            rules.hidden_details(request.hidden_details),
            rules.expiration_date(request.expiration_date),
            request.auth_payload,
        )
        first = await self._live_factor(request)
        known: registry_pb2.LiveFactor | None = first

        async def plan() -> Plan[Challenge]:
            nonlocal known
            factor, known = known or await self._live_factor(request), None
            now = datetime_of(factor.now)
            shard = ids.shard_of_stream(UUID(bytes=factor.entity_stream))
            sid = ids.new_sid(ids.CHALLENGE, shard, milliseconds(now), secrets.randbits(ids.RANDOM_BITS))
            events = decide_create(INITIAL, await self._command(sid, factor, wanted, now), now)
            # Any: streams of two kinds
            changes: list[Change[Any]] = [Change(self._aggregate, ids.stream_of_sid(sid), INITIAL, events, now)]
            if factor.factor_type == common_pb2.FACTOR_TYPE_TOTP:
                changes.append(await self._counted(events[0], factor.totp_code_length, now))
            return Plan(changes, lambda after: visible(after[0]), guards=(guard_of(factor),))

        # Each makes a stream of its own and only reads the entity's, so creations don't wait for each other; but those
        # that are counted do, for those of the same factor.
        is_counted = first.factor_type == common_pb2.FACTOR_TYPE_TOTP
        turn = ids.totp_usage_stream(first.factor_sid) if is_counted else command_id_of(request.context)
        challenge = await self._runner.run(turn, origin, plan)
        if challenge.attempts > 0:
            attempt_id = ids.derive_event_id(command_id_of(request.context), challenge.stream_id, ATTEMPT_INDEX)
            challenge = await self._codes.settle(request.context, challenge, attempt_id, wanted.auth_payload)
        return await self._contents.message(challenge)

    async def _live_factor(self, request: challenge_pb2.CreateChallengeRequest) -> registry_pb2.LiveFactor:
        return await live_factor(
            self._registry,
            request.context,
            service_sid=request.service_sid,
            identity=request.identity,
            factor_sid=request.factor_sid,
        )

    async def _counted(self, created: Event, code_length: int, now: datetime) -> Change[TotpUsageState]:
        assert isinstance(created, ChallengeCreated)
        stream_id = ids.totp_usage_stream(created.factor_sid)
        usage = await self._store.totp_usage(stream_id)
        return Change(self._usages, stream_id, usage, decide_count(usage, created, code_length, now), now)

    async def _command(
        self, sid: ids.Sid, factor: registry_pb2.LiveFactor, wanted: _Wanted, now: datetime
    ) -> CreateChallenge:
        key_id = UUID(bytes=factor.key_id)
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
                notification_platform=PLATFORMS[factor.notification_platform],
            ),
            details=await self._contents.seal_object(key_id, sid, DETAILS, wanted.shown_by(factor, now)),
            hidden_details=await self._contents.seal_object(key_id, sid, HIDDEN_DETAILS, wanted.hidden_details),
            expiration_date=wanted.expiration_date,
            with_code=wanted.code_for(factor) is not None,
        )
