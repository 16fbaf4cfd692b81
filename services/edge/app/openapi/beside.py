"""The paths that are no operations: a stream that stays open, how we are, and what is told about the interface."""

from collections.abc import Sequence
from typing import Final

import msgspec

from pushward import error_codes as codes
from services.edge.app.health import LIVE_PATH, READY_PATH, HealthBody
from services.edge.app.models.shapes import Json, reference
from services.edge.app.openapi.errors import PATH as ERROR_PATH
from services.edge.app.openapi.errors import ErrorCodeBody
from services.edge.app.openapi.refusals import FOR_ALL, by_status, header, responses
from services.edge.app.operation import Caller
from services.edge.app.streams.endpoint import PATH as STREAM_PATH
from services.edge.app.urls import EXTENSIONS

DOCUMENT_PATH: Final = f"{EXTENSIONS}/openapi.json"
PAGE_PATH: Final = f"{EXTENSIONS}/docs"

MODELS: Final[Sequence[type[msgspec.Struct]]] = (ErrorCodeBody, HealthBody)
"""What they answer."""

TAGS: Final = {
    "Stream": "What happens, as it happens.",
    "About": "What this interface is, and how it is. Anybody may ask.",
}

_FOR_ANYBODY: Final = (codes.INTERNAL, codes.UNAVAILABLE)
_HTML: Final[Json] = {"text/html": {"schema": {"type": "string"}}}


def paths() -> Json:
    """All of them."""
    return {
        STREAM_PATH: {"get": _stream()},
        ERROR_PATH: {"get": _error()},
        DOCUMENT_PATH: {
            "get": _open("about_document", "This document", {"application/json": {"schema": {"type": "object"}}})
        },
        PAGE_PATH: {"get": _open("about_page", "This document, for people", _HTML)},
        LIVE_PATH: {"get": _open("about_live", "Whether this process runs", _json(HealthBody))},
        READY_PATH: {"get": _open("about_ready", "Whether requests can be served", _json(HealthBody))},
    }


def _stream() -> Json:
    return {
        "operationId": "stream_device",
        "summary": "What a device should look at, as Server-Sent Events",
        "description": (
            "`event: challenge` names a challenge to look at; `event: end` says why the stream ends, if a device can "
            "do something about it. A comment comes every 15 seconds. At most three streams for each factor."
        ),
        "tags": ["Stream"],
        "security": [{Caller.DEVICE.value: []}],
        "responses": {
            "200": _answer({"text/event-stream": {"schema": {"type": "string"}}}),
            **responses(by_status(set(FOR_ALL) - {codes.NOT_FOUND})),
        },
    }


def _error() -> Json:
    code = {"name": "code", "in": "path", "required": True, "schema": {"enum": sorted(codes.BY_CODE)}}
    content = {**_HTML, **_json(ErrorCodeBody)}
    told = _open("about_error", "What an error code means", content, codes.NOT_FOUND)
    return {**told, "parameters": [code]}


def _open(operation_id: str, summary: str, content: Json, *refusals: int) -> Json:
    return {
        "operationId": operation_id,
        "summary": summary,
        "tags": ["About"],
        "security": [],
        "responses": {"200": _answer(content), **responses(by_status({*_FOR_ANYBODY, *refusals}))},
    }


def _answer(content: Json) -> Json:
    return {"description": "What is asked for.", "headers": {"Date": header("Date")}, "content": content}


def _json(model: type[msgspec.Struct]) -> Json:
    return {"application/json": {"schema": reference(model)}}
