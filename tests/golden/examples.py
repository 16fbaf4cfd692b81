"""One example of every event, with every field set; and a bare one where fields may be unset.

Made-up values that never change: `write.py` encodes them once for each new (type, schema), the files stay.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from pushward.ids import Sid
from pushward.values import FactorType, NotificationPlatform, Sealed, TotpAlgorithm, TotpConfig
from services.challenge.domain import events as challenge
from services.registry.domain import events as registry
from services.registry.domain.service_settings import ServiceSettings
from services.webhook.domain import events as webhook

_DIGITS: Final = "0003019298ab8cde8a1b2c3d4e5f6071"
ACCOUNT: Final = Sid(f"AC{_DIGITS}")
SERVICE: Final = Sid(f"VA{_DIGITS}")
ENTITY: Final = Sid(f"YE{_DIGITS}")
FACTOR: Final = Sid(f"YF{_DIGITS}")
CHALLENGE: Final = Sid(f"YC{_DIGITS}")
ACCESS_TOKEN: Final = Sid(f"YK{_DIGITS}")
API_KEY: Final = Sid(f"SK{_DIGITS}")
WEBHOOK: Final = Sid(f"YW{_DIGITS}")
IDENTITY: Final = "user-0001"
KEY_ID: Final = UUID("0003a5a5-a5a5-85a5-a5a5-a5a5a5a5a5a5")
MOMENT: Final = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
PUBLIC_KEY: Final = bytes(range(91))
DIGEST: Final = bytes(range(32))


def _sealed(text: str) -> Sealed:
    return Sealed(KEY_ID, bytes(range(12)), text.encode() + bytes(range(240, 256)))


_SETTINGS: Final = ServiceSettings(
    code_length=8,
    lookup_enabled=True,
    skip_sms_to_landlines=True,
    dtmf_input_required=True,
    tts_name="Example Bank",
    psd2_enabled=True,
    do_not_share_warning_enabled=True,
    custom_code_enabled=True,
    push_include_date=True,
    push_apn_credential_sid=f"CR{_DIGITS}",
    push_fcm_credential_sid=f"CR{_DIGITS}",
    totp_issuer="Example Bank",
    totp_time_step=60,
    totp_code_length=8,
    totp_skew=2,
    default_template_sid=f"HJ{_DIGITS}",
    whatsapp_msg_service_sid=f"MG{_DIGITS}",
    whatsapp_from="whatsapp:+15005550006",
    passkeys_relying_party_id="example.com",
    passkeys_relying_party_name="Example",
    passkeys_relying_party_origins=("https://example.com", "https://login.example.com"),
    passkeys_authenticator_attachment="platform",
    passkeys_discoverable_credentials="required",
    passkeys_user_verification="preferred",
    verify_event_subscription_enabled=True,
)
# Any: members of several types; the classes that take them are what checks them.
_OF_FACTOR: Final[dict[str, Any]] = {
    "factor_sid": FACTOR,
    "account_sid": ACCOUNT,
    "service_sid": SERVICE,
    "entity_sid": ENTITY,
    "identity": IDENTITY,
    "factor_type": FactorType.PUSH,
}
_OF_CHALLENGE: Final[dict[str, Any]] = {"challenge_sid": CHALLENGE, **_OF_FACTOR}
_OF_TOTP_FACTOR: Final[dict[str, Any]] = {**_OF_FACTOR, "factor_type": FactorType.TOTP}
_OF_TOTP_CHALLENGE: Final[dict[str, Any]] = {"challenge_sid": CHALLENGE, **_OF_TOTP_FACTOR}
ATTEMPT_ID: Final = UUID("0003b6b6-b6b6-86b6-b6b6-b6b6b6b6b6b6")
TIME_STEP: Final = int(MOMENT.timestamp()) // 30
_OF_WEBHOOK: Final[dict[str, Any]] = {"webhook_sid": WEBHOOK, "account_sid": ACCOUNT, "service_sid": SERVICE}

EXAMPLES: Final[Sequence[object]] = (
    registry.AccountCreated(ACCOUNT, "Example Bank", KEY_ID, _sealed("auth token"), DIGEST),
    registry.SecondaryTokenCreated(ACCOUNT, _sealed("secondary auth token"), DIGEST[::-1]),
    registry.SecondaryTokenPromoted(ACCOUNT),
    registry.SecondaryTokenRemoved(ACCOUNT),
    registry.AccountDisabled(ACCOUNT),
    registry.AccountEnabled(ACCOUNT),
    registry.ApiKeyCreated(API_KEY, ACCOUNT, _sealed("Billing"), DIGEST),
    registry.ApiKeyRevoked(API_KEY, ACCOUNT),
    registry.ServiceCreated(SERVICE, ACCOUNT, "Stage", _SETTINGS),
    registry.ServiceCreated(SERVICE, ACCOUNT, "Bare", ServiceSettings()),
    registry.ServiceUpdated(SERVICE, ACCOUNT, "Prod", _SETTINGS),
    registry.ServiceDeleted(SERVICE, ACCOUNT),
    registry.EntityCreated(ENTITY, ACCOUNT, SERVICE, IDENTITY, KEY_ID),
    registry.EntityDeleted(ENTITY, ACCOUNT, SERVICE, IDENTITY),
    registry.EntityForgotten((ENTITY,), ACCOUNT, SERVICE, IDENTITY, (KEY_ID, UUID(int=KEY_ID.int + 1))),
    registry.EntityForgotten((), ACCOUNT, SERVICE, IDENTITY, (KEY_ID,)),
    registry.FactorCreated(
        FACTOR,
        ACCOUNT,
        SERVICE,
        ENTITY,
        IDENTITY,
        FactorType.PUSH,
        friendly_name=_sealed("Phone"),
        public_key=PUBLIC_KEY,
        app_id="com.example.app",
        sdk_version="1.0.0",
        notification_platform=NotificationPlatform.FCM,
        notification_token=_sealed("push token"),
        metadata=_sealed('{"os":"Android"}'),
        access_token_sid=ACCESS_TOKEN,
    ),
    registry.FactorCreated(
        FACTOR,
        ACCOUNT,
        SERVICE,
        ENTITY,
        IDENTITY,
        FactorType.PUSH,
        friendly_name=_sealed("Bare"),
        public_key=PUBLIC_KEY,
        app_id="com.example.app",
        sdk_version="1.0.0",
        notification_platform=NotificationPlatform.NONE,
        notification_token=None,
        metadata=None,
        access_token_sid=None,
    ),
    registry.FactorCreated(
        **_OF_TOTP_FACTOR,
        friendly_name=_sealed("Authenticator"),
        public_key=b"",
        app_id="",
        sdk_version="",
        notification_platform=NotificationPlatform.NONE,
        notification_token=None,
        metadata=None,
        access_token_sid=None,
        totp_secret=_sealed("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
        totp_secret_digest=DIGEST,
        totp_config=TotpConfig(TotpAlgorithm.SHA1, skew=1, code_length=6, time_step=30),
    ),
    registry.FactorVerified(**_OF_FACTOR),
    registry.FactorUpdated(
        **_OF_FACTOR,
        friendly_name=_sealed("New phone"),
        app_id="com.example.app",
        sdk_version="1.0.1",
        notification_platform=NotificationPlatform.APN,
        notification_token=_sealed("push token"),
    ),
    registry.FactorUpdated(
        **_OF_FACTOR,
        friendly_name=_sealed("Bare"),
        app_id="com.example.app",
        sdk_version="1.0.1",
        notification_platform=NotificationPlatform.NONE,
        notification_token=None,
    ),
    registry.FactorUpdated(
        **_OF_TOTP_FACTOR,
        friendly_name=_sealed("Authenticator"),
        app_id="",
        sdk_version="",
        notification_platform=NotificationPlatform.NONE,
        notification_token=None,
        totp_config=TotpConfig(TotpAlgorithm.SHA256, skew=0, code_length=8, time_step=60),
    ),
    registry.TotpStepSpent(**_OF_TOTP_FACTOR, step=TIME_STEP, attempt_id=ATTEMPT_ID),
    registry.TotpVerificationFailed(**_OF_TOTP_FACTOR, failures=1),
    registry.FactorDeleted(**_OF_FACTOR, with_service=True),
    registry.AccessTokenIssued(
        ACCESS_TOKEN, ACCOUNT, SERVICE, IDENTITY, FactorType.PUSH, _sealed("Phone"), DIGEST, 300, MOMENT, 2
    ),
    registry.AccessTokenIssued(ACCESS_TOKEN, ACCOUNT, SERVICE, IDENTITY, FactorType.PUSH, None, DIGEST, 60, MOMENT, 0),
    registry.AccessTokenSpent(ACCESS_TOKEN, ACCOUNT, SERVICE, FACTOR),
    challenge.ChallengeCreated(
        **_OF_CHALLENGE,
        details=_sealed('{"message":"Log in?"}'),
        hidden_details=_sealed('{"ip":"192.0.2.1"}'),
        expiration_date=MOMENT,
        notification_platform=NotificationPlatform.FCM,
    ),
    challenge.ChallengeCreated(
        **_OF_CHALLENGE,
        details=_sealed('{"message":"Bare"}'),
        hidden_details=None,
        expiration_date=MOMENT,
        notification_platform=NotificationPlatform.NONE,
    ),
    challenge.ChallengeCreated(
        **_OF_TOTP_CHALLENGE,
        details=None,
        hidden_details=None,
        expiration_date=MOMENT,
        notification_platform=NotificationPlatform.NONE,
    ),
    challenge.ChallengeAttempted(**_OF_TOTP_CHALLENGE, attempt=1),
    challenge.TotpChallengeCounted(FACTOR, ACCOUNT, SERVICE, ENTITY, IDENTITY, challenge_sid=CHALLENGE),
    challenge.ChallengeApproved(**_OF_CHALLENGE, receipt=_sealed("a.b.c"), metadata=_sealed('{"mode":"silent"}')),
    challenge.ChallengeApproved(**_OF_CHALLENGE, receipt=None, metadata=None),
    challenge.ChallengeDenied(**_OF_CHALLENGE, receipt=_sealed("a.b.c"), metadata=_sealed('{"mode":"silent"}')),
    challenge.ChallengeDenied(**_OF_CHALLENGE, receipt=None, metadata=None),
    challenge.ChallengeExpired(**_OF_CHALLENGE),
    challenge.ChallengeClosed(**_OF_CHALLENGE),
    challenge.NotificationRequested(
        **_OF_CHALLENGE,
        notification_sid=Sid("NT" + FACTOR[2:]),
        notification_platform=NotificationPlatform.APN,
        ttl_seconds=300,
    ),
    challenge.NotificationFailed(**_OF_CHALLENGE, notification_sid="NT" + FACTOR[2:], reason="no_channel"),
    challenge.NotificationFailed(**_OF_CHALLENGE, notification_sid="", reason="no_channel"),
    webhook.WebhookCreated(
        **_OF_WEBHOOK,
        friendly_name=_sealed("Backend"),
        event_types=("challenge.approved", "challenge.denied"),
        webhook_url=_sealed("https://example.com/hook"),
        secret=_sealed("whsec_secret"),
        status="enabled",
        version="v2",
    ),
    webhook.WebhookUpdated(
        **_OF_WEBHOOK,
        friendly_name=_sealed("Backend"),
        event_types=("*",),
        webhook_url=_sealed("https://example.com/hook"),
        status="disabled",
        version="v1",
    ),
    webhook.WebhookDeleted(**_OF_WEBHOOK),
)
