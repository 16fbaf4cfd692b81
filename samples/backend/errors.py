"""How a request is refused: one envelope, `{code, message}`; no inner text crosses the wire.

BackendError
├── InvalidRequestError      400  the body, or a member of it
├── TooLargeError            413
├── NotJsonError             415
├── SignatureError           403  a webhook that isn't from our account
├── ChallengeUnknownError    404  no such challenge of this user's
├── FactorUnknownError       404  no such factor of this user's
├── NoFactorError            409  the user has no device yet
├── FactorNotReadyError      409  the device has not proved that it holds its key
├── RateLimitedError         429  Pushward's limit, with its Retry-After
├── RefusedError             502  Pushward refuses us: our mistake, not the user's
├── AwayError                503  Pushward doesn't answer
└── BusyError                503  too many requests wait for Pushward already
"""

from collections.abc import Mapping
from typing import ClassVar, Final

RETRY_SECONDS: Final = 2


class BackendError(Exception):
    """Refuses a request. The message is for whoever reads the answer."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "failed"

    @property
    def headers(self) -> Mapping[str, str]:
        """What the answer carries beside the envelope."""
        return {}

    def envelope(self) -> dict[str, str]:
        """The answer's body."""
        return {"code": self.code, "message": str(self)}


class InvalidRequestError(BackendError):
    status, code = 400, "invalid"


class TooLargeError(BackendError):
    status, code = 413, "too_large"


class NotJsonError(BackendError):
    status, code = 415, "not_json"


class SignatureError(BackendError):
    status, code = 403, "signature_wrong"


class ChallengeUnknownError(BackendError):
    status, code = 404, "challenge_unknown"


class FactorUnknownError(BackendError):
    status, code = 404, "factor_unknown"


class NoFactorError(BackendError):
    status, code = 409, "no_factor"


class FactorNotReadyError(BackendError):
    status, code = 409, "factor_not_verified"


class RefusedError(BackendError):
    status, code = 502, "refused"


class _LaterError(BackendError):
    """Worth another try after ``retry_after``, seconds as a header says them."""

    def __init__(self, message: str, retry_after: str = str(RETRY_SECONDS)) -> None:
        super().__init__(message)
        self._retry_after = retry_after

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": self._retry_after}


class RateLimitedError(_LaterError):
    status, code = 429, "rate_limited"


class AwayError(_LaterError):
    status, code = 503, "pushward_away"


class BusyError(_LaterError):
    status, code = 503, "busy"
