"""The golden files: `events/<type number>_<type>_<schema>.json`, each with one or more events as bytes and in words.

    {"type": "EVENT_TYPE_FACTOR_DELETED", "schema": 1, "cases": [{"payload": "<hex>", "event": {…}}]}

A file is written once and never again: those bytes are in somebody's log. Examples that are new to a (type, schema),
since it has got another field, go into a further file of it: `…_<schema>_2.json`, `…_<schema>_3.json`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import Any, Final

import msgspec

from pushward.api.events.v1 import types_pb2
from pushward.eventlog.codec import Binding, Codec
from services.challenge.adapters.codec import CODEC as CHALLENGE_CODEC
from services.challenge.adapters.codec import TOTP_USAGE_CODEC
from services.registry.adapters import codec as registry
from services.webhook.adapters.codec import CODEC as WEBHOOK_CODEC

CODECS: Final = (
    registry.ACCOUNT_CODEC,
    registry.SERVICE_CODEC,
    registry.ENTITY_CODEC,
    registry.ACCESS_TOKEN_CODEC,
    CHALLENGE_CODEC,
    TOTP_USAGE_CODEC,
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


def path_of(binding: Binding, number: int = 1) -> Path:
    """A file of a (type, schema): the first, or a further one."""
    name = types_pb2.EventType.Name(binding.type).removeprefix("EVENT_TYPE_").lower()  # type: ignore[arg-type]  # a number
    further = "" if number == 1 else f"_{number}"
    return DIRECTORY / f"{binding.type:03}_{name}_{binding.schema}{further}.json"


def paths_of(binding: Binding) -> Sequence[Path]:
    """The files that there are of a (type, schema), in their order."""
    numbered = (path_of(binding, number) for number in count(1))
    return list(takewhile(Path.exists, numbered))


def in_words(event: object) -> dict[str, Any]:  # Any: fields of every type
    """The event's fields as JSON says them."""
    words: dict[str, Any] = json.loads(msgspec.json.encode(event))
    return words


def read(binding: Binding) -> Sequence[Case]:
    """The cases of a (type, schema), of all its files."""
    found = [json.loads(path.read_text("utf-8")) for path in paths_of(binding)]
    return [Case(bytes.fromhex(case["payload"]), case["event"]) for file in found for case in file["cases"]]


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
    """Makes the next file of a (type, schema): what was released stays as it is."""
    contents = {
        "type": types_pb2.EventType.Name(binding.type),  # type: ignore[arg-type]  # a number
        "schema": binding.schema,
        "cases": [{"payload": case.payload.hex(), "event": case.event} for case in cases],
    }
    with path_of(binding, len(paths_of(binding)) + 1).open("x", encoding="utf-8") as file:
        file.write(json.dumps(contents, indent=2) + "\n")
