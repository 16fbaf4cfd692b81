"""A Factor on the wire (contract section 1a); `binding` and `options` only in answer to its creation."""

import base64
from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from pushward.api.common.v1 import common_pb2 as common
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.challenge_view import date_text
from services.edge.app.models.values import (
    FACTOR_STATUSES,
    FACTOR_TYPES,
    PLATFORMS,
    TOTP_ALGORITHMS,
    PageMeta,
    raw_json,
)
from services.edge.app.params import Int32, Params
from services.edge.app.urls import Urls

BINDING_ALG = "ES256"
INVALID_CONFIG = 60370
FactorType = Annotated[str, Meta(extra_json_schema={"enum": ["push", "totp", "passkeys"]})]
Platform = Annotated[str, Meta(extra_json_schema={"enum": ["apn", "fcm", "none"]})]
TotpAlg = Annotated[str, Meta(extra_json_schema={"enum": ["sha1", "sha256", "sha512"]})]


class TotpParams(Params, frozen=True, kw_only=True):
    """What both creation and update take for a TOTP factor."""

    invalid_codes: ClassVar[Mapping[str, int]] = {
        "Config.Skew": INVALID_CONFIG,
        "Config.CodeLength": INVALID_CONFIG,
        "Config.TimeStep": INVALID_CONFIG,
    }

    totp_alg: TotpAlg | None = field(name="Config.Alg", default=None)
    totp_skew: Int32 | None = field(name="Config.Skew", default=None)
    totp_code_length: Int32 | None = field(name="Config.CodeLength", default=None)
    totp_time_step: Int32 | None = field(name="Config.TimeStep", default=None)


class CreateFactorParams(TotpParams, frozen=True, kw_only=True):
    """A new factor."""

    friendly_name: str
    factor_type: FactorType
    binding_alg: str = field(name="Binding.Alg", default="")
    binding_public_key: str = field(name="Binding.PublicKey", default="")
    binding_secret: str | None = field(name="Binding.Secret", default=None)
    app_id: str = field(name="Config.AppId", default="")
    sdk_version: str = field(name="Config.SdkVersion", default="")
    notification_platform: Platform = field(name="Config.NotificationPlatform", default="")
    notification_token: str | None = field(name="Config.NotificationToken", default=None)
    metadata: str | None = None


class UpdateFactorParams(TotpParams, frozen=True, kw_only=True):
    """A proof of possession or a code, changes, or both."""

    auth_payload: str | None = None
    friendly_name: str | None = None
    app_id: str | None = field(name="Config.AppId", default=None)
    sdk_version: str | None = field(name="Config.SdkVersion", default=None)
    notification_platform: Platform | None = field(name="Config.NotificationPlatform", default=None)
    notification_token: str | None = field(name="Config.NotificationToken", default=None)


class FactorConfig(msgspec.Struct):
    """`config`: the first members of a push factor, the last of a TOTP factor; the others aren't there.

    Both SDKs require `credential_sid` (contract section 3.2).
    """

    sdk_version: str | UnsetType = UNSET
    app_id: str | UnsetType = UNSET
    notification_platform: str | UnsetType = UNSET
    notification_token: str | UnsetType | None = UNSET
    credential_sid: str | UnsetType = UNSET
    alg: str | UnsetType = UNSET
    skew: int | UnsetType = UNSET
    code_length: int | UnsetType = UNSET
    time_step: int | UnsetType = UNSET


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
    config: FactorConfig
    metadata: msgspec.Raw | None
    url: str


class Binding(msgspec.Struct):
    """`binding` of a new factor: algorithm and key of a push factor; secret and otpauth URI of a TOTP factor."""

    alg: str | UnsetType = UNSET
    public_key: str | UnsetType = UNSET
    secret: str | UnsetType = UNSET
    uri: str | UnsetType = UNSET


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
        config=_totp_config(factor.totp) if factor.HasField("totp") else _push_config(factor.push),
        metadata=raw_json(factor.metadata_json) if factor.HasField("metadata_json") else None,
        url=f"{urls.entity(factor.service_sid, factor.identity)}/Factors/{factor.sid}",
    )


def new_factor_body(factor: registry.Factor, urls: Urls) -> NewFactorBody:
    """The factor as the answer to its creation shows it."""
    shown = msgspec.structs.asdict(factor_body(factor, urls))
    return NewFactorBody(**shown, binding=_binding(factor), options=None)


def totp_patch(params: TotpParams) -> registry.TotpPatch | None:
    """What a caller wants of a TOTP factor's configuration; None if that is nothing."""
    patch = registry.TotpPatch(
        alg=params.totp_alg,
        skew=params.totp_skew,
        code_length=params.totp_code_length,
        time_step=params.totp_time_step,
    )
    return patch if patch.ListFields() else None


def _push_config(push: registry.PushConfig) -> FactorConfig:
    return FactorConfig(
        sdk_version=push.sdk_version,
        app_id=push.app_id,
        notification_platform=PLATFORMS[push.notification_platform],
        notification_token=push.notification_token if push.HasField("notification_token") else None,
        credential_sid=push.credential_sid,
    )


def _totp_config(totp: common.TotpConfig) -> FactorConfig:
    return FactorConfig(
        alg=TOTP_ALGORITHMS[totp.alg], skew=totp.skew, code_length=totp.code_length, time_step=totp.time_step
    )


def _binding(factor: registry.Factor) -> Binding:
    if factor.HasField("totp_binding"):
        return Binding(secret=factor.totp_binding.secret, uri=factor.totp_binding.uri)
    return Binding(alg=BINDING_ALG, public_key=base64.b64encode(factor.public_key).decode("ascii"))
