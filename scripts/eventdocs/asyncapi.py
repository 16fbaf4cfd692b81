"""The topic as an AsyncAPI 3.0 document: channel, messages with their CloudEvents headers, keys, protobuf payloads."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from pushward.api.events.v1 import envelope_pb2
from pushward.eventlog.codec import datetime_of
from pushward.eventlog.event import StoredEvent
from pushward.kafka.record import CLOUDEVENTS_VERSION, CONTENT_TYPE, SOURCE_PREFIX, TOPIC, headers_of
from scripts.eventdocs.catalog import Event
from scripts.eventdocs.prototext import proto_source

ASYNCAPI: Final = "3.0.0"
VERSION: Final = "1"
"""Of the topic as a contract: another one would break readers."""
PROTOBUF: Final = "application/vnd.google.protobuf;version=3"
KAFKA_BINDING: Final = "0.5.0"

Json = dict[str, Any]
"""A JSON object. Any: members of every type."""

_TEXT: Final[Json] = {"type": "string"}
_NUMBER: Final[Json] = {"type": "string", "pattern": "^[1-9][0-9]*$"}
_UUID: Final[Json] = {"type": "string", "format": "uuid"}

HEADERS: Final[dict[str, Json]] = {
    "ce_id": {**_UUID, "description": "The event's id: the same however often it is delivered."},
    "ce_type": {**_TEXT, "description": "The event type."},
    "ce_source": {**_TEXT, "pattern": f"^{SOURCE_PREFIX}AC[0-9a-f]{{32}}$", "description": "The tenant."},
    "ce_subject": {**_UUID, "description": "The stream's id, as in the key."},
    "ce_time": {**_TEXT, "format": "date-time", "description": "When it was recorded, UTC, to the microsecond."},
    "ce_specversion": {**_TEXT, "const": CLOUDEVENTS_VERSION},
    "content-type": {**_TEXT, "const": CONTENT_TYPE},
    "pos": {**_NUMBER, "description": "The position in the shard: 1, 2, 3, … without holes."},
    "ver": {**_NUMBER, "description": "The version in the stream: 1, 2, 3, …"},
    "type": {**_NUMBER, "description": "The event type's number, for ever the same."},
    "schema": {**_NUMBER, "description": "The payload's schema; a new one is a new shape of the same type."},
    "epoch": {**_NUMBER, "description": "The history that the position belongs to; a restore begins another one."},
    "traceparent": {
        **_TEXT,
        "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$",
        "description": "W3C Trace Context: the trace of the request that this event came of.",
    },
    "envelope": {
        **_TEXT,
        "contentEncoding": "binary",
        "description": "pushward.api.events.v1.Envelope, byte for byte as in the log; holds the payload's SHA-256.",
    },
}
"""In the order in which the relay writes them. A header is bytes; all but ``envelope`` are UTF-8 text."""

CHANNEL: Final = (
    "Every event of every tenant, in the order in which it was recorded. One partition for each shard of the log: "
    "partition N is shard N, chosen by the relay and never by a hash of the key, so adding partitions is refused. "
    "In a partition the first occurrences are in order and without a hole; a record may be repeated: keep the last "
    "position of each partition and drop what isn't newer. All that ever happened to one entity is in one partition. "
    f"Another epoch is another topic: {TOPIC}.2, {TOPIC}.3, …"
)


def document(events: Sequence[Event]) -> str:
    """The document as JSON."""
    _require_right_headers()
    return json.dumps(_document(events), indent=2, ensure_ascii=False) + "\n"


def _document(events: Sequence[Event]) -> Json:
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "Pushward events",
            "version": VERSION,
            "description": "What happened, as the relay copies it from the log to Kafka. Generated from proto/.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {"events": _channel(events)},
        "operations": {
            "publishEvents": {
                "action": "send",
                "channel": {"$ref": "#/channels/events"},
                "summary": "Pushward's relay writes, one partition a shard; nobody else may.",
            }
        },
        "components": {
            "messages": {name: _message(name, event, schema) for name, event, schema in _shapes(events)},
            "schemas": {
                "Headers": {"type": "object", "properties": HEADERS, "required": list(HEADERS)},
                **{name: _payload(event, schema) for name, event, schema in _shapes(events)},
            },
        },
    }


def _channel(events: Sequence[Event]) -> Json:
    return {
        "address": TOPIC,
        "title": "The log's events",
        "description": CHANNEL,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name, _, _ in _shapes(events)},
        "bindings": {
            "kafka": {
                "topic": TOPIC,
                "topicConfiguration": {"cleanup.policy": ["delete"]},
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _shapes(events: Sequence[Event]) -> Iterator[tuple[str, Event, int]]:
    """A message for each schema of each event: the newest has the event's name, an older one its number behind it."""
    for event in events:
        for schema in event.shapes:
            yield event.name if schema == event.newest else f"{event.name}.{schema}", event, schema


def _message(name: str, event: Event, schema: int) -> Json:
    return {
        "name": event.ce_type,
        "title": event.name,
        "summary": event.meaning,
        "contentType": CONTENT_TYPE,
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/Headers"},
                {
                    "type": "object",
                    "properties": {
                        "ce_type": {"const": event.ce_type},
                        "type": {"const": str(event.number)},
                        "schema": {"const": str(schema)},
                    },
                },
            ]
        },
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "contentEncoding": "binary", "description": "The stream's id: 16 bytes."},
                "bindingVersion": KAFKA_BINDING,
            }
        },
        "x-page": event.file_name,
        "x-protobuf-message": event.shapes[schema].full_name,
    }


def _payload(event: Event, schema: int) -> Json:
    return {"schemaFormat": PROTOBUF, "schema": proto_source(event.shapes[schema])}


def _require_right_headers() -> None:
    """Raises ValueError if the relay's headers are others than those that are described here."""
    envelope = envelope_pb2.Envelope(correlation_id=bytes(15) + b"\1")
    some = UUID("0003a5a5-a5a5-85a5-a5a5-a5a5a5a5a5a5")
    event = StoredEvent(
        0, 1, some, 1, some, 1, 1, datetime_of(envelope.recorded_at), envelope.SerializeToString(), payload=b""
    )
    written = [name for name, _ in headers_of(event, epoch=1)]
    if written != list(HEADERS):
        raise ValueError(f"the relay writes the headers {written}, but {list(HEADERS)} are described")
