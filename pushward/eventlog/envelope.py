"""Builds the events of an append: payload, then the envelope around its digest, as bytes that are never re-encoded."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pushward import ids
from pushward.api.events.v1 import envelope_pb2
from pushward.eventlog.codec import Codec, timestamp_of
from pushward.eventlog.event import ActorKind, NewEvent, Origin, Recorded

_ACTOR_KINDS: Final = {kind: envelope_pb2.Actor.Kind.Value(f"KIND_{kind.name}") for kind in ActorKind}


def new_events(
    codec: Codec,
    events: Sequence[Any],  # Any: event classes of the codec's domain
    *,
    stream_id: UUID,
    after_version: int,
    recorded_at: datetime,
    origin: Origin,
) -> tuple[NewEvent, ...]:
    """``events`` encoded, numbered from ``after_version + 1``, with ids derived from the origin's command."""
    built = []
    for index, event in enumerate(events):
        type_number, schema, payload = codec.encode(event)
        event_id = ids.derive_event_id(origin.command_id, stream_id, index)
        version = after_version + 1 + index
        envelope = envelope_pb2.Envelope(
            stream_id=stream_id.bytes,
            version=version,
            event_id=event_id.bytes,
            type=type_number,  # type: ignore[arg-type]  # an enum's number; the stub wants its nominal type
            schema=schema,
            recorded_at=timestamp_of(recorded_at),
            account_sid=origin.account_sid,
            actor=envelope_pb2.Actor(kind=_ACTOR_KINDS[origin.actor.kind], sid=origin.actor.sid),
            correlation_id=origin.correlation_id.bytes,
            causation_id=origin.causation_id.bytes,
            payload_sha256=hashlib.sha256(payload).digest(),
        )
        built.append(
            NewEvent(
                stream_id=stream_id,
                version=version,
                event_id=event_id,
                type=type_number,
                schema=schema,
                recorded_at=recorded_at,
                envelope=envelope.SerializeToString(deterministic=True),
                payload=payload,
            )
        )
    return tuple(built)


def recorded(event: NewEvent) -> Recorded:
    """An event's place and time, as ``evolve`` wants it."""
    return Recorded(event.stream_id, event.version, event.recorded_at)
