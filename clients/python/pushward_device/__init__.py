"""The device's side of Pushward: enrol, show what is asked, sign the answer.

`Device` is the way in; `receipt.verify` checks an answer offline. Errors are in `pushward_device.errors`, the most
useful of them here too.
"""

from pushward_device import receipt
from pushward_device.clock import Clock, SystemClock
from pushward_device.device import Device
from pushward_device.errors import (
    AnotherChallengeError,
    AnswerFormatError,
    AnswerNotRecordedError,
    ApiError,
    AuthenticationError,
    BaseUrlError,
    ChallengeExpiredError,
    ChallengeNotArrivedError,
    ChallengeNotFetchedError,
    ChallengeNotPendingError,
    FactorDeletedError,
    FactorNotVerifiedError,
    FactorUnknownError,
    KeyStoreAccessError,
    KeyStoreDamagedError,
    KeyStoreError,
    KeyUnknownError,
    NetworkError,
    NotFoundError,
    NotInForegroundError,
    NotSignedError,
    PermissionDeniedError,
    PushwardDeviceError,
    RateLimitedError,
    ReceiptInvalidError,
    ServerUnavailableError,
    SignatureFieldAbsentError,
    SignatureFieldsMissingError,
    SilentApprovalError,
    TokenInvalidError,
    WrongFactorError,
)
from pushward_device.file_keystore import FileKeyStore
from pushward_device.foreground import Foreground
from pushward_device.keystore import KeyStore, MemoryKeyStore
from pushward_device.models import (
    Challenge,
    ChallengePage,
    ChallengeStatus,
    DetailField,
    Factor,
    FactorStatus,
    RegistrationPayload,
)
from pushward_device.receipt import Receipt
from pushward_device.version import __version__

__all__ = [
    "AnotherChallengeError",
    "AnswerFormatError",
    "AnswerNotRecordedError",
    "ApiError",
    "AuthenticationError",
    "BaseUrlError",
    "Challenge",
    "ChallengeExpiredError",
    "ChallengeNotArrivedError",
    "ChallengeNotFetchedError",
    "ChallengeNotPendingError",
    "ChallengePage",
    "ChallengeStatus",
    "Clock",
    "DetailField",
    "Device",
    "Factor",
    "FactorDeletedError",
    "FactorNotVerifiedError",
    "FactorStatus",
    "FactorUnknownError",
    "FileKeyStore",
    "Foreground",
    "KeyStore",
    "KeyStoreAccessError",
    "KeyStoreDamagedError",
    "KeyStoreError",
    "KeyUnknownError",
    "MemoryKeyStore",
    "NetworkError",
    "NotFoundError",
    "NotInForegroundError",
    "NotSignedError",
    "PermissionDeniedError",
    "PushwardDeviceError",
    "RateLimitedError",
    "Receipt",
    "ReceiptInvalidError",
    "RegistrationPayload",
    "ServerUnavailableError",
    "SignatureFieldAbsentError",
    "SignatureFieldsMissingError",
    "SilentApprovalError",
    "SystemClock",
    "TokenInvalidError",
    "WrongFactorError",
    "__version__",
    "receipt",
]
