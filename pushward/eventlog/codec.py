"""Maps events, frozen dataclasses of a domain, to the protobuf messages of the same field names, and back.

A converter for each field is chosen once, from the dataclass's annotations; a field that the message lacks, or the
other way round, is refused when the codec is built. Encoding is deterministic.

An event is written in the newest schema of its type. Older ones are read through *upcasters*, pure functions from a
schema's message to the next one's; a chain of them that doesn't reach the newest is refused when the codec is built.
"""

import builtins
import dataclasses
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from pushward.api.common.v1 import common_pb2
from pushward.values import Sealed

Convert = Callable[[Any], Any]
"""A value to its other form. Any: each converter is made for one annotation."""


class UnknownEventError(LookupError):
    """A (type, schema) or an event class that this codec has no binding for."""


class NewerSchemaError(UnknownEventError):
    """An event that a later release has written: this one can't know what it says."""


@dataclass(frozen=True, slots=True)
class Binding:
    """An event class, its number and schema, and its message."""

    type: int
    schema: int
    event: builtins.type[Any]  # Any: a dataclass of some domain
    message: builtins.type[Message]


@dataclass(frozen=True, slots=True)
class Upcaster:
    """``lift`` makes of ``message``, an event of ``type`` in ``schema``, the message of ``schema + 1``. It is pure."""

    type: int
    schema: int
    message: builtins.type[Message]
    lift: Callable[[Any], Message]  # Any: a ``message``


class Codec:
    """Encodes and decodes the events that it was given bindings for, and their older schemas by upcasters."""

    def __init__(self, bindings: Iterable[Binding], upcasters: Iterable[Upcaster] = ()) -> None:
        self.bindings: Final = tuple(bindings)
        self.upcasters: Final = tuple(upcasters)
        self._by_class = {b.event: (b, _record_converter(b.event, b.message)) for b in self.bindings}
        self._by_type = {b.type: (b, _record_converter(b.event, b.message)) for b in self.bindings}
        self._upcasters = {(upcaster.type, upcaster.schema): upcaster for upcaster in self.upcasters}
        self._refuse_gaps()

    def knows(self, type_number: int) -> bool:
        """Whether events of this type belong to this codec, in whatever schema."""
        return any(binding.type == type_number for binding in self.bindings)

    def encode(self, event: object) -> tuple[int, int, bytes]:
        """``(type, schema, payload)`` of an event."""
        if (found := self._by_class.get(type(event))) is None:
            raise UnknownEventError(f"no binding for {type(event).__name__}")
        binding, converter = found
        return binding.type, binding.schema, converter.to_message(event).SerializeToString(deterministic=True)

    def decode(self, type_number: int, schema: int, payload: bytes) -> Any:  # Any: one of the domain's event classes
        """The event that ``payload`` encodes."""
        if (found := self._by_type.get(type_number)) is None:
            raise UnknownEventError(f"no binding for type {type_number}, schema {schema}")
        binding, converter = found
        if schema == binding.schema:
            return converter.from_message(binding.message.FromString(payload))
        return converter.from_message(self._lifted(binding, schema, payload))

    def _lifted(self, binding: Binding, schema: int, payload: bytes) -> Message:
        """An event of an older schema as the newest one says it."""
        if schema > binding.schema:
            raise NewerSchemaError(
                f"an event of type {binding.type} has schema {schema}, and this release reads up to {binding.schema}: "
                "a later release has written it. Run that one."
            )
        if (upcaster := self._upcasters.get((binding.type, schema))) is None:
            raise UnknownEventError(f"no upcaster for type {binding.type}, schema {schema}")
        message: Message = upcaster.message.FromString(payload)
        for number in range(schema, binding.schema):
            message = self._upcasters[binding.type, number].lift(message)
        return message

    def _refuse_gaps(self) -> None:
        newest = {binding.type: binding.schema for binding in self.bindings}
        if len(newest) != len(self.bindings):
            raise TypeError("a type has two bindings: only the newest schema has one, the older ones have upcasters")
        for type_number, schema in self._upcasters:
            lifted = (type_number, schema + 1)
            if newest.get(type_number) != schema + 1 and lifted not in self._upcasters:
                raise TypeError(f"type {type_number}, schema {schema} is lifted to {schema + 1}, which nobody reads")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    to_message: Convert
    from_message: Convert
    has_presence: bool
    repeated: bool


class _RecordConverter:
    """One dataclass and its message."""

    def __init__(self, cls: type[Any], message: type[Message], fields: tuple[_Field, ...]) -> None:
        self._cls = cls
        self._message = message
        self._fields = fields

    def to_message(self, value: object) -> Message:
        members: dict[str, Any] = {}  # Any: whatever the message's constructor takes
        for field in self._fields:
            member = getattr(value, field.name)
            if member is not None:
                members[field.name] = field.to_message(member)
        return self._message(**members)

    def from_message(self, message: Message) -> object:
        members: dict[str, Any] = {}  # Any: the dataclass's own types
        for field in self._fields:
            if field.has_presence and not message.HasField(field.name):
                members[field.name] = None
            else:
                members[field.name] = field.from_message(getattr(message, field.name))
        return self._cls(**members)


