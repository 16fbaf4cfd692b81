"""The golden files: `events/<type number>_<type>_<schema>.json`, each with one or more events as bytes and in words.

    {"type": "EVENT_TYPE_FACTOR_DELETED", "schema": 1, "cases": [{"payload": "<hex>", "event": {…}}]}

A file is written when its (type, schema) is new, and never again: those bytes are in somebody's log.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from pushward.api.events.v1 import types_pb2
from pushward.eventlog.codec import Binding, Codec
from services.challenge.adapters.codec import CODEC as CHALLENGE_CODEC
from services.registry.adapters import codec as registry
from services.webhook.adapters.codec import CODEC as WEBHOOK_CODEC

CODECS: Final = (
    registry.ACCOUNT_CODEC,
    registry.SERVICE_CODEC,
    registry.ENTITY_CODEC,
    registry.ACCESS_TOKEN_CODEC,
    CHALLENGE_CODEC,
    WEBHOOK_CODEC,
)
DIRECTORY: Final = Path(__file__).parent / "events"


@dataclass(frozen=True, slots=True)
class Case:
    """An event as bytes, and its fields as JSON says them (bytes as base64)."""

    payload: bytes
    event: dict[str, Any]  # Any: fields of every type


def bindings() -> Sequence[tuple[Codec, Binding]]:
    """Every type in its newest schema, with the codec that reads it."""
    return [(codec, binding) for codec in CODECS for binding in codec.bindings]


def readable() -> Sequence[tuple[Codec, int, int]]:
    """Every (type, schema) that some service can read, older schemas too."""
    of_bindings = [(codec, binding.type, binding.schema) for codec, binding in bindings()]
    of_upcasters = [(codec, upcaster.type, upcaster.schema) for codec in CODECS for upcaster in codec.upcasters]
    return of_bindings + of_upcasters


def path_of(binding: Binding) -> Path:
    """The file of a (type, schema)."""
    name = types_pb2.EventType.Name(binding.type).removeprefix("EVENT_TYPE_").lower()  # type: ignore[arg-type]  # a number
    return DIRECTORY / f"{binding.type:03}_{name}_{binding.schema}.json"


def in_words(event: object) -> dict[str, Any]:  # Any: fields of every type
    """The event's fields as JSON says them."""
    words: dict[str, Any] = json.loads(msgspec.json.encode(event))
    return words


def read(binding: Binding) -> Sequence[Case]:
    """The cases of a file."""
    found = json.loads(path_of(binding).read_text("utf-8"))
    return [Case(bytes.fromhex(case["payload"]), case["event"]) for case in found["cases"]]


def released() -> Sequence[tuple[Path, int, int, Sequence[bytes]]]:
    """Every file with its type, its schema and its payloads."""
    found = [(path, json.loads(path.read_text("utf-8"))) for path in sorted(DIRECTORY.glob("*.json"))]
    return [
        (
            path,
            types_pb2.EventType.Value(contents["type"]),
            contents["schema"],
            [bytes.fromhex(case["payload"]) for case in contents["cases"]],
        )
        for path, contents in found
    ]


def write(binding: Binding, cases: Sequence[Case]) -> None:
    """Makes a file. Raises FileExistsError: what was released stays as it is."""
    contents = {
        "type": types_pb2.EventType.Name(binding.type),  # type: ignore[arg-type]  # a number
        "schema": binding.schema,
        "cases": [{"payload": case.payload.hex(), "event": case.event} for case in cases],
    }
    with path_of(binding).open("x", encoding="utf-8") as file:
        file.write(json.dumps(contents, indent=2) + "\n")
