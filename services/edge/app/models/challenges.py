"""A Challenge on the wire (contract section 1a); what is signed of it, `pushward.challenge_view` renders."""

import base64
from collections.abc import Mapping
from typing import Any, Literal, cast

import msgspec
from msgspec import field

from pushward.api.challenge.v1 import challenge_pb2 as challenge
from pushward.challenge_view import date_text, signed_view
from services.edge.app.form import Pairs
from services.edge.app.models.values import FACTOR_TYPES, PageMeta, raw_json
from services.edge.app.params import PageParams, Params
from services.edge.app.urls import Urls

RESPONDED_REASON = "none"  # contract section 10

STATUSES = {
    None: challenge.STATUS_UNSPECIFIED,
    "pending": challenge.STATUS_PENDING,
    "expired": challenge.STATUS_EXPIRED,
    "approved": challenge.STATUS_APPROVED,
    "denied": challenge.STATUS_DENIED,
}
ORDERS = {None: challenge.ORDER_UNSPECIFIED, "asc": challenge.ORDER_ASC, "desc": challenge.ORDER_DESC}


class CreateChallengeParams(Params, frozen=True, kw_only=True):
    """A new challenge. Objects and dates go on as they came: challenge reads them."""

    factor_sid: str
    expiration_date: str | None = None
    details_message: str | None = field(name="Details.Message", default=None)
    details_fields: tuple[str, ...] = field(name="Details.Fields", default=())
    hidden_details: str | None = None
    auth_payload: str | None = None


class AnswerChallengeParams(Params, frozen=True, kw_only=True):
    """A device's answer, or a code."""

    auth_payload: str | None = None
    metadata: str | None = None


class ListChallengesParams(PageParams, frozen=True, kw_only=True):
    """Which challenges of an entity."""

    factor_sid: str | None = None
    status: Literal["pending", "expired", "approved", "denied"] | None = None
    order: Literal["asc", "desc"] | None = None

    def filters(self) -> Pairs:
        """What the links to other pages repeat."""
        given = (("FactorSid", self.factor_sid), ("Status", self.status), ("Order", self.order))
        return [(name, value) for name, value in given if value is not None]


class ChallengeBody(msgspec.Struct):
    """`verify.v2.service.entity.challenge`. `details` has no `date` unless there is one: Android can't read a null.

    A TOTP factor's challenge may have no details at all: no device ever reads it.
    """

    sid: str
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    status: str
    details: Mapping[str, object] | None
    hidden_details: Mapping[str, str] | None
    expiration_date: str
    date_created: str
    date_updated: str
    date_responded: str | None
    responded_reason: str
    metadata: msgspec.Raw | None
    factor_type: str
    url: str
    links: Mapping[str, str]


class ChallengePage(msgspec.Struct):
    """A page of challenges."""

    challenges: list[ChallengeBody]
    meta: PageMeta


class ReceiptBody(msgspec.Struct):
    """The device's signed answer and the key that it verifies with: a proof that stands alone."""

    jws: str
    public_key: str  # standard base64 of the SubjectPublicKeyInfo


def challenge_body(shown: challenge.Challenge, urls: Urls) -> ChallengeBody:
    """The challenge as the contract shows it."""
    url = f"{urls.entity(shown.service_sid, shown.identity)}/Challenges/{shown.sid}"
    # Any: ChallengeBody says each signed member's type; the view knows them as JSON only.
    signed = cast(dict[str, Any], signed_view(shown))
    return ChallengeBody(
        **signed,
        date_updated=date_text(shown.date_updated),
        date_responded=date_text(shown.date_responded) if shown.HasField("date_responded") else None,
        responded_reason=RESPONDED_REASON,
        metadata=raw_json(shown.metadata_json) if shown.HasField("metadata_json") else None,
        factor_type=FACTOR_TYPES[shown.factor_type],
        url=url,
        links={"notifications": f"{url}/Notifications"},
    )


def receipt_body(receipt: challenge.Receipt) -> ReceiptBody:
    """The receipt as tenants get it."""
    return ReceiptBody(jws=receipt.jws, public_key=base64.b64encode(receipt.public_key).decode("ascii"))
