"""What the edge writes and takes, against what devices read and send."""

import json
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest
from starlette.types import Message

from pushward import errors
from pushward.api.common.v1.common_pb2 import DevicePrincipal
from pushward.errors import PushwardError, mapping_of
from services.edge.app.responses import send_error
from services.edge.app.streams.stream import CHALLENGE_TYPE, ChallengeEvent, DeviceStream, EndReason, event
from services.edge.app.urls import Urls
from tests.unit.vectors.files import Members, body_of, each

URLS: Final = Urls("https://verify.example.com")
OPENAPI: Final = Path(__file__).parents[3] / "docs" / "api" / "openapi.json"
EXCHANGES: Final = [
    pytest.param(exchange["request"], id=f"{parameter.id} ({number})")
    for parameter in each("requests.json", "cases")
    + each("requests.json", "push_target_cases")
    + each("errors.json", "clock_cases")
    + each("silent.json", "cases")
    for number, exchange in enumerate(parameter.values[0]["exchanges"], start=1)
]


async def _written(error: PushwardError) -> tuple[int, dict[str, str], Members]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    await send_error(send, {"type": "http", "headers": []}, URLS, error)
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], headers, json.loads(messages[1]["body"])


def _of_status(status: int) -> type[PushwardError]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PushwardError)]
    return next(kind for kind in kinds if kind is not PushwardError and mapping_of(kind("")).http_status == status)


@pytest.mark.parametrize("case", each("errors.json", "server_writes"))
async def test_a_refusal_is_written_as_devices_read_it(case: Members) -> None:
    """Status, envelope, Retry-After."""
    expected = case["error"]
    error = _of_status(case["status"])(
        expected["message"], code=expected["code"], retry_after_seconds=expected["retry_after_seconds"]
    )
    status, headers, body = await _written(error)
    assert (status, body) == (case["status"], json.loads(body_of(case)))
    assert headers.get("retry-after") == case["headers"].get("Retry-After")


@pytest.mark.parametrize("case", each("streams.json", "server_writes"))
async def test_a_stream_is_written_as_devices_read_it(case: Members) -> None:
    """Byte for byte."""
    stream, written = DeviceStream(DevicePrincipal(factor_sid="YF")), b""
    messages = re.findall(rb'"message":("(?:[^"\\]|\\.)*")', body_of(case))
    for says in case["says"]:
        if "end" in says:
            stream.end(EndReason(says["end"]))
        else:
            message = json.loads(messages.pop(0))
            announced = ChallengeEvent(CHALLENGE_TYPE, says["challenge_sid"], says["factor_sid"], message)
            stream.offer(event("challenge", announced))

    async def send(message: Message) -> None:
        nonlocal written
        written += message["body"]

    await stream.write(send)
    assert written == body_of(case)


@pytest.mark.parametrize("request_", EXCHANGES)
def test_what_a_device_sends_is_in_the_openapi_document(request_: Members, openapi: Members) -> None:
    """An operation of the edge, with parameters that it knows, and none missing that it needs."""
    operation, path_parameters = _operation(openapi, request_)
    declared = {(one["in"], one["name"]): one for one in operation.get("parameters", [])}
    for name, value in path_parameters.items():
        pattern = declared["path", name]["schema"].get("pattern", "")
        # The one identity that the edge wouldn't take is there to be encoded.
        assert re.search(pattern, value) or "/" in value
    assert {name for name in request_["query"] if ("query", name) not in declared} == set()
    form = request_["form"] or {}
    body = operation.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {"schema": {}})
    assert form.keys() <= body["schema"].get("properties", {}).keys()
    assert set(body["schema"].get("required", [])) <= form.keys()


@pytest.fixture(scope="module")
def openapi() -> Members:
    """The committed document; `make drift` holds that it is the edge's."""
    document: Members = json.loads(OPENAPI.read_text())
    return document


def _operation(openapi: Members, request: Members) -> tuple[Members, dict[str, str]]:
    for template, item in openapi["paths"].items():
        names = re.findall(r"{(\w+)}", template)
        match = re.fullmatch(re.sub(r"{\w+}", "([^/]+)", template), request["path"])
        if match is not None and request["method"].lower() in item:
            return item[request["method"].lower()], dict(zip(names, map(unquote, match.groups()), strict=True))
    raise AssertionError(f"no such operation: {request['method']} {request['path']}")
