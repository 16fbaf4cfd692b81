"""What callers may write into a factor, an identity, an access token (contract section 1a and section 10).

Pure functions from what came to what it means; each raises BadRequestError with the contract's code and a message that
names the parameter. They run before anything is sealed, since the domain never sees plaintext again.
"""

import base64
import re
from dataclasses import dataclass
from typing import Final

from pushward import error_codes, strictjson
from pushward.errors import BadRequestError
from pushward.security import es256
from pushward.values import FactorType, NotificationPlatform

FRIENDLY_NAME_CHARACTERS_MAX: Final = 64
APP_ID_CHARACTERS_MAX: Final = 100
SDK_VERSION_CHARACTERS_MAX: Final = 100
NOTIFICATION_TOKEN_CHARACTERS_MIN: Final = 32
NOTIFICATION_TOKEN_CHARACTERS_MAX: Final = 255
METADATA_CHARACTERS_MAX: Final = 1024
PUBLIC_KEY_CHARACTERS_MAX: Final = 1024
AUTH_PAYLOAD_CHARACTERS_MAX: Final = 1024
TTL_SECONDS_DEFAULT: Final = 60
TTL_SECONDS_MIN: Final = 60
TTL_SECONDS_MAX: Final = 300


_IDENTITY: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
_LATER_FACTOR_TYPES: Final = ("passkeys",)


@dataclass(frozen=True, slots=True)
class PushConfig:
    """Where a factor's pushes go. ``token`` is None where the platform is ``none``."""

    app_id: str
    sdk_version: str
    platform: NotificationPlatform
    token: str | None


@dataclass(frozen=True, slots=True)
class PushConfigPatch:
    """What an update gives of it; None is left as it is."""

    app_id: str | None
    sdk_version: str | None
    platform: NotificationPlatform | None
    token: str | None


def is_identity(text: str) -> bool:
    """Whether an entity can have this identity."""
    return _IDENTITY.fullmatch(text) is not None


def new_identity(text: str) -> str:
    """An identity to be created. Raises BadRequestError 60367."""
    if not is_identity(text):
        raise BadRequestError(
            "Identity must have 8 to 64 characters, letters, digits and dashes only.", code=error_codes.INVALID_IDENTITY
        )
    return text


def factor_type(text: str) -> FactorType:
    """The type of a factor to be created. Raises BadRequestError 60306 for what comes later, 60369 otherwise."""
    if text in _LATER_FACTOR_TYPES:
        raise BadRequestError(
            f"FactorType {text} isn't available in this release of Pushward. Use push or totp.",
            code=error_codes.INVALID_REQUEST,
        )
    try:
        return FactorType(text)
    except ValueError as error:
        raise BadRequestError("FactorType must be push or totp.", code=error_codes.INVALID_FACTOR_TYPE) from error


def access_token_factor_type(text: str) -> FactorType:
    """The type of factor that an access token may enrol: push. Raises BadRequestError 60305."""
    if text != FactorType.PUSH:
        raise BadRequestError("FactorType must be push.", code=error_codes.INVALID_ACCESS_TOKEN)
    return FactorType.PUSH


def access_token_friendly_name(text: str | None) -> str | None:
    """The name that an access token suggests for its factor. Raises BadRequestError 60305."""
    if text is not None and len(text) > FRIENDLY_NAME_CHARACTERS_MAX:
        raise BadRequestError(
            f"FactorFriendlyName must have at most {FRIENDLY_NAME_CHARACTERS_MAX} characters.",
            code=error_codes.INVALID_ACCESS_TOKEN,
        )
    return text or None


def ttl_seconds(value: int | None) -> int:
    """How long an access token lives. Raises BadRequestError 60305."""
    if value is None:
        return TTL_SECONDS_DEFAULT
    if not TTL_SECONDS_MIN <= value <= TTL_SECONDS_MAX:
        raise BadRequestError(
            f"Ttl must be {TTL_SECONDS_MIN} to {TTL_SECONDS_MAX} seconds.", code=error_codes.INVALID_ACCESS_TOKEN
        )
    return value


def friendly_name(text: str) -> str:
    """A factor's name. Raises BadRequestError 60306."""
    if not 1 <= len(text) <= FRIENDLY_NAME_CHARACTERS_MAX:
        raise BadRequestError(
            f"FriendlyName must have 1 to {FRIENDLY_NAME_CHARACTERS_MAX} characters.", code=error_codes.INVALID_REQUEST
        )
    return text


def api_key_friendly_name(text: str) -> str:
    """The tenant's name for an API key; it may be empty. Raises BadRequestError 60300."""
    if len(text) > FRIENDLY_NAME_CHARACTERS_MAX:
        raise BadRequestError(
            f"FriendlyName must have at most {FRIENDLY_NAME_CHARACTERS_MAX} characters.",
            code=error_codes.INVALID_PARAMETER,
        )
    return text


