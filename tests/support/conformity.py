"""Every answer of ours against the OpenAPI document: status, code, headers, body.

The clients of the suite send through `CheckedTransport` (tests/support/plain_http); clients of other libraries call
`check` for each answer. What isn't told raises NotToldError, and is remembered, so that a test fails that swallows it.
"""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jsonschema_rs

from pushward import error_codes as codes
from services.edge.app.models.shapes import Json
from services.edge.app.openapi.document import document
from services.edge.wiring import described_operations
from tests.support.sightings import SIGHTINGS

STREAM: Final = "text/event-stream"
NOWHERE: Final[tuple[str, Json]] = ("", {})
PARAMETER: Final = re.compile(r"{\w+}")


class NotToldError(AssertionError):
    """An answer that the document doesn't tell."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. `body` is None while it still comes; header names are in lower case."""

    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes | None

    def __str__(self) -> str:
        return f"{self.method} {self.url}: {self.status} {(self.body or b'').decode(errors='replace')[:500]}"


class CheckedTransport(httpx.AsyncHTTPTransport):
    """Sends as its parent does, and checks what comes back."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, whole unless it is a stream. Raises NotToldError."""
        response = await super().handle_async_request(request)
        is_stream = response.headers.get("content-type") == STREAM
        body = None if is_stream else await response.aread()
        check(Exchange(request.method, str(request.url), response.status_code, response.headers, body))
        return response


def check_of_requests(answer: Any, **_: Any) -> None:  # Any: `requests` comes without types
    """For `requests.Session.hooks["response"]`: the stock helper library sends through one."""
    asked = answer.request
    check(Exchange(asked.method, asked.url, answer.status_code, answer.headers, answer.content))


def check(exchange: Exchange) -> None:
    """Remembers what was seen. Raises NotToldError for what isn't told."""
    try:
        _interface().check(exchange, urlsplit(exchange.url).path)
    except NotToldError as error:
        SIGHTINGS.faults.append(f"{error}\n    {exchange}")
        raise


class Interface:
    """The document, with a compiled validator for each schema that was needed."""

    def __init__(self, told: Json) -> None:
        self._components: Json = told["components"]
        self._paths = [
            (re.compile(PARAMETER.sub("[^/]+", re.sub(r"([.])", r"\\\1", path))), path, item)
            for path, item in told["paths"].items()
        ]
        self._compiled: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def check(self, exchange: Exchange, path: str) -> None:
        """As the function of this name."""
        if exchange.method == "OPTIONS" and exchange.status == 204:
            return  # a browser's preflight, which is no operation
        method = "GET" if exchange.method == "HEAD" else exchange.method
        template, item = next(((name, item) for form, name, item in self._paths if form.fullmatch(path)), NOWHERE)
        operation = item.get(method.lower())
        if operation is None:
            self._check_absent(exchange, has_path=bool(template))
            return
        name = f"{method} {template}"
        response = operation["responses"].get(str(exchange.status))
        if response is None:
            raise NotToldError(f"{name} isn't told to answer {exchange.status}")
        response = self._resolved(response)
        self._check_headers(name, exchange, response)
        if exchange.body is not None and exchange.method != "HEAD":
            self._check_body(name, exchange, response)
        if exchange.status < 400:
            SIGHTINGS.operations.add(name)
        elif exchange.method != "HEAD":
            SIGHTINGS.codes.add(json.loads(exchange.body or b"{}")["code"])

    def _check_absent(self, exchange: Exchange, *, has_path: bool) -> None:
        """No such path is 404, no such method of a path is 405 and says which there are."""
        status, code = (405, codes.METHOD_NOT_ALLOWED) if has_path else (404, codes.NOT_FOUND)
        if exchange.status != status:
            raise NotToldError(f"there is no such operation, which is {status}")
        if has_path and "allow" not in exchange.headers:
            raise NotToldError("405 without Allow")
        if exchange.method != "HEAD":
            envelope = self._valid("no operation", exchange, {"$ref": "#/components/schemas/Envelope"})
            if envelope["code"] != code:
                raise NotToldError(f"there is no such operation, which is {code}")
        SIGHTINGS.codes.add(code)

    def _check_headers(self, name: str, exchange: Exchange, response: Json) -> None:
        for header, reference in response.get("headers", {}).items():
            told = self._resolved(reference)
            value = exchange.headers.get(header.lower())
            if value is None:
                if told.get("required"):
                    raise NotToldError(f"{name} lacks the header {header}")
            elif not self._validator(told["schema"]).is_valid(_read(value, told["schema"])):
                raise NotToldError(f"{name} has the header {header}: {value}")

    def _check_body(self, name: str, exchange: Exchange, response: Json) -> None:
        content = response.get("content")
        if content is None:
            if exchange.body:
                raise NotToldError(f"{name} isn't told to have a body")
            return
        kind = exchange.headers.get("content-type", "").partition(";")[0]
        if kind not in content:
            raise NotToldError(f"{name} isn't told to answer with {kind}")
        if kind == "application/json":
            self._valid(name, exchange, content[kind]["schema"])

    def _valid(self, name: str, exchange: Exchange, schema: Json) -> Any:  # Any: JSON
        """The body, parsed."""
        try:
            body = json.loads(exchange.body or b"")
        except ValueError as error:
            raise NotToldError(f"{name} answers with what isn't JSON: {error}") from error
        faults = [f"{'/'.join(map(str, fault.instance_path))}: {fault.message}" for fault in self._errors(schema, body)]
        if faults:
            raise NotToldError(f"{name}: the body isn't as it is told\n    " + "\n    ".join(faults))
        return body

    def _errors(self, schema: Json, body: Any) -> list[jsonschema_rs.ValidationError]:  # Any: JSON
        validator = self._validator(schema)
        return [] if validator.is_valid(body) else list(validator.iter_errors(body))

    def _validator(self, schema: Json) -> jsonschema_rs.Draft202012Validator:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._compiled:
            self._compiled[key] = jsonschema_rs.Draft202012Validator(
                {**schema, "components": self._components}, validate_formats=True
            )
        return self._compiled[key]

    def _resolved(self, node: Json) -> Json:
        """The component that a reference names; anything else as it is."""
        if "$ref" not in node:
            return node
        _, _, kind, name = node["$ref"].split("/")
        component: Json = self._components[kind][name]
        return component


@functools.cache
def _interface() -> Interface:
    return Interface(document(described_operations()))


def _read(value: str, schema: Json) -> str | int:
    """A header's value as its schema has it."""
    return int(value) if schema.get("type") == "integer" and value.isdigit() else value
