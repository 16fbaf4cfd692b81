"""Values that more than one service's domain speaks of. Pure: no I/O, no encoding."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value that only holders of the data key can read (DESIGN section 5). Opaque to the domain."""

    key_id: UUID
    nonce: bytes
    ciphertext: bytes


class FactorType(StrEnum):
    """The means of verifying an entity."""

    PUSH = "push"
    TOTP = "totp"


class FactorStatus(StrEnum):
    """An unverified factor can't be challenged; a verified one never goes back."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"


class TotpAlgorithm(StrEnum):
    """The hash under a TOTP code's HMAC."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"


@dataclass(frozen=True, slots=True)
class TotpConfig:
    """How a TOTP factor's codes are made, and which of them count (RFC 6238).

    ``skew`` steps before and after the present one count, too; ``time_step`` is in seconds, ``code_length`` in digits.
    """

    alg: TotpAlgorithm
    skew: int
    code_length: int
    time_step: int


class NotificationPlatform(StrEnum):
    """Where a factor's pushes go."""

    NONE = "none"
    FCM = "fcm"
    APN = "apn"
