"""A Service on the wire (contract section 1a)."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta, field

from pushward import error_codes, ids
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.challenge_view import date_text
from services.edge.app.models.shapes import (
    AccountSid,
    Date,
    MessagingServiceSid,
    PushCredentialSid,
    ServiceSid,
    TemplateSid,
    Url,
    sid_or_none_pattern,
    told,
)
from services.edge.app.models.values import PageMeta
from services.edge.app.params import Int32, Params
from services.edge.app.urls import Urls

FriendlyName = Annotated[str, Meta(description="1 to 32 characters."), told(minLength=1, maxLength=32)]
Text = Annotated[str, told(maxLength=255)]
CodeLength = Annotated[Int32, told(minimum=4, maximum=10)]
TotpTimeStep = Annotated[Int32, Meta(description="Seconds."), told(minimum=20, maximum=60)]
TotpCodeLength = Annotated[Int32, told(minimum=3, maximum=8)]
TotpSkew = Annotated[Int32, Meta(description="Time steps to either side."), told(minimum=0, maximum=2)]
Origins = Annotated[str, Meta(description="At most 20 origins, separated by commas; empty for none.")]
ATTACHMENTS = ("platform", "cross-platform", "any")
STRENGTHS = ("required", "preferred", "discouraged")
UNSETS = Meta(description="Empty for none.")
NewPushCredentialSid = Annotated[str, UNSETS, told(pattern=sid_or_none_pattern(ids.CREDENTIAL))]
NewTemplateSid = Annotated[str, UNSETS, told(pattern=sid_or_none_pattern("HJ"))]
NewMessagingServiceSid = Annotated[str, UNSETS, told(pattern=sid_or_none_pattern("MG"))]
NewAttachment = Annotated[str, UNSETS, told(enum=[*ATTACHMENTS, ""])]
NewStrength = Annotated[str, UNSETS, told(enum=[*STRENGTHS, ""])]
Attachment = Annotated[str, told(enum=ATTACHMENTS)]
Strength = Annotated[str, told(enum=STRENGTHS)]


class UpdateServiceParams(Params, frozen=True, kw_only=True):
    """What is not given stays as it is, or takes its default on creation. Field names are ServicePatch's."""

    invalid_code: ClassVar[int] = error_codes.INVALID_SERVICE

    friendly_name: FriendlyName | None = None
    code_length: CodeLength | None = None
    lookup_enabled: bool | None = None
    skip_sms_to_landlines: bool | None = None
    dtmf_input_required: bool | None = None
    tts_name: Text | None = None
    psd2_enabled: bool | None = None
    do_not_share_warning_enabled: bool | None = None
    custom_code_enabled: bool | None = None
    push_include_date: bool | None = field(name="Push.IncludeDate", default=None)
    push_apn_credential_sid: NewPushCredentialSid | None = field(name="Push.ApnCredentialSid", default=None)
    push_fcm_credential_sid: NewPushCredentialSid | None = field(name="Push.FcmCredentialSid", default=None)
    totp_issuer: Text | None = field(name="Totp.Issuer", default=None)
    totp_time_step: TotpTimeStep | None = field(name="Totp.TimeStep", default=None)
    totp_code_length: TotpCodeLength | None = field(name="Totp.CodeLength", default=None)
    totp_skew: TotpSkew | None = field(name="Totp.Skew", default=None)
    default_template_sid: NewTemplateSid | None = None
    whatsapp_msg_service_sid: NewMessagingServiceSid | None = field(name="Whatsapp.MsgServiceSid", default=None)
    whatsapp_from: Text | None = field(name="Whatsapp.From", default=None)
    passkeys_relying_party_id: Text | None = field(name="Passkeys.RelyingParty.Id", default=None)
    passkeys_relying_party_name: Text | None = field(name="Passkeys.RelyingParty.Name", default=None)
    passkeys_relying_party_origins: Origins | None = field(name="Passkeys.RelyingParty.Origins", default=None)
    passkeys_authenticator_attachment: NewAttachment | None = field(
        name="Passkeys.AuthenticatorAttachment", default=None
    )
    passkeys_discoverable_credentials: NewStrength | None = field(name="Passkeys.DiscoverableCredentials", default=None)
    passkeys_user_verification: NewStrength | None = field(name="Passkeys.UserVerification", default=None)
    verify_event_subscription_enabled: bool | None = None

    def patch(self) -> registry.ServicePatch:
        """The same for registry: what is None stays unset."""
        return registry.ServicePatch(**msgspec.structs.asdict(self))


