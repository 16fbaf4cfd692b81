"""A page of events on the wire: GET /pushward/v1/events. Ours, so names are in lower case."""

import base64
from datetime import UTC
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from pushward.api.relay.v1 import relay_pb2 as relay
from pushward.eventlog.codec import datetime_of
from pushward.kafka.record import TYPE_PREFIX, type_name
from services.edge.app.models.shapes import Base64, told
from services.edge.app.params import Params

INT64_MAX: Final = 2**63 - 1
SHARD_MAX: Final = 2**16 - 1
LIMIT_MAX: Final = 500
WAIT_SECONDS_MAX: Final = 25

Id = Annotated[str, told(format="uuid")]
Counted = Annotated[int, told(minimum=1)]


class EventsParams(Params, frozen=True, kw_only=True, rename="lower"):
    """Which stretch of which shard. A position must be said: "from the start" is `after=0`."""

    shard: Annotated[int, Meta(ge=0, le=SHARD_MAX)]
    after: Annotated[int, Meta(ge=0, le=INT64_MAX)]
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX)] = 100
    wait: Annotated[int, Meta(ge=0, le=WAIT_SECONDS_MAX)] = 0


class EventBody(msgspec.Struct):
    """An event as the log holds it. Envelope and payload are base64 of protobufs (proto/pushward/api/events/v1)."""

    position: Counted
    stream_id: Id
    version: Counted
    event_id: Id
    type: Annotated[str, told(pattern=r"^pushward\.")]
    type_number: Counted
    schema: Counted
    recorded_at: Annotated[str, told(format="date-time")]  # UTC, to the microsecond
    envelope: Base64
    payload: Base64


class EventsPage(msgspec.Struct):
    """The account's events after `after`, through `scanned_through`: positions between them are other accounts'.

    `after_event_id` and `last_event_id` are those of the events at either end, whoever's they are; null at position 0.
    """

    epoch: Counted
    shard: Annotated[int, told(minimum=0)]
    shards: Counted
    head: Annotated[int, told(minimum=0)]
    scanned_through: Annotated[int, told(minimum=0)]
    after_event_id: Id | None
    last_event_id: Id | None
    events: list[EventBody]


def events_page(reply: relay.ListEventsReply) -> EventsPage:
    """The page as JSON."""
    return EventsPage(
        epoch=reply.epoch,
        shard=reply.shard,
        shards=reply.shards,
        head=reply.head,
        scanned_through=reply.scanned_through,
        after_event_id=_id(reply.after_event_id),
        last_event_id=_id(reply.last_event_id),
        events=[_event(event) for event in reply.events],
    )


def _event(event: relay.Event) -> EventBody:
    recorded_at = datetime_of(event.recorded_at).astimezone(UTC).isoformat(timespec="microseconds")
    return EventBody(
        position=event.position,
        stream_id=str(UUID(bytes=event.stream_id)),
        version=event.version,
        event_id=str(UUID(bytes=event.event_id)),
        type=_type_name(event.type),
        type_number=event.type,
        schema=event.schema,
        recorded_at=recorded_at.replace("+00:00", "Z"),
        envelope=base64.b64encode(event.envelope).decode("ascii"),
        payload=base64.b64encode(event.payload).decode("ascii"),
    )


def _type_name(number: int) -> str:
    try:
        return type_name(number)
    except ValueError:
        return f"{TYPE_PREFIX}type_{number}"  # of a newer release than this edge


def _id(raw: bytes) -> str | None:
    return str(UUID(bytes=raw)) if raw else None
