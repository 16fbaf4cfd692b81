"""An Entity on the wire (contract section 1a)."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from pushward import error_codes
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.challenge_view import date_text
from services.edge.app.models.shapes import (
    IDENTITY_PATTERN,
    AccountSid,
    Date,
    EntitySid,
    Identity,
    ServiceSid,
    Url,
    told,
)
from services.edge.app.models.values import PageMeta
from services.edge.app.params import Params
from services.edge.app.urls import Urls

NewIdentity = Annotated[
    str,
    Meta(description="8 to 64 letters, digits and dashes, case-sensitive; no personal datum."),
    told(pattern=IDENTITY_PATTERN),
]


class CreateEntityParams(Params, frozen=True, kw_only=True):
    """A new entity."""

    invalid_code: ClassVar[int] = error_codes.INVALID_IDENTITY

    identity: NewIdentity


class EntityLinks(msgspec.Struct):
    """`links` of an entity."""

    factors: Url
    new_factors: Url
    challenges: Url


class EntityBody(msgspec.Struct):
    """`verify.v2.service.entity`."""

    sid: EntitySid
    identity: Identity
    account_sid: AccountSid
    service_sid: ServiceSid
    date_created: Date
    date_updated: Date
    url: Url
    links: EntityLinks


class EntityPage(msgspec.Struct):
    """A page of entities."""

    entities: list[EntityBody]
    meta: PageMeta


def entity_body(entity: registry.Entity, urls: Urls) -> EntityBody:
    """The entity as the contract shows it."""
    url = urls.entity(entity.service_sid, entity.identity)
    return EntityBody(
        sid=entity.sid,
        identity=entity.identity,
        account_sid=entity.account_sid,
        service_sid=entity.service_sid,
        date_created=date_text(entity.date_created),
        date_updated=date_text(entity.date_updated),
        url=url,
        links=EntityLinks(factors=f"{url}/Factors", new_factors=f"{url}/Factors", challenges=f"{url}/Challenges"),
    )
