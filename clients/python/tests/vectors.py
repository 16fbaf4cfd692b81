"""The files of `clients/vectors`, and an edge that plays the exchanges of one case.

The edge compares each request with the one that is expected, in all its parts, and answers what the case says.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fake_checks import has_signed, load_public_key, signed_jws
from fake_edge import basic_credentials

DIRECTORY = Path(__file__).parents[2] / "vectors"

Members = dict[str, Any]
"""A JSON object. Any: members of every type."""


@cache
def read(name: str) -> Members:
    """One file."""
    members: Members = json.loads((DIRECTORY / name).read_text("ascii"))
    return members


def each(name: str, section: str) -> list[Any]:
    """The cases of a section, as pytest's parameters."""
    return [pytest.param(case, id=case["name"]) for case in read(name)[section]]


def body_of(case: Members) -> bytes:
    """The body of an answer, or the bytes of a stream."""
    if "body_json" in case:
        return json.dumps(case["body_json"], ensure_ascii=False).encode()
    if "body" in case:
        return str(case["body"]).encode()
    return base64.b64decode(case["body_base64"])


def private_key(name: str) -> ec.EllipticCurvePrivateKey:
    """A key of keys.json."""
    key = next(key for key in read("keys.json")["keys"] if key["name"] == name)
    loaded = serialization.load_der_private_key(base64.b64decode(key["private_pkcs8_base64"]), None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    return loaded


class Forever(httpx.AsyncByteStream):
    """Bytes, and then silence."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content
        await asyncio.Event().wait()


class ScriptedEdge(httpx.AsyncBaseTransport):
    """Plays the exchanges of a case, in their order and no others."""

    def __init__(self, base_url: str, exchanges: list[Members], public_key: ec.EllipticCurvePublicKey | None) -> None:
        self._base_url = base_url
        self._exchanges = exchanges
        self._public_key = public_key
        self.played = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        assert self.played < len(self._exchanges), f"one request too many: {request.method} {request.url}"
        exchange = self._exchanges[self.played]
        self.played += 1
        self._compare(request, exchange["request"])
        answer = exchange["answer"]
        content = body_of(answer)
        if answer.get("stays_open"):
            return httpx.Response(answer["status"], headers=answer["headers"], stream=Forever(content))
        return httpx.Response(answer["status"], headers=answer["headers"], content=content)

    def _compare(self, request: httpx.Request, expected: Members) -> None:
        path, _, query = request.url.raw_path.decode().partition("?")
        origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
        assert (request.method, origin, path) == (expected["method"], self._base_url, expected["path"])
        assert pairs(query) == expected["query"]
        for name, value in expected["headers"].items():
            assert request.headers[name] == value
        if expected["form"] is None:
            assert not request.content
        else:
            assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
            form = pairs(request.content.decode())
            assert form.keys() == expected["form"].keys()
            for name in form:
                self._compare_value(form[name], expected["form"][name])
        self._compare_authorization(request, expected["authorization"])

    def _compare_value(self, value: str, expected: str | Members) -> None:
        match expected:
            case str():
                assert value == expected
            case {"public_key": True}:
                self._public_key = load_public_key(value)
            case {"der_signature_over": message}:
                assert self._public_key is not None
                assert has_signed(self._public_key, base64.b64decode(value, validate=True), message.encode())
            case {"jws": {"header": header, "payload": payload}}:
                assert self._public_key is not None
                assert signed_jws(value, self._public_key) == (header, payload)
            case {"json": content}:
                assert json.loads(value) == content
            case {"sdk_version": True}:
                assert value
            case _:
                raise AssertionError(f"unknown: {expected}")

    def _compare_authorization(self, request: httpx.Request, expected: Members) -> None:
        user, password = basic_credentials(request)
        assert user == expected["user"]
        if "access_token" in expected:
            assert password == expected["access_token"]
        else:
            assert self._public_key is not None
            jwt = expected["device_jwt"]
            assert signed_jws(password, self._public_key) == (jwt["header"], jwt["payload"])


def pairs(text: str) -> dict[str, str]:
    """Pairs of a query or a form, no name twice."""
    found = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
    assert len(dict(found)) == len(found)
    return dict(found)
