"""An Access Token on the wire (contract section 1a)."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.challenge_view import date_text
from services.edge.app.models.entities import Identity
from services.edge.app.models.values import FACTOR_TYPES
from services.edge.app.params import Int32, Params
from services.edge.app.urls import Urls

INVALID_ACCESS_TOKEN = 60305


class CreateAccessTokenParams(Params, frozen=True, kw_only=True):
    """A new access token."""

    invalid_code: ClassVar[int] = INVALID_ACCESS_TOKEN

    identity: Identity
    factor_type: Annotated[str, Meta(extra_json_schema={"enum": ["push"]})]
    factor_friendly_name: str | None = None
    ttl: Annotated[Int32, Meta(description="Seconds, 60 to 300; 60 if not given.")] | None = None


class AccessTokenBody(msgspec.Struct):
    """`verify.v2.service.access_token`; `token` is shown once, in answer to the creation."""

    sid: str
    account_sid: str
    service_sid: str
    entity_identity: str
    factor_type: str
    factor_friendly_name: str | None
    token: str | None
    url: str
    ttl: int
    date_created: str


def access_token_body(token: registry.AccessToken, urls: Urls) -> AccessTokenBody:
    """The access token as the contract shows it."""
    return AccessTokenBody(
        sid=token.sid,
        account_sid=token.account_sid,
        service_sid=token.service_sid,
        entity_identity=token.entity_identity,
        factor_type=FACTOR_TYPES[token.factor_type],
        factor_friendly_name=token.factor_friendly_name if token.HasField("factor_friendly_name") else None,
        token=token.token if token.HasField("token") else None,
        url=f"{urls.service(token.service_sid)}/AccessTokens/{token.sid}",
        ttl=token.ttl,
        date_created=date_text(token.date_created),
    )
