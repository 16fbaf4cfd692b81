"""`PushwardError` to a gRPC status and back.

An error crosses as the status that the table in ``pushward.errors`` maps it to, its public text as details, and the
whole of it as ``pushward-error-bin`` in the trailing metadata. Whatever comes without that (the transport's own
failures, a peer that isn't ours) is told by a constant text: what gRPC said stays in ``__cause__``.
"""

from typing import Final

import grpc
from google.protobuf.message import DecodeError

from pushward.api.common.v1 import common_pb2
from pushward.errors import (
    InternalError,
    PushwardError,
    UnavailableError,
    error_from,
    mapping_of,
    mapping_of_grpc_status,
)
from pushward.rpc.limits import MAX_ERROR_MESSAGE_BYTES

ERROR_METADATA_KEY: Final = "pushward-error-bin"

INTERNAL_TEXT: Final = "Something went wrong on our side."
UNAVAILABLE_TEXT: Final = "Something that is needed is not available. Try again."
TRANSPORT_TEXTS: Final = {
    "INVALID_ARGUMENT": "The request makes no sense.",
    "UNAUTHENTICATED": "Who asks is not known.",
    "PERMISSION_DENIED": "This is not allowed.",
    "NOT_FOUND": "There is no such thing.",
    "ALREADY_EXISTS": "It exists already.",
    "OUT_OF_RANGE": "The request is too long.",
    "RESOURCE_EXHAUSTED": "A limit was reached. Try again later.",
    "UNAVAILABLE": UNAVAILABLE_TEXT,
    "INTERNAL": INTERNAL_TEXT,
}
"""What is said for a status that came without our own details."""

_STATUS: Final = {status.name: status for status in grpc.StatusCode}

Told = tuple[grpc.StatusCode, str, tuple[tuple[str, bytes], ...]]
"""Status, details and trailing metadata: the arguments of ``context.abort``."""


def told(error: PushwardError) -> Told:
    """How ``error`` crosses the wire. The text of an `InternalError` stays inside."""
    mapping = mapping_of(error)
    text = INTERNAL_TEXT if mapping.error is InternalError else _within_bound(error.message)
    detail = common_pb2.Error(
        code=error.code,
        message=text,
        http_status=mapping.http_status,
        retry_after_seconds=error.retry_after_seconds or 0,
    )
    return _STATUS[mapping.grpc_status], text, ((ERROR_METADATA_KEY, detail.SerializeToString()),)


def error_of(rpc_error: grpc.aio.AioRpcError) -> PushwardError:
    """The error that a failed call stands for; raise it ``from rpc_error``."""
    for key, value in rpc_error.trailing_metadata() or ():
        if key == ERROR_METADATA_KEY and isinstance(value, bytes):
            try:
                detail = common_pb2.Error.FromString(value)
            except DecodeError:
                break
            return error_from(detail.http_status, detail.code, detail.message, detail.retry_after_seconds or None)
    mapping = mapping_of_grpc_status(rpc_error.code().name)
    if mapping.error is UnavailableError:
        return UnavailableError(UNAVAILABLE_TEXT)
    return mapping.error(TRANSPORT_TEXTS[mapping.grpc_status])


def _within_bound(text: str) -> str:
    raw = text.encode("utf-8", "replace")
    return raw[:MAX_ERROR_MESSAGE_BYTES].decode("utf-8", "ignore")
