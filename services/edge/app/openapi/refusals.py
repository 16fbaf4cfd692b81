"""Which codes an operation refuses with, and how that looks.

They are its own, those of its parameters, and those that every request may meet.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from pushward import error_codes as codes
from pushward.error_codes import ErrorCode
from services.edge.app.models.shapes import Json, reference
from services.edge.app.operation import Operation
from services.edge.app.responses import Envelope

HEADERS: Final[Json] = {
    "Date": {
        "description": "The server's time; a device whose clock is off corrects it by this.",
        "required": True,
        "schema": {"type": "string"},
    },
    "RetryAfter": {
        "description": "After how many seconds to try again, if that is known.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWWAuthenticate": {
        "description": "How to authenticate; not told to scripts in a browser.",
        "schema": {"type": "string"},
    },
}
"""Those that answers share, as components."""

FOR_ALL: Final = (
    codes.BAD_CREDENTIALS,
    codes.UNKNOWN_ACCESS_TOKEN,
    codes.EXPIRED_TOKEN,
    codes.FORBIDDEN,
    codes.NOT_FOUND,
    codes.TOO_MANY_REQUESTS,
    codes.INTERNAL,
    codes.UNAVAILABLE,
)
"""Whoever asks may be unknown, not allowed, look for what isn't there, or come at a bad time."""


def refusals(operation: Operation) -> Mapping[int, tuple[ErrorCode, ...]]:
    """The codes by HTTP status, both ascending. Raises KeyError for a code that isn't in the dictionary."""
    return by_status({*FOR_ALL, *operation.refusals, *_of_parameters(operation)})


def by_status(some: Iterable[int]) -> Mapping[int, tuple[ErrorCode, ...]]:
    """Entries of the dictionary by HTTP status."""
    status = attrgetter("status")
    entries = sorted((codes.BY_CODE[code] for code in some), key=attrgetter("status", "code"))
    return {key: tuple(group) for key, group in groupby(entries, key=status)}


def responses(refused: Mapping[int, Sequence[ErrorCode]]) -> Json:
    """The refusals among an operation's responses."""
    return {
        str(status): {"$ref": f"#/components/responses/{_shared_name(status)}"}
        if entries == _SHARED.get(status)
        else _refusal(status, entries)
        for status, entries in refused.items()
    }


def shared_responses() -> Json:
    """The refusals that look the same in most operations, as components."""
    return {_shared_name(status): _refusal(status, entries) for status, entries in _SHARED.items()}


def _shared_name(status: int) -> str:
    return f"Refused{status}"


def header(name: str) -> Json:
    """Where a shared header stands."""
    return {"$ref": f"#/components/headers/{name}"}


def _refusal(status: int, entries: Sequence[ErrorCode]) -> Json:
    headers = {"Date": header("Date")}
    if status == 401:
        headers["WWW-Authenticate"] = header("WWWAuthenticate")
    if status in (429, 503):
        headers["Retry-After"] = header("RetryAfter")
    members = {"code": {"enum": [entry.code for entry in entries]}, "status": {"const": status}}
    return {
        "description": "\n".join(f"* {entry.code}: {entry.title}" for entry in entries),
        "headers": headers,
        "content": {"application/json": {"schema": {"allOf": [reference(Envelope), {"properties": members}]}}},
    }


def _of_parameters(operation: Operation) -> set[int]:
    # A deletion's body means nothing, but is read to its end.
    unreadable = {codes.INVALID_REQUEST, *({codes.BODY_TOO_LARGE} if operation.method != "GET" else ())}
    model = operation.params
    if not model.__struct_fields__:
        return unreadable
    return {*unreadable, model.invalid_code, *model.invalid_codes.values()}


_SHARED: Final = by_status({*FOR_ALL, codes.BODY_TOO_LARGE})
