"""Everything this library raises on purpose.

    PushwardDeviceError
    ├── BaseUrlError                    neither https nor this machine: nothing was sent
    ├── ApiError                        the server refused: `status`, `code`, `message` of its envelope
    │   ├── AuthenticationError         401, after the one clock correction
    │   ├── PermissionDeniedError       403
    │   ├── NotFoundError               404
    │   ├── RateLimitedError            429, `retry_after_seconds`
    │   └── ServerUnavailableError      5xx
    ├── NetworkError                    no complete answer: whether the server acted is not known
    ├── AnswerFormatError               an answer that the contract doesn't allow
    ├── NotSignedError                  refused here, before anything was signed
    │   ├── WrongFactorError            the challenge is for another factor
    │   ├── ChallengeNotPendingError    answered or expired already
    │   ├── ChallengeNotFetchedError    it came from a list: `get` it first
    │   ├── SignatureFieldsMissingError the answer didn't say what to sign, or too little
    │   └── SignatureFieldAbsentError   a field to sign isn't in the challenge
    ├── AnswerNotRecordedError          the server took the answer, and then showed another status
    ├── SilentApprovalError             nothing was approved silently
    │   ├── ChallengeNotArrivedError    nothing came within the time
    │   ├── AnotherChallengeError       only others came: `challenge_sids`
    │   ├── ChallengeExpiredError       the expected one had expired
    │   └── NotInForegroundError        the user can't see the app; nothing was signed
    ├── FactorNotVerifiedError          the proof of possession wasn't accepted
    ├── FactorDeletedError              the factor is gone from the server: enrol again
    ├── KeyStoreError
    │   ├── KeyStoreAccessError         wrong mode or owner, or not readable or writable
    │   ├── KeyStoreDamagedError        the file isn't a key store
    │   ├── FactorUnknownError          no such factor in this store
    │   └── KeyUnknownError             no such key in this store
    ├── TokenInvalidError               a compact JWS whose form or signature is wrong
    └── ReceiptInvalidError             a receipt that proves nothing

Messages say what is wrong and what to do, and hold no token and no key.
"""

from typing import ClassVar


class PushwardDeviceError(Exception):
    """The root of the tree."""


class BaseUrlError(PushwardDeviceError):
    """The base URL can't be used: tokens would go over a network in plain text, or it isn't one."""


class ApiError(PushwardDeviceError):
    """The server refused. `code` is None if the answer had no error envelope: then something between us answered."""

    advice: ClassVar[str] = "Correct the request."

    def __init__(
        self,
        *,
        status: int,
        code: int | None,
        message: str,
        retry_after_seconds: float | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds
        origin = "no error envelope" if code is None else f"code {code}"
        super().__init__(f"The server answered {status} ({origin}): {message} {self.advice}")


class AuthenticationError(ApiError):
    """401: the token was not accepted, although the clock was corrected where that could help."""

    advice = "The access token is spent or expired, or the factor was deleted: enrol with a new access token."


class PermissionDeniedError(ApiError):
    """403: known, and not allowed."""

    advice = "Read the challenge or factor again: its present state doesn't allow this."


class NotFoundError(ApiError):
    """404: there is no such thing, or it isn't this device's."""

    advice = "It was deleted, or it isn't this device's."


class RateLimitedError(ApiError):
    """429: too often."""

    advice = "Wait before you try again."


class ServerUnavailableError(ApiError):
    """5xx: the server can't answer now."""

    advice = "Try again later."


class NetworkError(PushwardDeviceError):
    """No complete answer came back; the server may or may not have acted."""


class AnswerFormatError(PushwardDeviceError):
    """The answer isn't what the contract allows; nothing of it was used."""


class NotSignedError(PushwardDeviceError):
    """The library refused to sign. Nothing was sent."""


class WrongFactorError(NotSignedError):
    """The challenge is for another factor than the one at hand."""


class ChallengeNotPendingError(NotSignedError):
    """The challenge was answered or has expired."""


class ChallengeNotFetchedError(NotSignedError):
    """The challenge came from a list, which doesn't say what to sign: `get` it, show that, and answer that."""


class SignatureFieldsMissingError(NotSignedError):
    """The answer named no fields to sign, or left out one that the user was shown."""


class SignatureFieldAbsentError(NotSignedError):
    """A field to sign isn't in the challenge."""


class AnswerNotRecordedError(PushwardDeviceError):
    """The answer was accepted, but the challenge's status is another one: `get` it and show that."""


class SilentApprovalError(PushwardDeviceError):
    """The expected challenge was not approved, and no other was."""


class ChallengeNotArrivedError(SilentApprovalError):
    """No challenge came within the time. If the server couldn't be reached, `__cause__` says so."""


class AnotherChallengeError(SilentApprovalError):
    """Only others than the expected challenge came. They are as they were: `challenge_sids`, to be shown."""

    def __init__(self, message: str, *, challenge_sids: tuple[str, ...]) -> None:
        super().__init__(message)
        self.challenge_sids = challenge_sids


class ChallengeExpiredError(SilentApprovalError):
    """The expected challenge has expired."""


class NotInForegroundError(SilentApprovalError):
    """The user can't see the app, so nothing was signed."""


class FactorNotVerifiedError(PushwardDeviceError):
    """The server read the proof of possession and still calls the factor unverified."""


class FactorDeletedError(PushwardDeviceError):
    """The factor is gone from the server; only a new enrolment helps."""


class KeyStoreError(PushwardDeviceError):
    """The key store can't do what was asked."""


class KeyStoreAccessError(KeyStoreError):
    """The file can't be read or written, or others could read it too."""


class KeyStoreDamagedError(KeyStoreError):
    """The file isn't a key store of this version."""


class FactorUnknownError(KeyStoreError):
    """This store has no such factor."""


class KeyUnknownError(KeyStoreError):
    """This store has no such key."""


class TokenInvalidError(PushwardDeviceError):
    """A compact JWS whose form, algorithm or signature is wrong."""


class ReceiptInvalidError(PushwardDeviceError):
    """The receipt proves nothing with this key."""
