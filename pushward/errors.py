"""Every error that crosses a room's border, and the one table that maps it.

    PushwardError
    ├── BadRequestError            what was asked makes no sense             400
    ├── UnauthenticatedError       who asks is not known                     401
    ├── ForbiddenError             known, but not allowed, or refused        403
    ├── NotFoundError              not there, or not yours                   404
    ├── ConflictError              exists already                            409
    ├── PayloadTooLargeError       longer than a named bound                 413
    ├── TooManyRequestsError       a limit was reached; later may do         429
    ├── UnavailableError           something we need is away; later will do  503
    │   └── RevisionRefusedError   another release owns the state tables now
    └── InternalError              our defect; the text inside stays inside  500

Errors know nothing of gRPC or HTTP. Each carries the contract's ``code`` (section 1c) and a ``message`` for whoever
called: what is wrong and what to do. Inner text belongs into ``__cause__``, which never crosses the wire.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from pushward import error_codes


class PushwardError(Exception):
    """The root. ``code`` is the contract's; ``message`` may be shown to the caller."""

    default_code: ClassVar[int] = error_codes.INTERNAL

    def __init__(self, message: str, *, code: int | None = None, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = self.default_code if code is None else code
        self.retry_after_seconds = retry_after_seconds


class BadRequestError(PushwardError):
    """What was asked makes no sense."""

    default_code = error_codes.INVALID_PARAMETER


class UnauthenticatedError(PushwardError):
    """Who asks is not known."""

    default_code = error_codes.BAD_CREDENTIALS


class ForbiddenError(PushwardError):
    """Known, but not allowed; or refused as things stand."""

    default_code = error_codes.FORBIDDEN


class NotFoundError(PushwardError):
    """Not there, or not the caller's: the two must look the same."""

    default_code = error_codes.NOT_FOUND


class ConflictError(PushwardError):
    """Exists already."""

    default_code = error_codes.ENTITY_EXISTS


class PayloadTooLargeError(PushwardError):
    """Longer than a named bound."""

    default_code = error_codes.BODY_TOO_LARGE


class TooManyRequestsError(PushwardError):
    """A limit was reached."""

    default_code = error_codes.TOO_MANY_REQUESTS


class UnavailableError(PushwardError):
    """Something we need is away; the same request may succeed later."""

    default_code = error_codes.UNAVAILABLE


class RevisionRefusedError(UnavailableError):
    """The state tables belong to another release; this process must not write."""


class InternalError(PushwardError):
    """Our defect."""

    default_code = error_codes.INTERNAL


@dataclass(frozen=True, slots=True)
class Mapping:
    """How an error is told: as a gRPC status (its name) and as an HTTP status."""

    error: type[PushwardError]
    grpc_status: str
    http_status: int


MAPPINGS: Final = (
    Mapping(BadRequestError, "INVALID_ARGUMENT", 400),
    Mapping(UnauthenticatedError, "UNAUTHENTICATED", 401),
    Mapping(ForbiddenError, "PERMISSION_DENIED", 403),
    Mapping(NotFoundError, "NOT_FOUND", 404),
    Mapping(ConflictError, "ALREADY_EXISTS", 409),
    Mapping(PayloadTooLargeError, "OUT_OF_RANGE", 413),
    Mapping(TooManyRequestsError, "RESOURCE_EXHAUSTED", 429),
    Mapping(UnavailableError, "UNAVAILABLE", 503),
    Mapping(InternalError, "INTERNAL", 500),
)

_BY_STATUS: Final = {mapping.grpc_status: mapping for mapping in MAPPINGS}
_BY_HTTP: Final = {mapping.http_status: mapping for mapping in MAPPINGS}


def mapping_of(error: PushwardError) -> Mapping:
    """The row of the table that ``error`` belongs to; a subclass shares its parent's."""
    for kind in type(error).__mro__:
        for mapping in MAPPINGS:
            if mapping.error is kind:
                return mapping
    return _BY_STATUS["INTERNAL"]


def mapping_of_grpc_status(status: str) -> Mapping:
    """The row for a gRPC status name that came without our own details, e.g. from the transport."""
    return _BY_STATUS.get(status, _BY_STATUS["UNAVAILABLE" if status == "DEADLINE_EXCEEDED" else "INTERNAL"])


def error_from(http_status: int, code: int, message: str, retry_after_seconds: int | None = None) -> PushwardError:
    """The error that was mapped to these, remade on the other side of a wire."""
    kind = _BY_HTTP[http_status].error if http_status in _BY_HTTP else InternalError
    return kind(message, code=code, retry_after_seconds=retry_after_seconds)
