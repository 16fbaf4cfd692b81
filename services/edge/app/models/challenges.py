"""A Challenge on the wire (contract section 1a); what is signed of it, `pushward.challenge_view` renders."""

import base64
from typing import Annotated, Any, ClassVar, Final, Literal, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from pushward import ids
from pushward.api.challenge.v1 import challenge_pb2 as challenge
from pushward.challenge_view import date_text, signed_view
from services.edge.app.form import Pairs
from services.edge.app.models.shapes import (
    AccountSid,
    Base64,
    ChallengeSid,
    Date,
    EntitySid,
    FactorSid,
    FactorType,
    Identity,
    JsonOfStrings,
    ServiceSid,
    StringMap,
    Url,
    for_type,
    reference,
    sid_pattern,
    told,
)
from services.edge.app.models.values import FACTOR_TYPES, PageMeta, raw_json
from services.edge.app.params import PageParams, Params
from services.edge.app.urls import Urls

GivenFactorSid = Annotated[str, told(pattern=sid_pattern(ids.FACTOR))]
RESPONDED_REASON: Final = "none"  # contract section 10

STATUSES = {
    None: challenge.STATUS_UNSPECIFIED,
    "pending": challenge.STATUS_PENDING,
    "expired": challenge.STATUS_EXPIRED,
    "approved": challenge.STATUS_APPROVED,
    "denied": challenge.STATUS_DENIED,
}
ORDERS = {None: challenge.ORDER_UNSPECIFIED, "asc": challenge.ORDER_ASC, "desc": challenge.ORDER_DESC}


ExpirationDate = Annotated[
    str,
    Meta(description="UTC, later than now and at most 60 minutes ahead; in 5 minutes if not given."),
    told(format="date-time"),
]
FieldItem = Annotated[
    str,
    Meta(description="A label of at most 36 characters and a value of at most 128."),
    told(
        contentMediaType="application/json",
        contentSchema={
            "type": "object",
            "properties": {
                "label": {"type": "string", "maxLength": 36},
                "value": {"type": "string", "maxLength": 128},
            },
            "required": ["label", "value"],
            "additionalProperties": False,
        },
    ),
]


class CreateChallengeParams(Params, frozen=True, kw_only=True):
    """A new challenge. Objects and dates go on as they came: challenge reads them."""

    factor_sid: GivenFactorSid
    expiration_date: ExpirationDate | None = None
    details_message: Annotated[str, told(maxLength=256)] | None = field(name="Details.Message", default=None)
    details_fields: Annotated[tuple[FieldItem, ...], told(maxItems=20)] = field(name="Details.Fields", default=())
    hidden_details: JsonOfStrings | None = None
    auth_payload: Annotated[str, Meta(description="Of a TOTP factor: a code. Ignored for a push factor.")] | None = None


class AnswerChallengeParams(Params, frozen=True, kw_only=True):
    """A device's answer, or a code."""

    auth_payload: (
        Annotated[
            str,
            Meta(
                description="Of a push factor: a compact JWS by its key over what is signed. Of a TOTP factor: a code."
            ),
            told(maxLength=16384),
        ]
        | None
    ) = None
    metadata: JsonOfStrings | None = None


class ListChallengesParams(PageParams, frozen=True, kw_only=True):
    """Which challenges of an entity."""

    factor_sid: GivenFactorSid | None = None
    status: Literal["pending", "expired", "approved", "denied"] | None = None
    order: Literal["asc", "desc"] | None = None

    def filters(self) -> Pairs:
        """What the links to other pages repeat."""
        given = (("FactorSid", self.factor_sid), ("Status", self.status), ("Order", self.order))
        return [(name, value) for name, value in given if value is not None]


class DetailsField(msgspec.Struct):
    """An item of `details.fields`."""

    label: str
    value: str


class Details(msgspec.Struct):
    """`details`: what the device shows. `date` only if there is one: Android can't read a null."""

    message: str
    fields: list[DetailsField]
    date: Date | UnsetType = UNSET


class ChallengeLinks(msgspec.Struct):
    """`links` of a challenge."""

    notifications: Url


class ChallengeBody(msgspec.Struct):
    """`verify.v2.service.entity.challenge`. A TOTP factor's may have no details at all: no device ever reads it."""

    rules: ClassVar = (for_type("push", details=reference(Details)),)

    sid: ChallengeSid
    account_sid: AccountSid
    service_sid: ServiceSid
    entity_sid: EntitySid
    identity: Identity
    factor_sid: FactorSid
    status: Literal["pending", "expired", "approved", "denied"]
    details: Details | None
    hidden_details: dict[str, str] | None
    expiration_date: Date
    date_created: Date
    date_updated: Date
    date_responded: Date | None
    responded_reason: Literal["none"]
    metadata: StringMap | None
    factor_type: FactorType
    url: Url
    links: ChallengeLinks


class ChallengePage(msgspec.Struct):
    """A page of challenges."""

    challenges: list[ChallengeBody]
    meta: PageMeta


class ReceiptBody(msgspec.Struct):
    """The device's signed answer and the key that it verifies with: a proof that stands alone."""

    jws: Annotated[str, told(pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")]
    public_key: Base64  # of the SubjectPublicKeyInfo


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
        links=ChallengeLinks(notifications=f"{url}/Notifications"),
    )


def receipt_body(receipt: challenge.Receipt) -> ReceiptBody:
    """The receipt as tenants get it."""
    return ReceiptBody(jws=receipt.jws, public_key=base64.b64encode(receipt.public_key).decode("ascii"))
