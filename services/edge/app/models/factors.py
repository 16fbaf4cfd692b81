"""A Factor on the wire (contract section 1a); `binding` and `options` only in answer to its creation."""

import base64
from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta, field

from pushward import error_codes
from pushward.api.common.v1 import common_pb2 as common
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.challenge_view import date_text
from services.edge.app.models.shapes import (
    AccountSid,
    Base64,
    CredentialSid,
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
    one_of,
    reference,
    told,
)
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
NewFactorType = Annotated[str, told(enum=["push", "totp", "passkeys"])]
Platform = Annotated[str, told(enum=["apn", "fcm", "none"])]
FriendlyName = Annotated[str, told(minLength=1, maxLength=64)]
AppId = Annotated[str, told(minLength=1, maxLength=100)]
SdkVersion = Annotated[str, told(minLength=1, maxLength=100)]
NotificationToken = Annotated[str, told(minLength=32, maxLength=255)]
PublicKey = Annotated[
    str,
    Meta(description="SubjectPublicKeyInfo on P-256, DER, standard base64."),
    told(maxLength=1024, contentEncoding="base64"),
]
Secret = Annotated[str, Meta(description="Base32, of 10 to 128 bytes; made if not given.")]
AuthPayload = Annotated[
    str,
    Meta(description="Of a push factor: signs its SID, ECDSA over SHA-256, DER, base64. Of a TOTP factor: a code."),
    told(maxLength=1024),
]
TotpAlg = Annotated[str, told(enum=["sha1", "sha256", "sha512"])]
TotpSkew = Annotated[Int32, told(minimum=0, maximum=2)]
TotpCodeLength = Annotated[Int32, told(minimum=3, maximum=8)]
TotpTimeStep = Annotated[Int32, told(minimum=20, maximum=60)]


class TotpParams(Params, frozen=True, kw_only=True):
    """What both creation and update take for a TOTP factor."""

    invalid_codes: ClassVar[Mapping[str, int]] = {
        "Config.Skew": error_codes.INVALID_CONFIG,
        "Config.CodeLength": error_codes.INVALID_CONFIG,
        "Config.TimeStep": error_codes.INVALID_CONFIG,
    }

    totp_alg: TotpAlg | None = field(name="Config.Alg", default=None)
    totp_skew: TotpSkew | None = field(name="Config.Skew", default=None)
    totp_code_length: TotpCodeLength | None = field(name="Config.CodeLength", default=None)
    totp_time_step: TotpTimeStep | None = field(name="Config.TimeStep", default=None)


class CreateFactorParams(TotpParams, frozen=True, kw_only=True):
    """A new factor."""

    friendly_name: FriendlyName
    factor_type: NewFactorType
    binding_alg: Annotated[str, told(enum=["ES256"])] = field(name="Binding.Alg", default="")
    binding_public_key: PublicKey = field(name="Binding.PublicKey", default="")
    binding_secret: Secret | None = field(name="Binding.Secret", default=None)
    app_id: AppId = field(name="Config.AppId", default="")
    sdk_version: SdkVersion = field(name="Config.SdkVersion", default="")
    notification_platform: Platform = field(name="Config.NotificationPlatform", default="")
    notification_token: NotificationToken | None = field(name="Config.NotificationToken", default=None)
    metadata: JsonOfStrings | None = None


class UpdateFactorParams(TotpParams, frozen=True, kw_only=True):
    """A proof of possession or a code, changes, or both."""

    auth_payload: AuthPayload | None = None
    friendly_name: FriendlyName | None = None
    app_id: AppId | None = field(name="Config.AppId", default=None)
    sdk_version: SdkVersion | None = field(name="Config.SdkVersion", default=None)
    notification_platform: Platform | None = field(name="Config.NotificationPlatform", default=None)
    notification_token: NotificationToken | None = field(name="Config.NotificationToken", default=None)


class PushConfig(msgspec.Struct):
    """`config` of a push factor; both SDKs require `credential_sid` (contract section 3.2)."""

    sdk_version: str
    app_id: str
    notification_platform: Platform
    notification_token: str | None
    credential_sid: CredentialSid


class TotpConfig(msgspec.Struct):
    """`config` of a TOTP factor."""

    alg: TotpAlg
    skew: TotpSkew
    code_length: TotpCodeLength
    time_step: TotpTimeStep


Config = Annotated[object, one_of(PushConfig, TotpConfig)]


class FactorBody(msgspec.Struct):
    """`verify.v2.service.entity.factor`."""

    alternatives: ClassVar[tuple[type[msgspec.Struct], ...]] = (PushConfig, TotpConfig)
    rules: ClassVar = (
        for_type("push", config=reference(PushConfig)),
        for_type("totp", config=reference(TotpConfig)),
    )

    sid: FactorSid
    account_sid: AccountSid
    service_sid: ServiceSid
    entity_sid: EntitySid
    identity: Identity
    date_created: Date
    date_updated: Date
    friendly_name: str
    status: Annotated[str, told(enum=["unverified", "verified"])]
    factor_type: FactorType
    config: Config
    metadata: StringMap | None
    url: Url


class PushBinding(msgspec.Struct):
    """`binding` of a new push factor."""

    alg: Annotated[str, told(enum=[BINDING_ALG])]
    public_key: Base64


class TotpBinding(msgspec.Struct):
    """`binding` of a new TOTP factor."""

    secret: Annotated[str, told(pattern="^[A-Z2-7]+$")]
    uri: Annotated[str, told(format="uri", pattern="^otpauth://totp/")]


Binding = Annotated[object, one_of(PushBinding, TotpBinding)]


class NewFactorBody(FactorBody):
    """`verify.v2.service.entity.new_factor`."""

    alternatives: ClassVar[tuple[type[msgspec.Struct], ...]] = (*FactorBody.alternatives, PushBinding, TotpBinding)
    rules: ClassVar = (
        for_type("push", config=reference(PushConfig), binding=reference(PushBinding)),
        for_type("totp", config=reference(TotpConfig), binding=reference(TotpBinding)),
    )

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


def _push_config(push: registry.PushConfig) -> PushConfig:
    return PushConfig(
        sdk_version=push.sdk_version,
        app_id=push.app_id,
        notification_platform=PLATFORMS[push.notification_platform],
        notification_token=push.notification_token if push.HasField("notification_token") else None,
        credential_sid=push.credential_sid,
    )


def _totp_config(totp: common.TotpConfig) -> TotpConfig:
    return TotpConfig(
        alg=TOTP_ALGORITHMS[totp.alg], skew=totp.skew, code_length=totp.code_length, time_step=totp.time_step
    )


def _binding(factor: registry.Factor) -> PushBinding | TotpBinding:
    if factor.HasField("totp_binding"):
        return TotpBinding(secret=factor.totp_binding.secret, uri=factor.totp_binding.uri)
    return PushBinding(alg=BINDING_ALG, public_key=base64.b64encode(factor.public_key).decode("ascii"))
