"""A Factor on the wire (contract section 1a); `binding` and `options` only in answer to its creation."""

import base64
from typing import Annotated

import msgspec
from msgspec import Meta, field

from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.challenge_view import date_text
from services.edge.app.models.values import (
    FACTOR_STATUSES,
    FACTOR_TYPES,
    PLATFORMS,
    PageMeta,
    raw_json,
)
from services.edge.app.params import Params
from services.edge.app.urls import Urls

BINDING_ALG = "ES256"
FactorType = Annotated[str, Meta(extra_json_schema={"enum": ["push", "totp", "passkeys"]})]
Platform = Annotated[str, Meta(extra_json_schema={"enum": ["apn", "fcm", "none"]})]


class CreateFactorParams(Params, frozen=True, kw_only=True):
    """A new factor."""

    friendly_name: str
    factor_type: FactorType
    binding_alg: str = field(name="Binding.Alg", default="")
    binding_public_key: str = field(name="Binding.PublicKey", default="")
    app_id: str = field(name="Config.AppId", default="")
    sdk_version: str = field(name="Config.SdkVersion", default="")
    notification_platform: Platform = field(name="Config.NotificationPlatform", default="")
    notification_token: str | None = field(name="Config.NotificationToken", default=None)
    metadata: str | None = None


class UpdateFactorParams(Params, frozen=True, kw_only=True):
    """A proof of possession, changes, or both."""

    auth_payload: str | None = None
    friendly_name: str | None = None
    app_id: str | None = field(name="Config.AppId", default=None)
    sdk_version: str | None = field(name="Config.SdkVersion", default=None)
    notification_platform: Platform | None = field(name="Config.NotificationPlatform", default=None)
    notification_token: str | None = field(name="Config.NotificationToken", default=None)


class PushConfig(msgspec.Struct):
    """`config` of a push factor; both SDKs require `credential_sid` (contract section 3.2)."""

    sdk_version: str
    app_id: str
    notification_platform: str
    notification_token: str | None
    credential_sid: str


class FactorBody(msgspec.Struct):
    """`verify.v2.service.entity.factor`."""

    sid: str
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    date_created: str
    date_updated: str
    friendly_name: str
    status: str
    factor_type: str
    config: PushConfig
    metadata: msgspec.Raw | None
    url: str


class Binding(msgspec.Struct):
    """`binding` of a new push factor."""

    alg: str
    public_key: str


class NewFactorBody(FactorBody):
    """`verify.v2.service.entity.new_factor`."""

    binding: Binding
    options: None  # of passkeys only


class FactorPage(msgspec.Struct):
    """A page of factors."""

    factors: list[FactorBody]
    meta: PageMeta


def factor_body(factor: registry.Factor, urls: Urls) -> FactorBody:
    """The factor as the contract shows it."""
    push = factor.push
    return FactorBody(
        sid=factor.sid,
        account_sid=factor.account_sid,
        service_sid=factor.service_sid,
        entity_sid=factor.entity_sid,
        identity=factor.identity,
        date_created=date_text(factor.date_created),
        date_updated=date_text(factor.date_updated),
        friendly_name=factor.friendly_name,
        status=FACTOR_STATUSES[factor.status],
        factor_type=FACTOR_TYPES[factor.factor_type],
        config=PushConfig(
            sdk_version=push.sdk_version,
            app_id=push.app_id,
            notification_platform=PLATFORMS[push.notification_platform],
            notification_token=push.notification_token if push.HasField("notification_token") else None,
            credential_sid=push.credential_sid,
        ),
        metadata=raw_json(factor.metadata_json) if factor.HasField("metadata_json") else None,
        url=f"{urls.entity(factor.service_sid, factor.identity)}/Factors/{factor.sid}",
    )


def new_factor_body(factor: registry.Factor, urls: Urls) -> NewFactorBody:
    """The factor as the answer to its creation shows it."""
    shown = msgspec.structs.asdict(factor_body(factor, urls))
    binding = Binding(alg=BINDING_ALG, public_key=base64.b64encode(factor.public_key).decode("ascii"))
    return NewFactorBody(**shown, binding=binding, options=None)