def _record_converter(cls: type[Any], message: type[Message]) -> _RecordConverter:
    descriptor = typing.cast(Descriptor, message.DESCRIPTOR)
    hints = typing.get_type_hints(cls)
    names = [field.name for field in dataclasses.fields(cls)]
    if set(names) != set(descriptor.fields_by_name):
        differing = sorted(set(names) ^ set(descriptor.fields_by_name))
        raise TypeError(f"{cls.__name__} and {descriptor.full_name} differ in {', '.join(differing)}")
    return _RecordConverter(cls, message, tuple(_field(hints[name], descriptor.fields_by_name[name]) for name in names))


def _field(hint: Any, descriptor: FieldDescriptor) -> _Field:  # Any: an annotation
    inner, optional = _without_none(hint)
    repeated = descriptor.is_repeated
    if optional and not descriptor.has_presence:
        raise TypeError(f"{descriptor.full_name} must be `optional` in the message: its annotation allows None")
    to_message, from_message = _converters(inner, descriptor)
    return _Field(descriptor.name, to_message, from_message, optional, repeated)


def _without_none(hint: Any) -> tuple[Any, bool]:  # Any: an annotation
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        members = [member for member in typing.get_args(hint) if member is not types.NoneType]
        if len(members) != 1:
            raise TypeError(f"{hint} is a union of more than one type and None")
        return members[0], True
    return hint, False


def _same(value: Any) -> Any:  # Any: str, int, bool or bytes, unchanged
    return value


def _converters(hint: Any, descriptor: FieldDescriptor) -> tuple[Convert, Convert]:  # Any: an annotation
    if typing.get_origin(hint) is tuple:
        (item, *_) = typing.get_args(hint)
        return _repeated(*_converters(item, descriptor))
    plain = getattr(hint, "__supertype__", hint)
    if plain in (str, int, bool, bytes):
        return _same, _same
    if plain is UUID:
        return (lambda value: value.bytes), (lambda value: UUID(bytes=value))
    if plain is datetime:
        return timestamp_of, datetime_of
    if plain is Sealed:
        return sealed_to_message, sealed_from_message
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return _enum_converters(plain, descriptor)
    if dataclasses.is_dataclass(plain) and isinstance(plain, type):
        converter = _record_converter(plain, _nested_message(descriptor))
        return converter.to_message, converter.from_message
    raise TypeError(f"{descriptor.full_name}: no converter for {hint}")


def _nested_message(descriptor: FieldDescriptor) -> type[Message]:
    if descriptor.message_type is None:
        raise TypeError(f"{descriptor.full_name} is no message, though its annotation is a dataclass")
    message: type[Message] = message_factory.GetMessageClass(descriptor.message_type)
    return message


def _repeated(to_item: Convert, from_item: Convert) -> tuple[Convert, Convert]:
    if to_item is _same:
        return list, tuple
    return (lambda values: [to_item(value) for value in values]), (
        lambda values: tuple(from_item(value) for value in values)
    )


def _enum_converters(enum: type[StrEnum], descriptor: FieldDescriptor) -> tuple[Convert, Convert]:
    """By name: ``PUSH`` of ``FactorType`` is ``FACTOR_TYPE_PUSH``."""
    if descriptor.enum_type is None:
        raise TypeError(f"{descriptor.full_name} is no enum, though its annotation is {enum.__name__}")
    values = descriptor.enum_type.values_by_name
    prefix = descriptor.enum_type.values[0].name.removesuffix("UNSPECIFIED")
    to_number = {member: values[prefix + member.name].number for member in enum}
    to_member = {number: member for member, number in to_number.items()}
    return to_number.__getitem__, to_member.__getitem__


def timestamp_of(moment: datetime) -> Timestamp:
    """``moment`` as a protobuf Timestamp, to the microsecond."""
    since = moment - _EPOCH
    return Timestamp(seconds=since.days * _SECONDS_A_DAY + since.seconds, nanos=since.microseconds * 1000)


def datetime_of(timestamp: Timestamp) -> datetime:
    """A protobuf Timestamp as an aware datetime in UTC."""
    return datetime.fromtimestamp(timestamp.seconds, UTC).replace(microsecond=timestamp.nanos // 1000)


def sealed_to_message(sealed: Sealed) -> common_pb2.Sealed:
    """The protobuf of a sealed value."""
    return common_pb2.Sealed(key_id=sealed.key_id.bytes, nonce=sealed.nonce, ciphertext=sealed.ciphertext)


def sealed_from_message(message: common_pb2.Sealed) -> Sealed:
    """The sealed value of a protobuf."""
    return Sealed(UUID(bytes=message.key_id), message.nonce, message.ciphertext)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_A_DAY: Final = 86_400
