"""Answers push challenges: only the factor's own device can, by signing what it was shown (codes: codes.py).

The append is guarded by the entity's version that the device's principal carries, so a factor deleted meanwhile can't
slip in an answer, and bounded by the challenge's date. When it is refused, all is looked at again; registry is asked
for a fresh version then, since a sibling factor may have moved the entity.
"""

from dataclasses import dataclass
from uuid import UUID

from pushward import error_codes, ids
from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.challenge_view import signed_view
from pushward.errors import BadRequestError
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.eventlog.port import Guard
from pushward.rpc.context import device_of
from pushward.security.receipt import JWS_LENGTH_MAX, ReceiptError, verify_receipt
from pushward.strictjson import JsonObject
from services.challenge.app.contents import METADATA, RECEIPT, Contents
from services.challenge.app.live_factor import guard_of, live_factor
from services.challenge.app.origins import device_origin
from services.challenge.app.ports import ChallengeStore
from services.challenge.app.scope import challenge_sid_of, device_scope
from services.challenge.domain import rules
from services.challenge.domain.commands import AnswerChallenge
from services.challenge.domain.decider import decide_answer, mode_in, refused_as_expired, visible
from services.challenge.domain.events import ChallengeExpired
from services.challenge.domain.state import Challenge, ChallengeState


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the device sent. ``claims`` are None if its signature proves nothing."""

    jws: str
    claims: JsonObject | None
    metadata: JsonObject | None
    key_id: UUID


class Answering:
    """The command AnswerChallenge."""

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
        """The answered challenge. Raises as ``decide_answer`` does, and ForbiddenError 20403 for an account."""
        device = device_of(request.context)
        scope = device_scope(device, request.service_sid, request.identity)
        stream_id = ids.stream_of_sid(challenge_sid_of(request.challenge_sid))
        answer = _answer(request, device)
        guard: Guard | None = None

        async def plan() -> Plan[Challenge]:
            nonlocal guard
            guard = _guard(device) if guard is None else await self._fresh_guard(request, device)
            loaded = await self._store.load(stream_id)
            challenge = scope.require(visible(loaded.state))
            events = decide_answer(loaded.state, await self._command(challenge, answer), loaded.now)
            change = Change(self._aggregate, stream_id, loaded.state, events, loaded.now)
            if isinstance(events[0], ChallengeExpired):
                return Plan([change], lambda after: refused_as_expired(after[0]))
            return Plan([change], lambda after: visible(after[0]), guards=(guard,), not_after=challenge.expiration_date)

        answered = await self._runner.run(stream_id, device_origin(request.context), plan)
        return await self._contents.message(answered)

    async def _command(self, challenge: Challenge, answer: _Answer) -> AnswerChallenge:
        metadata = answer.metadata
        if (mode := mode_in(answer.claims)) is not None:
            metadata = {**(metadata or {}), "mode": mode}
        return AnswerChallenge(
            claims=answer.claims,
            shown=signed_view(await self._contents.message(challenge)),
            receipt=await self._contents.seal(answer.key_id, challenge.sid, RECEIPT, answer.jws),
            metadata=await self._contents.seal_object(answer.key_id, challenge.sid, METADATA, metadata),
        )

    async def _fresh_guard(
        self, request: challenge_pb2.AnswerChallengeRequest, device: common_pb2.DevicePrincipal
    ) -> Guard:
        """The entity's version now. Raises NotFoundError if the factor is gone."""
        factor = await live_factor(
            self._registry,
            request.context,
            service_sid=device.service_sid,
            identity=device.identity,
            factor_sid=device.factor_sid,
        )
        return guard_of(factor)


def _answer(request: challenge_pb2.AnswerChallengeRequest, device: common_pb2.DevicePrincipal) -> _Answer:
    jws = request.auth_payload
    if not jws:
        raise BadRequestError("AuthPayload is required.", code=error_codes.INVALID_REQUEST)
    if len(jws) > JWS_LENGTH_MAX:
        raise BadRequestError(
            f"AuthPayload may have at most {JWS_LENGTH_MAX} characters.", code=error_codes.INVALID_REQUEST
        )
    try:
        claims = verify_receipt(jws, device.public_key)
    except ReceiptError:
        claims = None  # the decider says so, unless the challenge gives an earlier reason to refuse
    return _Answer(jws, claims, rules.metadata(request.metadata), UUID(bytes=device.key_id))


def _guard(device: common_pb2.DevicePrincipal) -> Guard:
    return Guard(UUID(bytes=device.entity_stream), device.entity_version)
