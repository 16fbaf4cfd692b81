"""Where the two SDKs differ, as one interface; and what they share in reading JSON."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from tests.support.device_emulator.errors import MapperError
from tests.support.device_emulator.models import SdkChallenge, SdkFactor
from tests.support.jws import Members


class Quirks(Protocol):
    """One SDK's ways of writing and reading."""

    name: str
    user_agent: str
    page_token_parameter: str
    default_platform: str
    """Where pushes go if an answer doesn't say."""

    def form(self, parameters: Mapping[str, str]) -> bytes:
        """A request's body."""

    def query(self, parameters: Mapping[str, str]) -> str:
        """A request's query string."""

    def json(self, members: Members) -> str:
        """What a JWT or JWS is made of."""

    def date(self, text: str) -> datetime:
        """A date of an answer. Raises MapperError for one that this SDK's parser doesn't take."""

    def header(self, headers: Mapping[str, str], name: str) -> str | None:
        """A header of an answer."""

    def reads_error_body(self) -> bool:
        """Whether an error without a body becomes one without a status."""

    def factor(self, body: Members, service_sid: str, identity: str) -> SdkFactor:
        """The factor of an answer. Raises MapperError."""

    def challenge(self, body: Members) -> SdkChallenge:
        """The challenge of an answer. Raises MapperError."""


def parsed(text: str) -> Members:
    """An answer's JSON object. Raises MapperError."""
    try:
        body = json.loads(text)
    except ValueError as error:
        raise MapperError("not JSON") from error
    return an_object(body, "the answer")


def an_object(value: Any, name: str) -> Members:  # Any: JSON
    """``value``, which must be an object. Raises MapperError."""
    if not isinstance(value, dict):
        raise MapperError(f"{name} is no object")
    return value


def a_text(members: Members, name: str) -> str:
    """The member, which must be there and be a string. Raises MapperError."""
    value = members.get(name)
    if not isinstance(value, str):
        raise MapperError(f"{name} is {value!r} instead of a string")
    return value


def a_list(value: Any, name: str) -> list[Any]:  # Any: JSON
    """``value``, which must be a list. Raises MapperError."""
    if not isinstance(value, list):
        raise MapperError(f"{name} is no list")
    return value


def a_number(members: Members, name: str) -> int:
    """The member, which must be there and be an integer. Raises MapperError."""
    value = members.get(name)
    if type(value) is not int:
        raise MapperError(f"{name} is {value!r} instead of an integer")
    return value
