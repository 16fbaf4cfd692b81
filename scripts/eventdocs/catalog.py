"""Every event of the log, with all that a reader wants to know. Refuses an event or a field that nobody explains."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import types_pb2
from pushward.cli.targets import STORES
from pushward.eventlog.codec import Binding, Codec, Upcaster
from pushward.kafka.record import type_name
from scripts.eventdocs.descriptors import Described, described_messages
from tests.golden import files as golden

TYPE_PREFIX: Final = "EVENT_TYPE_"
SEALED: Final = common_pb2.Sealed.DESCRIPTOR.full_name

STREAMS: Final = {
    "account": "the account's, with all its API keys: its id is the account SID's 32 digits",
    "service": "the service's: its id is the service SID's 32 digits",
    "entity": "the entity's, with all its factors: its id is derived from service and identity",
    "access_token": "the access token's: its id is the access token SID's 32 digits",
    "challenge": "the challenge's: its id is the challenge SID's 32 digits",
    "totp_usage": "the TOTP factor's own for its creations of challenges: its id is derived from the factor SID",
    "webhook": "the webhook's: its id is the webhook SID's 32 digits",
}
"""By the aggregate's name."""

RECURRING: Final = {
    "account_sid": "the tenant",
    "service_sid": "the tenant's service",
    "entity_sid": "who is verified",
    "identity": "the tenant's own name for the entity; no personal datum",
    "factor_sid": "the means of verifying: a device",
    "factor_type": "what kind of means",
    "api_key_sid": "the API key",
    "challenge_sid": "the challenge",
    "access_token_sid": "the access token",
    "webhook_sid": "the webhook",
}
"""What fields mean that stand in many events, where their own comment says nothing."""


class UndocumentedError(Exception):
    """Nobody says what an event or a field is."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event. ``label`` is optional, repeated or empty; ``since`` the first schema that has it."""

    number: int
    name: str
    type: str
    label: str
    is_sealed: bool
    since: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Event:
    """One type of event, as its newest schema has it; ``shapes`` are the messages of all its schemas, oldest first."""

    number: int
    name: str
    ce_type: str
    meaning: str
    service: str
    stream: str
    shapes: Mapping[int, Descriptor]
    fields: Sequence[Field]
    nested: Mapping[str, Sequence[Field]]
    proto_file: str
    golden_file: str
    example: Mapping[str, Any]  # Any: what JSON can say

    @property
    def newest(self) -> int:
        """The schema that is written now."""
        return max(self.shapes)

    @property
    def message(self) -> Descriptor:
        """Its message."""
        return self.shapes[self.newest]

    @property
    def file_name(self) -> str:
        """The event's page."""
        return f"{self.number:03}-{self.ce_type.rpartition('.')[2].replace('_', '-')}.md"

    @property
    def example_text(self) -> str:
        """The example as JSON."""
        return json.dumps(self.example, indent=2, ensure_ascii=False)


def catalog() -> list[Event]:
    """All events, by number. Raises UndocumentedError."""
    described = described_messages()
    events = [
        _event(store.name, aggregate.name, binding, _shapes(aggregate.codec, binding), described)
        for store in STORES
        for aggregate in store.aggregates
        for binding in aggregate.codec.bindings
    ]
    return sorted(events, key=lambda event: event.number)


def _shapes(codec: Codec, newest: Binding) -> dict[int, Descriptor]:
    """The messages of a type by schema: older ones are read through upcasters."""
    older = [upcaster for upcaster in codec.upcasters if upcaster.type == newest.type]
    known: list[Upcaster | Binding] = [*sorted(older, key=lambda upcaster: upcaster.schema), newest]
    # The stubs leave open which implementation's descriptor it is.
    return {one.schema: cast(Descriptor, one.message.DESCRIPTOR) for one in known}


def _event(
    service: str,
    stream: str,
    newest: Binding,
    shapes: Mapping[int, Descriptor],
    described: Mapping[str, Described],
) -> Event:
    message = shapes[newest.schema]
    here = described[message.name]
    name = _class_name(newest.type)
    if not here.comments.message:
        raise UndocumentedError(f"message {message.full_name} has no comment that says what happened")
    return Event(
        number=int(newest.type),
        name=name,
        ce_type=type_name(newest.type),
        meaning=here.comments.message,
        service=service,
        stream=STREAMS[stream],
        shapes=shapes,
        fields=[_field(field, here, _since(field, shapes)) for field in message.fields],
        nested=_nested(message, described),
        proto_file=here.file,
        golden_file=golden.path_of(newest).name,
        example=_example(newest),
    )


def _class_name(number: int) -> str:
    words = types_pb2.EventType.Name(number).removeprefix(TYPE_PREFIX).split("_")  # type: ignore[arg-type]  # a number
    return "".join(word.capitalize() for word in words)


def _since(field: FieldDescriptor, shapes: Mapping[int, Descriptor]) -> int:
    return next(schema for schema, message in shapes.items() if field.name in message.fields_by_name)


def _field(field: FieldDescriptor, described: Described, since: int) -> Field:
    meaning = described.comments.fields[field.name] or RECURRING.get(field.name, "")
    if not meaning and not _is_settings(field):
        raise UndocumentedError(f"field {field.full_name} has no comment")
    return Field(
        number=field.number,
        name=field.name,
        type=type_text(field),
        label=_label(field),
        is_sealed=field.message_type is not None and field.message_type.full_name == SEALED,
        since=since,
        meaning=meaning,
    )


def _is_settings(field: FieldDescriptor) -> bool:
    """The contract explains them (section 1a), not we."""
    return field.containing_type is not None and field.containing_type.name == "ServiceSettings"


def type_text(field: FieldDescriptor) -> str:
    """A field's type, without its package."""
    if field.message_type is not None:
        return str(field.message_type.name)
    if field.enum_type is not None:
        return str(field.enum_type.name)
    return _SCALARS[field.type]


def _label(field: FieldDescriptor) -> str:
    if field.is_repeated:
        return "repeated"
    return "optional" if field.has_presence and field.message_type is None else ""


def _nested(message: Descriptor, described: Mapping[str, Described]) -> dict[str, Sequence[Field]]:
    """Messages of our own that it is made of, but for Sealed, which the index explains."""
    inner = [field.message_type for field in message.fields if field.message_type is not None]
    return {
        one.name: [_field(field, described[one.name], since=1) for field in one.fields]
        for one in inner
        if one.name in described
    }


def _example(binding: Binding) -> Mapping[str, Any]:  # Any: what JSON can say
    """The first golden event of the type, as protobuf's JSON says it."""
    message: Message = binding.message.FromString(golden.read(binding)[0].payload)
    example: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return example


_SCALARS: Final = {
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_STRING: "string",
}
