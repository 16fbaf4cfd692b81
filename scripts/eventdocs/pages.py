"""The pages for people: an index, and one for each event type. Wide tables, short words, links that work offline."""

import textwrap
from collections.abc import Sequence
from typing import Final

from scripts.eventdocs.asyncapi import HEADERS
from scripts.eventdocs.catalog import Event, Field

GENERATED: Final = "<!-- Generated from proto/ by `make docs`; never edited. -->"
COLUMNS: Final = 120
SOURCE: Final = "../../proto"
GOLDEN: Final = "../../tests/golden/events"


def index(events: Sequence[Event]) -> str:
    """README.md."""
    rows = [
        f"| {one.number} | [{one.name}]({one.file_name}) | `{one.ce_type}` | {one.service} | {one.meaning} |"
        for one in events
    ]
    headers = [f"| `{name}` | {_header(name)} |" for name in HEADERS]
    return _page(
        "# Events",
        "What can happen in Pushward: the facts of the log, as the relay copies them to the Kafka topic "
        "`pushward.events`, and as tenants read their own over HTTP.",
        "* [How to subscribe](subscribing.md)\n"
        "* [The topic as an AsyncAPI 3 document](asyncapi.json), with stand-alone protobuf sources of all payloads",
        "An event is never changed and never taken back; its number and its name are for ever. A payload that has to "
        "change its shape gets a new schema number, and the old one stays readable.",
        _table("| | event | `ce_type` | from | what happened |", "|--:|---|---|---|---|", rows),
        "## A record",
        "Partition = shard; key = the stream's id, 16 bytes; value = the event's protobuf; headers = CloudEvents 1.0 "
        "in binary mode, and what makes a record complete. Each is UTF-8 text, but for `envelope`:",
        _table("| header | |", "|---|---|", headers),
        "## Sealed fields",
        "What may be personal or secret is a `Sealed`: AES-256-GCM under the entity's data key (or the account's), "
        "which is neither in the log nor in Kafka. A reader sees `key_id`, `nonce` and `ciphertext` and can't open "
        "them. Once an identity is forgotten ([EntityForgotten](026-entity-forgotten.md)), nobody can.",
    )


def page(event: Event) -> str:
    """The page of an event type."""
    sealed = [f"`{field.name}`" for field in event.fields if field.is_sealed]
    facts = [
        f"| number | {event.number} |",
        f"| `ce_type` | `{event.ce_type}` |",
        f"| recorded by | {event.service} |",
        f"| stream | {event.stream} |",
        f"| schemas | {', '.join(map(str, event.shapes))} |",
        f"| sealed | {', '.join(sealed) or 'nothing'} |",
        f"| protobuf | [`{event.message.full_name}`]({SOURCE}/{event.proto_file}) |",
    ]
    parts = [
        f"# {event.name}",
        event.meaning,
        _table("| | |", "|---|---|", facts),
        "## Fields",
        _fields(event.fields),
    ]
    for name, fields in event.nested.items():
        parts += [f"### {name}", _fields(fields)]
    parts += [
        "## Example",
        f"The payload of [a golden event]({GOLDEN}/{event.golden_file}), as protobuf's JSON mapping says it:",
        f"```json\n{event.example_text}\n```",
        "[All events](README.md)",
    ]
    return _page(*parts)


def _fields(fields: Sequence[Field]) -> str:
    rows = [
        f"| {field.number} | `{field.name}` | {_type(field)} | {field.since} | {field.meaning} |" for field in fields
    ]
    return _table("| | field | type | since schema | |", "|--:|---|---|--:|---|", rows)


def _type(field: Field) -> str:
    name = f"**{field.type}**" if field.is_sealed else field.type
    return f"{field.label} {name}".strip()


def _header(name: str) -> str:
    schema = HEADERS[name]
    return str(schema.get("description") or f"always `{schema['const']}`")


def _table(head: str, rule: str, rows: Sequence[str]) -> str:
    return "\n".join([head, rule, *rows])


def _page(*parts: str) -> str:
    return "\n\n".join([GENERATED, *map(_filled, parts)]) + "\n"


def _filled(part: str) -> str:
    """Prose in lines of COLUMNS; what has lines of its own stays."""
    return part if "\n" in part else textwrap.fill(part, COLUMNS, break_long_words=False, break_on_hyphens=False)
