"""Challenges: POST and GET below /v2/Services/{service_sid}/Entities/{identity}/Challenges, and their receipts."""

from collections.abc import Sequence
from typing import Final

from pushward import error_codes as codes
from pushward.api.challenge.v1 import challenge_pb2 as challenge
from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesStub
from pushward.challenge_view import SIGNATURE_FIELDS_HEADER
from services.edge.app.endpoints.paging import page_request
from services.edge.app.models.challenges import (
    ORDERS,
    STATUSES,
    AnswerChallengeParams,
    ChallengeBody,
    ChallengePage,
    CreateChallengeParams,
    ListChallengesParams,
    ReceiptBody,
    challenge_body,
    receipt_body,
)
from services.edge.app.models.values import page_meta
from services.edge.app.operation import Answer, AnswerHeader, Call, Caller, Operation
from services.edge.app.params import NoParams

COLLECTION: Final = "/v2/Services/{service_sid}/Entities/{identity}/Challenges"
ITEM: Final = "/v2/Services/{service_sid}/Entities/{identity}/Challenges/{challenge_sid}"
RECEIPT: Final = "/pushward/v1/services/{service_sid}/entities/{identity}/challenges/{challenge_sid}/receipt"

_SIGNATURE_FIELDS: Final = AnswerHeader(
    "Twilio-Verify-Signature-Fields",
    "The members that a device signs, in this order, separated by commas.",
    f"^{SIGNATURE_FIELDS_HEADER}$",
)
_ANYBODY: Final = (Caller.ACCOUNT, Caller.DEVICE)
_ABSENT: Final = (codes.ENTITY_NOT_FOUND, codes.CHALLENGE_NOT_FOUND)
_SIGNATURE_HEADERS: Final = ((b"twilio-verify-signature-fields", SIGNATURE_FIELDS_HEADER.encode("ascii")),)


class ChallengeEndpoints:
    """The operations on challenges."""

    def __init__(self, challenges_stub: ChallengesStub) -> None:
        self._challenges = challenges_stub

    def operations(self) -> Sequence[Operation]:
        """All of them."""
        return (
            Operation(
                "GET",
                ITEM,
                NoParams,
                ChallengeBody,
                200,
                self.fetch,
                callers=_ANYBODY,
                refusals=_ABSENT,
                answer_headers=(_SIGNATURE_FIELDS,),
            ),
            Operation(
                "POST",
                ITEM,
                AnswerChallengeParams,
                ChallengeBody,
                200,
                self.answer,
                callers=_ANYBODY,
                refusals=(
                    *_ABSENT,
                    codes.FACTOR_NOT_FOUND,
                    codes.CHALLENGE_TRIES_EXHAUSTED,
                    codes.CHALLENGE_ANSWERED,
                    codes.CHALLENGE_EXPIRED,
                    codes.CHALLENGE_VERIFICATION_FAILED,
                ),
            ),
            Operation(
                "POST",
                COLLECTION,
                CreateChallengeParams,
                ChallengeBody,
                201,
                self.create,
                refusals=(
                    codes.ENTITY_NOT_FOUND,
                    codes.FACTOR_NOT_FOUND,
                    codes.FACTOR_NOT_VERIFIED,
                    codes.CHALLENGE_CREATIONS_EXHAUSTED,
                    codes.INVALID_DETAILS,
                ),
            ),
            Operation(
                "GET",
                COLLECTION,
                ListChallengesParams,
                ChallengePage,
                200,
                self.list,
                callers=_ANYBODY,
                refusals=(codes.ENTITY_NOT_FOUND, codes.FACTOR_NOT_FOUND),
            ),
            Operation("GET", RECEIPT, NoParams, ReceiptBody, 200, self.receipt, refusals=_ABSENT),
        )

    async def create(self, call: Call, params: CreateChallengeParams) -> Answer:
        """A new challenge."""
        request = challenge.CreateChallengeRequest(
            context=call.context,
            **call.path,
            factor_sid=params.factor_sid,
            expiration_date=params.expiration_date,
            details_message=params.details_message,
            details_fields=params.details_fields,
            hidden_details=params.hidden_details,
            auth_payload=params.auth_payload,
        )
        return Answer(challenge_body(await self._challenges.CreateChallenge(request), call.urls))

    async def fetch(self, call: Call, _: NoParams) -> Answer:
        """One challenge, and which of its members a device signs."""
        request = challenge.GetChallengeRequest(context=call.context, **call.path)
        return Answer(challenge_body(await self._challenges.GetChallenge(request), call.urls), _SIGNATURE_HEADERS)

    async def answer(self, call: Call, params: AnswerChallengeParams) -> Answer:
        """A challenge with a device's answer, or with a code tried."""
        request = challenge.AnswerChallengeRequest(
            context=call.context, **call.path, auth_payload=params.auth_payload, metadata=params.metadata
        )
        return Answer(challenge_body(await self._challenges.AnswerChallenge(request), call.urls))

    async def list(self, call: Call, params: ListChallengesParams) -> Answer:
        """A page of the entity's challenges, or of one factor's."""
        request = challenge.ListChallengesRequest(
            context=call.context,
            **call.path,
            factor_sid=params.factor_sid,
            status=STATUSES[params.status],
            order=ORDERS[params.order],
            page=page_request(params),
        )
        reply = await self._challenges.ListChallenges(request)
        url = f"{call.urls.entity(call.path['service_sid'], call.path['identity'])}/Challenges"
        return Answer(
            ChallengePage(
                challenges=[challenge_body(shown, call.urls) for shown in reply.challenges],
                meta=page_meta("challenges", url, params, reply.page),
            )
        )

    async def receipt(self, call: Call, _: NoParams) -> Answer:
        """The proof of an answer."""
        request = challenge.GetReceiptRequest(context=call.context, **call.path)
        return Answer(receipt_body(await self._challenges.GetReceipt(request)))
