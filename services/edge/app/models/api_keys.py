"""An API key on the wire: Pushward's own, in the contract's manner."""

from typing import Annotated, ClassVar

import msgspec

from pushward import error_codes
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.challenge_view import date_text
from services.edge.app.models.shapes import AccountSid, ApiKeySid, Date, Url, told
from services.edge.app.models.values import PageMeta
from services.edge.app.params import Params
from services.edge.app.urls import Urls


class CreateApiKeyParams(Params, frozen=True, kw_only=True):
    """A new API key."""

    invalid_code: ClassVar[int] = error_codes.INVALID_PARAMETER

    friendly_name: Annotated[str, told(maxLength=64)] = ""


class ApiKeyBody(msgspec.Struct):
    """An API key; its secret is nowhere in it."""

    sid: ApiKeySid
    account_sid: AccountSid
    friendly_name: str
    date_created: Date
    date_updated: Date
    url: Url


class NewApiKeyBody(ApiKeyBody):
    """The answer to the creation alone: `secret` is never shown again."""

    secret: str


class ApiKeyPage(msgspec.Struct):
    """A page of API keys."""

    keys: list[ApiKeyBody]
    meta: PageMeta


def api_key_body(key: registry.ApiKey, urls: Urls) -> ApiKeyBody:
    """An API key."""
    return ApiKeyBody(
        sid=key.sid,
        account_sid=key.account_sid,
        friendly_name=key.friendly_name,
        date_created=date_text(key.date_created),
        date_updated=date_text(key.date_updated),
        url=urls.api_key(key.sid),
    )


def new_api_key_body(key: registry.ApiKey, urls: Urls) -> NewApiKeyBody:
    """An API key with its secret."""
    return NewApiKeyBody(**msgspec.structs.asdict(api_key_body(key, urls)), secret=key.secret)
