"""The files of `clients/vectors`, as pytest's parameters."""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

DIRECTORY: Final = Path(__file__).parents[3] / "clients" / "vectors"

Members = dict[str, Any]
"""A JSON object. Any: members of every type."""


@cache
def read(name: str) -> Members:
    """One file."""
    members: Members = json.loads((DIRECTORY / name).read_text("ascii"))
    return members


def each(name: str, section: str) -> list[Any]:  # Any: pytest's parameters have a private type
    """The cases of a section."""
    return [pytest.param(case, id=case["name"]) for case in read(name)[section]]


def body_of(case: Members) -> bytes:
    """The body of an answer, or the bytes of a stream."""
    if "body_json" in case:
        return json.dumps(case["body_json"], ensure_ascii=False).encode()
    if "body" in case:
        return str(case["body"]).encode()
    return base64.b64decode(case["body_base64"])


def spki_of(key: str) -> bytes:
    """A public key of keys.json."""
    named = next(one for one in read("keys.json")["keys"] if one["name"] == key)
    return base64.b64decode(named["public_spki_base64"])
