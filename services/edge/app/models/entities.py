"""An Entity on the wire (contract section 1a)."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.challenge_view import date_text
from services.edge.app.models.values import PageMeta
from services.edge.app.params import Params
from services.edge.app.urls import Urls

INVALID_IDENTITY = 60367
Identity = Annotated[str, Meta(description="8 to 64 letters, digits and dashes, case-sensitive; no personal datum.")]


class CreateEntityParams(Params, frozen=True, kw_only=True):
    """A new entity."""

    invalid_code: ClassVar[int] = INVALID_IDENTITY

    identity: Identity


class EntityBody(msgspec.Struct):
    """`verify.v2.service.entity`."""

    sid: str
    identity: str
    account_sid: str
    service_sid: str
    date_created: str
    date_updated: str
    url: str
    links: Mapping[str, str]


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
        links={"factors": f"{url}/Factors", "new_factors": f"{url}/Factors", "challenges": f"{url}/Challenges"},
    )
