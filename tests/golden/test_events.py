"""What was once recorded can be read for ever: every released event's bytes still give the same fields."""

import msgspec
import pytest

from pushward.api.events.v1 import types_pb2
from pushward.eventlog.codec import Binding, Codec
from tests.golden.files import bindings, in_words, path_of, read, readable, released

BINDINGS = bindings()
EACH_BINDING = pytest.mark.parametrize(
    ("codec", "binding"), BINDINGS, ids=[f"{binding.event.__name__}-{binding.schema}" for _, binding in BINDINGS]
)


@EACH_BINDING
def test_released_bytes_decode_to_the_same_event(codec: Codec, binding: Binding) -> None:
    """The golden bytes give an equal instance of the domain's own class; it may have got more fields since."""
    cases = read(binding)
    assert cases
    for case in cases:
        event = codec.decode(binding.type, binding.schema, case.payload)
        assert event == msgspec.convert(case.event, binding.event)
        words = in_words(event)
        assert {name: words[name] for name in case.event} == case.event


@EACH_BINDING
def test_todays_encoding_gives_the_released_bytes(codec: Codec, binding: Binding) -> None:
    """Encoding is deterministic, over releases too: an idempotent retry across an upgrade is the same append."""
    for case in read(binding):
        event = codec.decode(binding.type, binding.schema, case.payload)
        type_number, schema, payload = codec.encode(event)
        if (type_number, schema) == (binding.type, binding.schema):
            assert payload == case.payload


@EACH_BINDING
def test_every_field_is_set_in_some_golden_event(codec: Codec, binding: Binding) -> None:
    """A field that no golden event sets would be read unproved."""
    messages = [binding.message.FromString(case.payload) for case in read(binding)]
    seen = {field.name for message in messages for field, _ in message.ListFields()}
    assert seen == set(binding.message.DESCRIPTOR.fields_by_name)


def test_every_event_type_has_a_binding() -> None:
    """Each number of the registry file is read by exactly one service in each schema."""
    bound = [(binding.type, binding.schema) for _, binding in BINDINGS]
    assert len(bound) == len(set(bound))
    assert {number for number, _ in bound} == set(types_pb2.EventType.values()) - {types_pb2.EVENT_TYPE_UNSPECIFIED}


def test_every_golden_file_can_be_read() -> None:
    """In its schema, or lifted from it: else an event in somebody's log could not be read any more."""
    codec_of = {(type_number, schema): codec for codec, type_number, schema in readable()}
    assert {path_of(binding) for _, binding in BINDINGS} <= {path for path, *_ in released()}
    for path, type_number, schema, payloads in released():
        assert (type_number, schema) in codec_of, path.name
        for payload in payloads:
            codec_of[type_number, schema].decode(type_number, schema, payload)
