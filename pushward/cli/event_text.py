"""An event of the log as people and programs read it: names, not numbers; ``***`` for what is sealed or digested."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import challenge_pb2, envelope_pb2, registry_pb2, types_pb2, webhook_pb2
from pushward.eventlog.codec import datetime_of
from pushward.eventlog.event import StoredEvent

MASK: Final = "***"
TYPE_PREFIX: Final = "EVENT_TYPE_"
DIGEST_SUFFIX: Final = "_digest"

_MESSAGES: Final[dict[str, type[Message]]] = {
    name: getattr(module, name)
    for module in (registry_pb2, challenge_pb2, webhook_pb2)
    for name in module.DESCRIPTOR.message_types_by_name
}

Fields = dict[str, Any]
"""What JSON can say. Any: fields of every type."""


@dataclass(frozen=True, slots=True)
class ReadableEvent:
    """An event with its place, its envelope and its fields."""

    shard: int
    position: int
    recorded_at: str
    type: str
    schema: int
    stream_id: str
    version: int
    event_id: str
    account_sid: str
    actor: str
    correlation_id: str
    causation_id: str
    fields: Fields

    def members(self) -> Fields:
        """As a JSON object."""
        return asdict(self)


def readable(event: StoredEvent) -> ReadableEvent:
    """``event`` in words; of an unknown type, only what the envelope says."""
    envelope = envelope_pb2.Envelope.FromString(event.envelope)
    name = type_name(event.type)
    message = _MESSAGES.get(name)
    kind = envelope_pb2.Actor.Kind.Name(envelope.actor.kind).removeprefix("KIND_").lower()
    return ReadableEvent(
        shard=event.shard,
        position=event.position,
        recorded_at=event.recorded_at.isoformat(timespec="milliseconds"),
        type=name,
        schema=event.schema,
        stream_id=str(event.stream_id),
        version=event.version,
        event_id=str(event.event_id),
        account_sid=envelope.account_sid,
        actor=f"{kind}:{envelope.actor.sid}",
        correlation_id=envelope.correlation_id.hex(),
        causation_id=envelope.causation_id.hex(),
        fields={} if message is None else _fields(message.FromString(event.payload)),
    )


def type_name(number: int) -> str:
    """``FactorVerified`` of 23; the number itself for a type that this release doesn't know."""
    value = types_pb2.EventType.DESCRIPTOR.values_by_number.get(number)
    if value is None:
        return str(number)
    return "".join(word.capitalize() for word in value.name.removeprefix(TYPE_PREFIX).split("_"))


def _fields(message: Message) -> Fields:
    """The fields that are set."""
    return {field.name: _value(field, value) for field, value in message.ListFields()}


def _value(field: FieldDescriptor, value: Any) -> Any:
    match value:
        case common_pb2.Sealed():
            return MASK
        case Timestamp():
            return datetime_of(value).isoformat()
        case Message():
            return _fields(value)
        case bytes():
            return MASK if field.name.endswith(DIGEST_SUFFIX) else value.hex()
        case str() | bool():
            return value
        case int() if field.enum_type is not None:
            return _enum_name(field.enum_type, value)
        case int():
            return value
        case _:
            return [_value(field, item) for item in value]


def _enum_name(enum: EnumDescriptor, number: int) -> str:
    """``push`` of ``FACTOR_TYPE_PUSH``: without what protobuf puts before an enum's names."""
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return enum.values_by_number[number].name.removeprefix(prefix).lower()
