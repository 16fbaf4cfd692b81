"""Operations as an OpenAPI 3.1 document."""

import inspect
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Final

from services.edge.app.models.shapes import (
    IDENTITY_EXAMPLE,
    IDENTITY_PATTERN,
    Json,
    reference,
    sid_example,
    sid_pattern,
)
from services.edge.app.openapi import beside
from services.edge.app.openapi.refusals import HEADERS, header, refusals, responses, shared_responses
from services.edge.app.openapi.schemas import answer_schemas, parameter_schema
from services.edge.app.operation import SID_KINDS, AnswerHeader, Caller, Operation
from services.edge.app.responses import Envelope

OPENAPI: Final = "3.1.0"
DISTRIBUTION: Final = "pushward"
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
PATH_PARAMETER: Final = re.compile(r"{(\w+)}")

_DESCRIPTION: Final = (
    "Push verification that speaks the Verify v2 wire contract under `/v2`; what is Pushward's own is under "
    "`/pushward/v1`. Parameters come as forms, answers are JSON, refusals have one envelope whose `code` is explained "
    "at `more_info`. Unknown parameters are ignored; of a repeated single-valued one the last counts; an empty number, "
    "boolean or enumeration counts as not given."
)
_CALLERS: Final = {
    Caller.ACCOUNT: "A backend: an account's SID (`AC…`) and its auth token, or an API key (`SK…`) and its secret.",
    Caller.DEVICE: "A device: the user `token`, and as password a JWT (ES256) signed by its factor's key.",
    Caller.ACCESS_TOKEN: "Whoever enrols: the user `token`, and as password an access token. Good for one factor.",
}


def document(operations: Sequence[Operation], base_url: str | None = None) -> Json:
    """The whole document; `base_url` is told as the server, else the server is where the document came from."""
    paths: dict[str, Json] = {}
    for operation in operations:
        paths.setdefault(shown_path(operation.path), {})[operation.method.lower()] = _operation(operation)
    answers = {operation.answers for operation in operations if operation.answers is not None}
    return {
        "openapi": OPENAPI,
        "info": {"title": "Pushward", "version": version(DISTRIBUTION), "description": _DESCRIPTION},
        "servers": [{"url": base_url or "/"}],
        "tags": [{"name": name, "description": text} for name, text in _tags(operations).items()],
        "paths": {**paths, **beside.paths()},
        "components": {
            "schemas": answer_schemas({*answers, *beside.MODELS, Envelope}),
            "responses": shared_responses(),
            "headers": HEADERS,
            "securitySchemes": {
                caller.value: {"type": "http", "scheme": "basic", "description": text}
                for caller, text in _CALLERS.items()
            },
        },
    }


def shown_path(path: str) -> str:
    """A path as the document has it: below /v2 its parameters are named as the contract names them."""
    return PATH_PARAMETER.sub(lambda match: f"{{{_shown_name(path, match[1])}}}", path)


def _shown_name(path: str, name: str) -> str:
    return "".join(map(str.capitalize, name.split("_"))) if path.startswith("/v2/") else name


def _operation(operation: Operation) -> Json:
    name, verb = _resource(operation), operation.handle.__name__
    summary, _, description = (inspect.getdoc(operation.handle) or "").partition("\n\n")
    body, query = _parameters(operation)
    return {
        "operationId": f"{name.lower().replace(' ', '_')}_{verb}",
        "summary": summary.rstrip("."),
        **({"description": description} if description else {}),
        "tags": [name],
        "security": [{caller.value: []} for caller in operation.callers],
        **({"parameters": parameters} if (parameters := [*_path_parameters(operation.path), *query]) else {}),
        **body,
        "responses": {
            str(operation.status): _answer(operation),
            **responses(refusals(operation)),
        },
    }


def _resource(operation: Operation) -> str:
    """`AccessTokenEndpoints.create` works on "Access Token"."""
    name = type(_endpoints(operation)).__name__.removesuffix("Endpoints")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _endpoints(operation: Operation) -> object:
    assert inspect.ismethod(operation.handle), operation.handle
    return operation.handle.__self__


def _tags(operations: Sequence[Operation]) -> Mapping[str, str]:
    told = {_resource(operation): inspect.getdoc(_endpoints(operation)) or "" for operation in operations}
    return {**told, **beside.TAGS}


def _path_parameters(path: str) -> Sequence[Json]:
    return [
        {
            "name": _shown_name(path, name),
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": pattern, "examples": [example]},
        }
        for name in PATH_PARAMETER.findall(path)
        for pattern, example in [_in_path(name)]
    ]


def _in_path(name: str) -> tuple[str, str]:
    """The pattern of a path's parameter, and an example."""
    kind = SID_KINDS.get(name)
    return (IDENTITY_PATTERN, IDENTITY_EXAMPLE) if kind is None else (sid_pattern(kind), sid_example(kind))


def _parameters(operation: Operation) -> tuple[Json, Sequence[Json]]:
    """What comes in the form, as a request body; and what comes in the query."""
    schema = parameter_schema(operation.params)
    properties: Mapping[str, Json] = schema["properties"]
    if not properties or operation.method == "DELETE":
        return {}, ()
    required = schema.get("required", ())
    if operation.method == "GET":
        return {}, [
            {"name": name, "in": "query", **({"required": True} if name in required else {}), "schema": member}
            for name, member in properties.items()
        ]
    repeated = [name for name, member in properties.items() if member.get("type") == "array"]
    encoding = {"encoding": {name: {"style": "form", "explode": True} for name in repeated}} if repeated else {}
    content = {FORM: {"schema": schema, **encoding}}
    return {"requestBody": {"required": bool(required), "content": content}}, ()


def _answer(operation: Operation) -> Json:
    headers = {"Date": header("Date"), **{told.name: _told(told) for told in operation.answer_headers}}
    if operation.answers is None:
        return {"description": "Done; the body is empty.", "headers": headers}
    return {
        "description": _first_sentence(operation.answers.__doc__ or ""),
        "headers": headers,
        "content": {JSON: {"schema": reference(operation.answers)}},
    }


def _told(one: AnswerHeader) -> Json:
    return {
        "description": one.meaning,
        "required": True,
        "schema": {"type": "string", "pattern": one.pattern},
    }


def _first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())
