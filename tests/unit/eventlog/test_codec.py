"""Events map to the messages of the same field names, and back, without loss."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushward.api.events.v1 import challenge_pb2, registry_pb2
from pushward.eventlog.codec import (
    Binding,
    Codec,
    NewerSchemaError,
    UnknownEventError,
    Upcaster,
    datetime_of,
    timestamp_of,
)
from pushward.values import FactorType, NotificationPlatform, Sealed


@dataclass(frozen=True, slots=True)
class ChallengeCreated:
    """Has a field of nearly every kind."""

    challenge_sid: str
    account_sid: str
    service_sid: str
    entity_sid: str
    identity: str
    factor_sid: str
    factor_type: FactorType
    details: Sealed
    hidden_details: Sealed | None
    expiration_date: datetime
    notification_platform: NotificationPlatform


@dataclass(frozen=True, slots=True)
class EntityCreated:
    """Has a UUID."""

    entity_sid: str
    account_sid: str
    service_sid: str
    identity: str
    key_id: UUID


CODEC = Codec(
    [
        Binding(40, 1, ChallengeCreated, challenge_pb2.ChallengeCreated),
        Binding(20, 1, EntityCreated, registry_pb2.EntityCreated),
    ]
)

sealed = st.builds(Sealed, st.uuids(), st.binary(min_size=12, max_size=12), st.binary(min_size=16, max_size=64))
moments = st.datetimes(datetime(1970, 1, 2), datetime(2900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
challenges = st.builds(
    ChallengeCreated,
    challenge_sid=st.text(),
    account_sid=st.text(),
    service_sid=st.text(),
    entity_sid=st.text(),
    identity=st.text(),
    factor_sid=st.text(),
    factor_type=st.sampled_from(FactorType),
    details=sealed,
    hidden_details=st.none() | sealed,
    expiration_date=moments,
    notification_platform=st.sampled_from(NotificationPlatform),
)


@given(challenges)
def test_an_event_comes_back_as_it_was(event: ChallengeCreated) -> None:
    """Every field, also those that may be unset."""
    assert CODEC.decode(*CODEC.encode(event)) == event


@given(challenges)
def test_encoding_is_deterministic(event: ChallengeCreated) -> None:
    """The same event has the same bytes, so its digest can be recomputed."""
    assert CODEC.encode(event) == CODEC.encode(event)


@given(moments)
def test_times_keep_their_microseconds(moment: datetime) -> None:
    """Nothing is lost on the way to a protobuf Timestamp and back."""
    assert datetime_of(timestamp_of(moment)) == moment


def test_a_uuid_is_sixteen_bytes() -> None:
    """On the wire it is not text."""
    event = EntityCreated("YE", "AC", "VA", "somebody", UUID(int=7))
    _, _, payload = CODEC.encode(event)
    assert registry_pb2.EntityCreated.FromString(payload).key_id == UUID(int=7).bytes


def test_an_unknown_event_is_refused_both_ways() -> None:
    """By class and by number."""
    with pytest.raises(UnknownEventError):
        CODEC.encode(object())
    with pytest.raises(UnknownEventError):
        CODEC.decode(40, 2, b"")


def test_a_field_that_the_message_lacks_is_refused_at_once() -> None:
    """When the codec is built, not when the first event is lost."""

    @dataclass(frozen=True)
    class EntityCreated:
        entity_sid: str
        nickname: str

    with pytest.raises(TypeError, match="nickname"):
        Codec([Binding(20, 1, EntityCreated, registry_pb2.EntityCreated)])


def test_none_is_refused_where_the_message_cannot_say_unset() -> None:
    """A proto3 scalar without `optional` would come back as its default."""

    @dataclass(frozen=True)
    class ServiceDeleted:
        service_sid: str | None
        account_sid: str

    with pytest.raises(TypeError, match="optional"):
        Codec([Binding(12, 1, ServiceDeleted, registry_pb2.ServiceDeleted)])


def lifted_twice() -> Codec:
    """An entity that was created by a message of an account's in schema 1, and of a service's in schema 2."""
    return Codec(
        [Binding(20, 3, EntityCreated, registry_pb2.EntityCreated)],
        [
            Upcaster(
                20,
                1,
                registry_pb2.AccountCreated,
                lambda old: registry_pb2.ServiceDeleted(account_sid=old.account_sid),
            ),
            Upcaster(
                20,
                2,
                registry_pb2.ServiceDeleted,
                lambda old: registry_pb2.EntityCreated(account_sid=old.account_sid, key_id=UUID(int=2).bytes),
            ),
        ],
    )


def test_an_older_schema_is_lifted_step_by_step() -> None:
    """From wherever it begins, to the newest; what is written is always the newest."""
    codec, expected = lifted_twice(), EntityCreated("", "AC1", "", "", UUID(int=2))
    first = registry_pb2.AccountCreated(account_sid="AC1").SerializeToString()
    second = registry_pb2.ServiceDeleted(account_sid="AC1").SerializeToString()
    assert codec.decode(20, 1, first) == codec.decode(20, 2, second) == expected
    assert codec.encode(expected)[:2] == (20, 3)
    assert codec.decode(*codec.encode(expected)) == expected


def test_a_schema_of_a_later_release_is_refused_by_name() -> None:
    """Nothing is guessed: it says that another release is needed."""
    with pytest.raises(NewerSchemaError, match="type 20 has schema 4, and this release reads up to 3"):
        lifted_twice().decode(20, 4, b"")


def test_a_schema_that_nobody_lifts_is_refused() -> None:
    """Below the first that has an upcaster."""
    with pytest.raises(UnknownEventError, match="no upcaster for type 20, schema 0"):
        lifted_twice().decode(20, 0, b"")


def test_a_chain_of_upcasters_with_a_gap_is_refused_at_once() -> None:
    """When the codec is built, not when the first old event comes."""
    upcaster = Upcaster(20, 1, registry_pb2.AccountCreated, lambda old: registry_pb2.EntityCreated())
    with pytest.raises(TypeError, match="lifted to 2, which nobody reads"):
        Codec([Binding(20, 3, EntityCreated, registry_pb2.EntityCreated)], [upcaster])


def test_a_type_with_two_bindings_is_refused() -> None:
    """An older schema is an upcaster's."""
    binding = Binding(20, 1, EntityCreated, registry_pb2.EntityCreated)
    with pytest.raises(TypeError, match="two bindings"):
        Codec([binding, Binding(20, 2, EntityCreated, registry_pb2.EntityCreated)])
