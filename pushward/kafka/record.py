"""An event as a Kafka record, and back (DESIGN section 4, Relay).

    partition  the shard               key    the stream's id, 16 bytes
    value      the event's protobuf    headers  CloudEvents 1.0 in binary mode, and:

    pos          the position in the shard, decimal           epoch       decimal
    ver          the version in the stream, decimal           envelope    the envelope's bytes, as the log keeps them
    type         the event type's number, decimal             schema      of the payload, decimal
    traceparent  W3C Trace Context: the trace id is the event's correlation id

A record is complete: whoever has it needs nothing of the log to check it or to store it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from google.protobuf.message import DecodeError

from pushward.api.events.v1 import envelope_pb2, types_pb2
from pushward.eventlog.event import StoredEvent

TOPIC: Final = "pushward.events"
CONTENT_TYPE: Final = "application/protobuf"
CLOUDEVENTS_VERSION: Final = "1.0"
TYPE_PREFIX: Final = "pushward."
SOURCE_PREFIX: Final = "/pushward/accounts/"
_TYPE_NAME_PREFIX: Final = "EVENT_TYPE_"
_NIL_SPAN: Final = bytes(8)

Headers = Sequence[tuple[str, bytes]]


class RecordError(ValueError):
    """A record is not one of ours: a header is missing or isn't what it should be."""


@dataclass(frozen=True, slots=True)
class Published:
    """An event as it was published, with the epoch that its position belongs to."""

    epoch: int
    event: StoredEvent


def topic_of(epoch: int) -> str:
    """The topic of an epoch: each has its own, so that positions handed out anew can't be taken for older ones."""
    return TOPIC if epoch == 1 else f"{TOPIC}.{epoch}"


def epoch_of(topic: str) -> int | None:
    """The epoch that a topic is of; None for one that isn't the relay's."""
    if topic == TOPIC:
        return 1
    number = topic.removeprefix(f"{TOPIC}.")
    return int(number) if number.isascii() and number.isdigit() and topic_of(int(number)) == topic else None


def type_name(number: int) -> str:
    """An event type as consumers know it: ``pushward.challenge_approved``."""
    name = types_pb2.EventType.Name(number)  # type: ignore[arg-type]  # a number of the enum
    return TYPE_PREFIX + name.removeprefix(_TYPE_NAME_PREFIX).lower()


def headers_of(event: StoredEvent, epoch: int) -> list[tuple[str, bytes]]:
    """The headers of an event's record."""
    envelope = envelope_pb2.Envelope.FromString(event.envelope)
    texts = (
        ("ce_id", str(event.event_id)),
        ("ce_type", type_name(event.type)),
        ("ce_source", SOURCE_PREFIX + envelope.account_sid),
        ("ce_subject", str(event.stream_id)),
        ("ce_time", event.recorded_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")),
        ("ce_specversion", CLOUDEVENTS_VERSION),
        ("content-type", CONTENT_TYPE),
        ("pos", str(event.position)),
        ("ver", str(event.version)),
        ("type", str(event.type)),
        ("schema", str(event.schema)),
        ("epoch", str(epoch)),
        ("traceparent", traceparent_of(envelope.correlation_id, event.event_id)),
    )
    return [*((name, text.encode()) for name, text in texts), ("envelope", event.envelope)]


def traceparent_of(correlation_id: bytes, span_of: UUID) -> str:
    """W3C ``traceparent`` of what ``span_of`` (an event's id) stands for, in the trace of its outer request."""
    span = span_of.bytes[8:]
    assert span != _NIL_SPAN, "an event id is never nil"
    return f"00-{correlation_id.hex()}-{span.hex()}-01"


def published(partition: int, key: bytes | None, value: bytes | None, headers: Headers) -> Published:
    """The event of a record. Raises RecordError for a record that the relay didn't make."""
    found = dict(headers)
    try:
        if key is None or value is None:
            raise RecordError("a record of the relay has a key and a value")
        event = StoredEvent(
            shard=partition,
            position=int(found["pos"]),
            stream_id=UUID(bytes=key),
            version=int(found["ver"]),
            event_id=UUID(found["ce_id"].decode("ascii")),
            type=int(found["type"]),
            schema=int(found["schema"]),
            recorded_at=datetime.fromisoformat(found["ce_time"].decode("ascii")),
            envelope=found["envelope"],
            payload=value,
        )
        return Published(int(found["epoch"]), event)
    except (KeyError, ValueError, DecodeError) as error:
        raise RecordError(f"no event in this record of partition {partition}: {error!r}") from error
