"""Reads challenges: for their account, for their device, for a push. None is shown pending past its date."""

from collections.abc import Sequence

from pushward import error_codes, ids, strictjson
from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.database.paging import Key, Page
from pushward.errors import NotFoundError
from pushward.eventlog.codec import timestamp_of
from pushward.values import FactorType
from services.challenge.app.contents import DETAILS, RECEIPT, STATUS_OF, Contents
from services.challenge.app.expiry import Expiry
from services.challenge.app.ports import ChallengeStore, Filter, Loaded, key_of
from services.challenge.app.scope import Scope, account_scope, challenge_sid_of, scope_of
from services.challenge.domain.decider import not_found, visible
from services.challenge.domain.state import Challenge, Status


class Reading:
    """Fetch, list, prompt and receipt."""

    def __init__(self, store: ChallengeStore, expiry: Expiry, contents: Contents, registry: RegistryStub) -> None:
        self._store = store
        self._expiry = expiry
        self._contents = contents
        self._registry = registry

    async def get(self, request: challenge_pb2.GetChallengeRequest) -> challenge_pb2.Challenge:
        """One challenge."""
        scope = await scope_of(self._registry, request.context, request.service_sid, request.identity)
        return await self._contents.message(await self._within(scope, request.challenge_sid))

    async def list(self, request: challenge_pb2.ListChallengesRequest) -> challenge_pb2.ListChallengesReply:
        """A page of challenges."""
        page = Page.requested(request.page)
        scope = await scope_of(self._registry, request.context, request.service_sid, request.identity)
        status = STATUS_OF.get(request.status)
        which = Filter(scope.account_sid, scope.service_sid, scope.identity, _factor(scope, request), status)
        scan = page.scan(descending=request.order == challenge_pb2.ORDER_DESC)
        shown = page.shown(await self._store.list(which, scan), _key)
        challenges = await self._settled(shown.rows)
        return challenge_pb2.ListChallengesReply(
            challenges=[
                message
                for challenge in challenges
                # Whoever was due may have been answered just in time, or closed; whoever was forgotten is closed soon.
                if challenge.status is not Status.CLOSED and status in (None, challenge.status)
                if (message := await self._contents.message_unless_forgotten(challenge)) is not None
            ],
            page=shown.reply,
        )

    async def prompt(self, request: challenge_pb2.GetPromptRequest) -> challenge_pb2.Prompt:
        """What a push shows. Raises NotFoundError once the challenge isn't pending any more, and for codes."""
        loaded = await self._store.load(ids.stream_of_sid(challenge_sid_of(request.challenge_sid)))
        challenge = visible(loaded.state)
        is_shown = challenge.factor_type is FactorType.PUSH and challenge.status is Status.PENDING
        if not is_shown or challenge.is_due(loaded.now):
            raise not_found()
        assert challenge.details is not None, "a device has something to show"
        details = strictjson.parse_object(await self._contents.unseal(challenge, DETAILS, challenge.details))
        return challenge_pb2.Prompt(
            challenge_sid=challenge.sid,
            factor_sid=challenge.factor_sid,
            message=str(details["message"]),
            expiration_date=timestamp_of(challenge.expiration_date),
        )

    async def receipt(self, request: challenge_pb2.GetReceiptRequest) -> challenge_pb2.Receipt:
        """The signed answer and its key. Raises NotFoundError if there is none, ForbiddenError for a device."""
        scope = await account_scope(self._registry, request.context, request.service_sid, request.identity)
        challenge = await self._within(scope, request.challenge_sid)
        if challenge.receipt is None:
            why = "it was not answered" if challenge.date_responded is None else "codes aren't signed"
            raise NotFoundError(f"The challenge has no receipt: {why}.", code=not_found().code)
        jws = await self._contents.unseal(challenge, RECEIPT, challenge.receipt)
        return challenge_pb2.Receipt(jws=jws, public_key=await self._public_key(request.context, challenge))

    async def _within(self, scope: Scope, challenge_sid: str) -> Challenge:
        """A challenge of the scope, as the log has it. Raises NotFoundError 60391."""
        loaded = await self._store.load(ids.stream_of_sid(challenge_sid_of(challenge_sid)))
        challenge = scope.require(visible(loaded.state))
        if challenge.is_due(loaded.now):
            challenge = visible(await self._expiry.expire(challenge))
        return challenge

    async def _settled(self, rows: Sequence[Loaded]) -> Sequence[Challenge]:
        """The rows of one read, those that were due as the log has them after."""
        challenges = [visible(row.state) for row in rows]
        return await self._expiry.settled(challenges, rows[0].now) if rows else challenges

    async def _public_key(self, context: common_pb2.RequestContext, challenge: Challenge) -> bytes:
        factor = await self._registry.GetFactor(
            registry_pb2.GetFactorRequest(
                context=context,
                service_sid=challenge.service_sid,
                identity=challenge.identity,
                factor_sid=challenge.factor_sid,
            )
        )
        return factor.public_key


def _factor(scope: Scope, request: challenge_pb2.ListChallengesRequest) -> str | None:
    """The factor that a list is limited to: a device's own, whatever it asks for. Raises NotFoundError 60390."""
    asked = request.factor_sid or None
    if scope.factor_sid is None:
        return asked
    if asked not in (None, scope.factor_sid):
        raise NotFoundError("There is no such factor.", code=error_codes.FACTOR_NOT_FOUND)
    return scope.factor_sid


def _key(row: Loaded) -> Key:
    return key_of(visible(row.state))
