"""What may be asked of an entity's stream. Texts were checked by ``rules`` and sealed before they come here.

Ids, keys and sealed values come in as values; time comes beside the command, from the database.
"""

from dataclasses import dataclass
from uuid import UUID

from pushward.ids import Sid
from pushward.values import NotificationPlatform, Sealed, TotpConfig


@dataclass(frozen=True, slots=True)
class CreatePushFactor:
    """Enrol a device. ``public_key`` is a valid SubjectPublicKeyInfo on P-256."""

    factor_sid: Sid
    friendly_name: Sealed
    public_key: bytes
    app_id: str
    sdk_version: str
    notification_platform: NotificationPlatform
    notification_token: Sealed | None
    metadata: Sealed | None


@dataclass(frozen=True, slots=True)
class CreateTotpFactor:
    """Agree on a secret for codes. ``secret_digest`` is keyed: it tells equal secrets of one entity."""

    factor_sid: Sid
    friendly_name: Sealed
    secret: Sealed
    secret_digest: bytes
    config: TotpConfig
    metadata: Sealed | None


@dataclass(frozen=True, slots=True)
class TryCode:
    """A code was given. ``steps`` are the time steps that it stands for, in order; none if it is wrong."""

    attempt_id: UUID
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UpdateTotpFactor:
    """Verify a TOTP factor, change what is given, or both. None leaves a field as it is."""

    factor_sid: str
    tried: TryCode | None = None
    friendly_name: Sealed | None = None
    config: TotpConfig | None = None


@dataclass(frozen=True, slots=True)
class UpdatePushFactor:
    """Verify a push factor, change what is given, or both. None leaves a field as it is.

    ``proof`` is a DER signature over the factor's SID. A platform of ``none`` drops the notification token.
    """

    factor_sid: str
    proof: bytes | None = None
    friendly_name: Sealed | None = None
    app_id: str | None = None
    sdk_version: str | None = None
    notification_platform: NotificationPlatform | None = None
    notification_token: Sealed | None = None

    @property
    def changes(self) -> bool:
        """Whether it would change anything but the status."""
        given = (
            self.friendly_name,
            self.app_id,
            self.sdk_version,
            self.notification_platform,
            self.notification_token,
        )
        return any(value is not None for value in given)
