"""Codes of TOTP factors: an attempt is recorded, then registry looks at the code, then the approval is recorded.

    ChallengeAttempted ──► CheckTotp: wrong ──► still pending
                                └──► right, its time step is spent ──► ChallengeApproved

So no code is ever looked at that wasn't counted, and whoever dies in between leaves a try less, never an approval more.
A try that came to nothing gets the challenge as it was after its attempt, pending, even if another try has approved it
meanwhile: of those who try at once, one at most sees an approval.
"""

from uuid import UUID

from pushward import error_codes, ids
from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.errors import BadRequestError, ForbiddenError
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.rpc.context import command_id_of
from pushward.strictjson import JsonObject
from pushward.values import FactorType
from services.challenge.app.contents import METADATA, Contents
from services.challenge.app.live_factor import guard_of, live_factor
from services.challenge.app.origins import account_origin, after_attempt
from services.challenge.app.ports import ChallengeStore, Loaded
from services.challenge.app.scope import account_scope, challenge_sid_of
from services.challenge.domain import rules
from services.challenge.domain.decider import decide_approve, decide_attempt, refused_as_expired, visible
from services.challenge.domain.events import ChallengeExpired, Event
from services.challenge.domain.state import Challenge, ChallengeState


class CodeAnswering:
    """The command AnswerChallenge, for an account with a code."""

    def __init__(
        self,
        runner: CommandRunner,
        aggregate: Aggregate[ChallengeState],
        store: ChallengeStore,
        contents: Contents,
        registry: RegistryStub,
    ) -> None:
        self._runner = runner
        self._aggregate = aggregate
        self._store = store
        self._contents = contents
        self._registry = registry

    async def answer(self, request: challenge_pb2.AnswerChallengeRequest) -> challenge_pb2.Challenge:
        """The challenge after the try: approved, or pending after a wrong code.

        Raises NotFoundError 20404, 60391, 60392, 60390; ForbiddenError 20403 (a push challenge), 60322, 60323;
        BadRequestError 60306; TooManyRequestsError 60308.
        """
        if not request.auth_payload:
            raise BadRequestError("AuthPayload is required.", code=error_codes.INVALID_REQUEST)
        metadata = rules.metadata(request.metadata)
        scope = await account_scope(self._registry, request.context, request.service_sid, request.identity)
        stream_id = ids.stream_of_sid(challenge_sid_of(request.challenge_sid))

        async def plan() -> Plan[Challenge]:
            loaded = await self._store.load(stream_id)
            challenge = scope.require(visible(loaded.state))
            _require_totp(challenge)
            rules.code(request.auth_payload)
            events = decide_attempt(loaded.state, loaded.now)
            return self._plan(loaded, events, await self._live(request.context, challenge))

        attempted = await self._runner.run(stream_id, account_origin(request.context), plan)
        attempt_id = ids.derive_event_id(command_id_of(request.context), stream_id, 0)
        settled = await self.settle(request.context, attempted, attempt_id, request.auth_payload, metadata)
        return await self._contents.message(settled)

    async def settle(
        self,
        context: common_pb2.RequestContext,
        attempted: Challenge,
        attempt_id: UUID,
        code: str,
        metadata: JsonObject | None = None,
    ) -> Challenge:
        """What becomes of a challenge whose attempt is in the log, as event ``attempt_id``.

        Raises NotFoundError for a factor that was deleted meanwhile, ForbiddenError 60322, 60323.
        """
        checked = await self._registry.CheckTotp(
            registry_pb2.CheckTotpRequest(
                context=context,
                service_sid=attempted.service_sid,
                identity=attempted.identity,
                factor_sid=attempted.factor_sid,
                code=code,
                attempt_id=attempt_id.bytes,
            )
        )
        if not checked.accepted:
            return attempted

        async def plan() -> Plan[Challenge]:
            loaded = await self._store.load(attempted.stream_id)
            factor = await self._live(context, attempted)
            sealed = await self._contents.seal_object(UUID(bytes=factor.key_id), attempted.sid, METADATA, metadata)
            return self._plan(loaded, decide_approve(loaded.state, sealed, loaded.now), factor)

        return await self._runner.run(attempted.stream_id, after_attempt(context, attempt_id), plan)

    def _plan(self, loaded: Loaded, events: list[Event], factor: registry_pb2.LiveFactor) -> Plan[Challenge]:
        """Before the date, and only while the factor is there; or the expiry, which needs neither."""
        challenge = visible(loaded.state)
        change = Change(self._aggregate, challenge.stream_id, loaded.state, events, loaded.now)
        if isinstance(events[0], ChallengeExpired):
            return Plan([change], lambda after: refused_as_expired(after[0]))
        return Plan(
            [change],
            lambda after: visible(after[0]),
            guards=(guard_of(factor),),
            not_after=challenge.expiration_date,
        )

    async def _live(self, context: common_pb2.RequestContext, challenge: Challenge) -> registry_pb2.LiveFactor:
        return await live_factor(
            self._registry,
            context,
            service_sid=challenge.service_sid,
            identity=challenge.identity,
            factor_sid=challenge.factor_sid,
        )


def _require_totp(challenge: Challenge) -> None:
    """Raises ForbiddenError 20403 for a challenge that only its device can answer."""
    if challenge.factor_type is not FactorType.TOTP:
        raise ForbiddenError("Only the factor's own device can answer this challenge.", code=error_codes.FORBIDDEN)