def public_key(alg: str, text: str) -> bytes:
    """The SubjectPublicKeyInfo of a push factor's binding, on P-256. Raises BadRequestError 60314."""
    if alg != "ES256":
        raise BadRequestError("Binding.Alg must be ES256.", code=error_codes.INVALID_BINDING)
    if len(text) > PUBLIC_KEY_CHARACTERS_MAX:
        raise BadRequestError("Binding.PublicKey is too long.", code=error_codes.INVALID_BINDING)
    try:
        spki = base64.b64decode(text, validate=True)
        es256.parse_public_key(spki)
    except es256.NotAP256KeyError as error:
        raise BadRequestError(f"Binding.PublicKey is {error}.", code=error_codes.INVALID_BINDING) from error
    except ValueError as error:
        raise BadRequestError("Binding.PublicKey must be standard base64.", code=error_codes.INVALID_BINDING) from error
    return spki


def auth_payload(text: str) -> str:
    """What may verify a factor, whatever its type. Raises BadRequestError 60306."""
    if len(text) > AUTH_PAYLOAD_CHARACTERS_MAX:
        raise BadRequestError(
            f"AuthPayload must have at most {AUTH_PAYLOAD_CHARACTERS_MAX} characters.", code=error_codes.INVALID_REQUEST
        )
    return text


def proof(text: str) -> bytes:
    """The DER signature of a push factor's AuthPayload; empty, which proves nothing, if it isn't base64."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def push_config(app_id: str, sdk_version: str, platform: str, token: str | None) -> PushConfig:
    """The configuration of a new push factor. Raises BadRequestError 60370."""
    chosen = _platform(platform)
    return PushConfig(
        app_id=_app_id(app_id),
        sdk_version=_sdk_version(sdk_version),
        platform=chosen,
        token=None if chosen is NotificationPlatform.NONE else _notification_token(token or ""),
    )


def push_config_patch(
    app_id: str | None, sdk_version: str | None, platform: str | None, token: str | None
) -> PushConfigPatch:
    """What an update gives of a configuration; an empty parameter counts as not given. Raises BadRequestError 60370."""
    chosen = _platform(platform) if platform else None
    return PushConfigPatch(
        app_id=_app_id(app_id) if app_id else None,
        sdk_version=_sdk_version(sdk_version) if sdk_version else None,
        platform=chosen,
        token=_notification_token(token) if token and chosen is not NotificationPlatform.NONE else None,
    )


def metadata(text: str | None) -> str | None:
    """Metadata as it came, if it is a JSON object of strings. Raises BadRequestError 60300, naming the member."""
    if not text:
        return None
    if len(text) > METADATA_CHARACTERS_MAX:
        raise BadRequestError(
            f"Metadata must have at most {METADATA_CHARACTERS_MAX} characters.", code=error_codes.INVALID_PARAMETER
        )
    try:
        members = strictjson.parse_object(text)
    except strictjson.StrictJsonError as error:
        raise BadRequestError(
            f"Metadata must be a JSON object of strings: {error}.", code=error_codes.INVALID_PARAMETER
        ) from error
    for name, value in members.items():
        if not isinstance(value, str):
            raise BadRequestError(
                f"Metadata: the member {name!r} must be a string.", code=error_codes.INVALID_PARAMETER
            )
        if "\0" in value or "\0" in name:
            raise BadRequestError(f"Metadata: the member {name!r} contains U+0000.", code=error_codes.INVALID_PARAMETER)
    return text


def _app_id(text: str) -> str:
    if not 1 <= len(text) <= APP_ID_CHARACTERS_MAX:
        raise BadRequestError(
            f"Config.AppId must have 1 to {APP_ID_CHARACTERS_MAX} characters.", code=error_codes.INVALID_CONFIG
        )
    return text


def _sdk_version(text: str) -> str:
    if not 1 <= len(text) <= SDK_VERSION_CHARACTERS_MAX:
        raise BadRequestError(
            f"Config.SdkVersion must have 1 to {SDK_VERSION_CHARACTERS_MAX} characters.",
            code=error_codes.INVALID_CONFIG,
        )
    return text


def _platform(text: str) -> NotificationPlatform:
    try:
        return NotificationPlatform(text)
    except ValueError as error:
        raise BadRequestError(
            "Config.NotificationPlatform must be apn, fcm or none.", code=error_codes.INVALID_CONFIG
        ) from error


def _notification_token(text: str) -> str:
    if not NOTIFICATION_TOKEN_CHARACTERS_MIN <= len(text) <= NOTIFICATION_TOKEN_CHARACTERS_MAX:
        raise BadRequestError(
            f"Config.NotificationToken must have {NOTIFICATION_TOKEN_CHARACTERS_MIN} to "
            f"{NOTIFICATION_TOKEN_CHARACTERS_MAX} characters.",
            code=error_codes.INVALID_CONFIG,
        )
    return text
