"""One operation of the HTTP interface: which method on which path, what it takes, what it answers, what it calls.

An operation is a value. `Resource` runs it; `openapi.document` tells it to readers.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

import msgspec

from pushward import ids
from pushward.api.common.v1.common_pb2 import RequestContext
from services.edge.app.headers import Headers
from services.edge.app.params import Params
from services.edge.app.urls import Urls

SID_KINDS: Final = {
    "service_sid": ids.SERVICE,
    "factor_sid": ids.FACTOR,
    "challenge_sid": ids.CHALLENGE,
    "access_token_sid": ids.ACCESS_TOKEN,
    "webhook_sid": ids.WEBHOOK,
    "api_key_sid": ids.API_KEY,
}
"""The path parameters that are SIDs; `identity` is the only one that isn't, and is never read as one."""


class Caller(StrEnum):
    """Whom an operation is for. Told, not checked here: the owner of what is asked for decides."""

    ACCOUNT = "account"
    DEVICE = "device"
    ACCESS_TOKEN = "accessToken"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True)
class AnswerHeader:
    """A header that every successful answer of an operation has."""

    name: str
    meaning: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated request, with its path's parameters; SIDs among them have the right form."""

    context: RequestContext
    path: Mapping[str, str]
    urls: Urls


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes into a successful response; without a body it is empty."""

    body: msgspec.Struct | None = None
    headers: Headers = ()


def _never(params: Params) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Operation:
    """GET takes its parameters from the query, POST from the form; DELETE takes none."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    params: type[Params]
    answers: type[msgspec.Struct] | None
    status: int
    # Any: each handler takes its own model; `params` says which.
    handle: Callable[[Call, Any], Awaitable[Answer]]
    waits: Callable[[Any], bool] = _never  # for something to happen: then it takes no place from those who work
    callers: tuple[Caller, ...] = (Caller.ACCOUNT,)
    refusals: tuple[int, ...] = ()  # its own codes; `openapi.refusals` adds those of all operations and of `params`
    answer_headers: tuple[AnswerHeader, ...] = ()
