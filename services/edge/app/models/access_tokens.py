"""An Access Token on the wire (contract section 1a)."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from pushward import error_codes
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.challenge_view import date_text
from services.edge.app.models.entities import NewIdentity
from services.edge.app.models.shapes import AccessTokenSid, AccountSid, Date, Identity, ServiceSid, Url, told
from services.edge.app.models.values import FACTOR_TYPES
from services.edge.app.params import Int32, Params
from services.edge.app.urls import Urls


class CreateAccessTokenParams(Params, frozen=True, kw_only=True):
    """A new access token."""

    invalid_code: ClassVar[int] = error_codes.INVALID_ACCESS_TOKEN

    identity: NewIdentity
    factor_type: Annotated[str, told(enum=["push"])]
    factor_friendly_name: Annotated[str, told(maxLength=64)] | None = None
    ttl: Annotated[Int32, Meta(description="Seconds; 60 if not given."), told(minimum=60, maximum=300)] | None = None


class AccessTokenBody(msgspec.Struct):
    """`verify.v2.service.access_token`; `token` is shown once, in answer to the creation."""

    sid: AccessTokenSid
    account_sid: AccountSid
    service_sid: ServiceSid
    entity_identity: Identity
    factor_type: Annotated[str, told(enum=["push"])]
    factor_friendly_name: str | None
    token: str | None
    url: Url
    ttl: int
    date_created: Date


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