class CreateServiceParams(UpdateServiceParams, frozen=True, kw_only=True):
    """A new service needs its name."""

    friendly_name: FriendlyName


class PushSettings(msgspec.Struct):
    """`push` of a service."""

    include_date: bool
    apn_credential_sid: PushCredentialSid | None
    fcm_credential_sid: PushCredentialSid | None


class TotpSettings(msgspec.Struct):
    """`totp` of a service."""

    issuer: str
    time_step: TotpTimeStep
    code_length: TotpCodeLength
    skew: TotpSkew


class WhatsappSettings(msgspec.Struct, rename={"sender": "from"}):
    """`whatsapp` of a service."""

    msg_service_sid: MessagingServiceSid | None
    sender: str | None


class RelyingParty(msgspec.Struct):
    """`passkeys.relying_party` of a service."""

    id: str | None
    name: str | None
    origins: list[str]


class PasskeysSettings(msgspec.Struct):
    """`passkeys` of a service."""

    relying_party: RelyingParty
    authenticator_attachment: Attachment | None
    discoverable_credentials: Strength | None
    user_verification: Strength | None


class ServiceLinks(msgspec.Struct):
    """`links` of a service."""

    verification_checks: Url
    verifications: Url
    rate_limits: Url
    messaging_configurations: Url
    entities: Url
    webhooks: Url
    access_tokens: Url


class ServiceBody(msgspec.Struct):
    """`verify.v2.service`."""

    sid: ServiceSid
    account_sid: AccountSid
    friendly_name: str
    code_length: CodeLength
    lookup_enabled: bool
    psd2_enabled: bool
    skip_sms_to_landlines: bool
    dtmf_input_required: bool
    tts_name: str | None
    do_not_share_warning_enabled: bool
    custom_code_enabled: bool
    push: PushSettings
    totp: TotpSettings
    default_template_sid: TemplateSid | None
    whatsapp: WhatsappSettings
    passkeys: PasskeysSettings
    verify_event_subscription_enabled: bool
    date_created: Date
    date_updated: Date
    url: Url
    links: ServiceLinks


class ServicePage(msgspec.Struct):
    """A page of services."""

    services: list[ServiceBody]
    meta: PageMeta


def service_body(service: registry.Service, urls: Urls) -> ServiceBody:
    """The service as the contract shows it."""
    settings = service.settings
    url = urls.service(service.sid)
    return ServiceBody(
        sid=service.sid,
        account_sid=service.account_sid,
        friendly_name=service.friendly_name,
        code_length=settings.code_length,
        lookup_enabled=settings.lookup_enabled,
        psd2_enabled=settings.psd2_enabled,
        skip_sms_to_landlines=settings.skip_sms_to_landlines,
        dtmf_input_required=settings.dtmf_input_required,
        tts_name=settings.tts_name or None,
        do_not_share_warning_enabled=settings.do_not_share_warning_enabled,
        custom_code_enabled=settings.custom_code_enabled,
        push=PushSettings(
            include_date=settings.push_include_date,
            apn_credential_sid=settings.push_apn_credential_sid or None,
            fcm_credential_sid=settings.push_fcm_credential_sid or None,
        ),
        totp=TotpSettings(
            issuer=settings.totp_issuer or service.friendly_name,
            time_step=settings.totp_time_step,
            code_length=settings.totp_code_length,
            skew=settings.totp_skew,
        ),
        default_template_sid=settings.default_template_sid or None,
        whatsapp=WhatsappSettings(
            msg_service_sid=settings.whatsapp_msg_service_sid or None,
            sender=settings.whatsapp_from or None,
        ),
        passkeys=PasskeysSettings(
            relying_party=RelyingParty(
                id=settings.passkeys_relying_party_id or None,
                name=settings.passkeys_relying_party_name or None,
                origins=list(settings.passkeys_relying_party_origins),
            ),
            authenticator_attachment=settings.passkeys_authenticator_attachment or None,
            discoverable_credentials=settings.passkeys_discoverable_credentials or None,
            user_verification=settings.passkeys_user_verification or None,
        ),
        verify_event_subscription_enabled=settings.verify_event_subscription_enabled,
        date_created=date_text(service.date_created),
        date_updated=date_text(service.date_updated),
        url=url,
        links=ServiceLinks(
            verification_checks=f"{url}/VerificationCheck",
            verifications=f"{url}/Verifications",
            rate_limits=f"{url}/RateLimits",
            messaging_configurations=f"{url}/MessagingConfigurations",
            entities=f"{url}/Entities",
            webhooks=f"{url}/Webhooks",
            access_tokens=f"{url}/AccessTokens",
        ),
    )
