"""Events in words."""

import uuid
from datetime import UTC, datetime

from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import envelope_pb2, registry_pb2, types_pb2
from pushward.cli.event_text import MASK, readable, type_name
from pushward.eventlog.event import StoredEvent

AT = datetime(2025, 3, 4, 5, 6, 7, 891000, tzinfo=UTC)


def stored(type_number: int, payload: bytes) -> StoredEvent:
    """An event as the log holds it."""
    envelope = envelope_pb2.Envelope(
        account_sid="AC01", actor=envelope_pb2.Actor(kind=envelope_pb2.Actor.KIND_DEVICE, sid="YF01")
    )
    return StoredEvent(
        2, 17, uuid.UUID(int=1), 3, uuid.UUID(int=2), type_number, 1, AT, envelope.SerializeToString(), payload
    )


def test_sealed_and_digested_fields_are_masked() -> None:
    """What is secret, or may be personal, shows as ***."""
    event = registry_pb2.AccountCreated(
        account_sid="AC01",
        friendly_name="Demo",
        auth_token=common_pb2.Sealed(key_id=b"k" * 16, nonce=b"n" * 12, ciphertext=b"c"),
        auth_token_digest=b"digest",
    )
    fields = readable(stored(types_pb2.EVENT_TYPE_ACCOUNT_CREATED, event.SerializeToString())).fields
    assert fields == {
        "account_sid": "AC01",
        "friendly_name": "Demo",
        "auth_token": MASK,
        "auth_token_digest": MASK,
    }


def test_numbers_become_names() -> None:
    """Type, enums and actor are words; bytes are hex."""
    event = registry_pb2.FactorCreated(
        factor_sid="YF01", factor_type=common_pb2.FACTOR_TYPE_PUSH, public_key=b"\x01\x02"
    )
    text = readable(stored(types_pb2.EVENT_TYPE_FACTOR_CREATED, event.SerializeToString()))
    assert (text.type, text.actor, text.recorded_at) == (
        "FactorCreated",
        "device:YF01",
        "2025-03-04T05:06:07.891+00:00",
    )
    assert text.fields == {"factor_sid": "YF01", "factor_type": "push", "public_key": "0102"}


def test_an_unknown_type_shows_its_envelope() -> None:
    """A later release's event is not an error."""
    text = readable(stored(999, b"whatever"))
    assert (text.type, text.account_sid, text.fields) == ("999", "AC01", {})


def test_every_type_has_a_message() -> None:
    """The registry of types and the messages have the same names."""
    for number in types_pb2.EventType.values():
        if number:
            assert readable(stored(number, b"")).type == type_name(number)
            assert not type_name(number).isdecimal()
