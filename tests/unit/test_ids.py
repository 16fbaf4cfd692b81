"""SIDs carry their shard and stay what other clients take for a SID."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushward import ids

shards = st.integers(0, ids.SHARD_COUNT_MAX - 1)
times = st.integers(0, 2**44 - 1)
randoms = st.integers(0, 2**ids.RANDOM_BITS - 1)


@given(shards, times, randoms)
def test_a_sid_is_a_uuid_of_version_8_that_says_its_shard(shard: int, now_ms: int, random_bits: int) -> None:
    """Two letters, 32 lower-case hex digits, version and variant as RFC 9562 has them."""
    sid = ids.new_sid("YC", shard, now_ms, random_bits)
    assert ids.is_sid(sid, "YC")
    assert ids.shard_of_sid(sid) == shard
    uuid = ids.stream_of_sid(sid)
    assert (uuid.version, uuid.variant) == (8, "specified in RFC 4122")
    assert ids.shard_of_stream(uuid) == shard


@given(times, times, randoms, randoms)
def test_later_sids_sort_later_within_a_shard(one: int, other: int, first: int, second: int) -> None:
    """Milliseconds stand before the random part."""
    if one < other:
        assert ids.new_sid("YC", 5, one, first) < ids.new_sid("YC", 5, other, second)


@given(randoms, randoms)
def test_every_random_bit_counts(one: int, other: int) -> None:
    """Version and variant take none of them away."""
    assert (one == other) == (ids.new_sid("YF", 1, 2, one) == ids.new_sid("YF", 1, 2, other))


def test_a_shard_that_does_not_exist_makes_no_sid() -> None:
    """A SID from another installation is unknown before any query."""
    sid = ids.new_sid("YC", 4, 0, 0)
    assert ids.parse_sid(sid, "YC", 4) is None
    assert ids.parse_sid(sid, "YC", 5) == sid
    assert ids.parse_sid(sid.replace("YC", "YF"), "YC", 5) is None
    assert ids.parse_sid("YC" + sid[2:].upper(), "YC", 5) == sid


@pytest.mark.parametrize("text", ["", "YC", "YC" + "0" * 31, "YC" + "0" * 33, "YC" + "g" * 32, "yc" + "0" * 32])
def test_what_is_no_sid_is_none(text: str) -> None:
    """Wrong letters, wrong length, not hex."""
    assert ids.parse_sid(text, "YC", 4) is None


@given(st.text("abc", min_size=8, max_size=9), st.text("abc", min_size=8, max_size=9))
def test_an_identity_has_one_stream(one: str, other: str) -> None:
    """The same pair, the same stream; another identity or service, another one."""
    assert (ids.entity_stream("VA1", one, 4) == ids.entity_stream("VA1", other, 4)) == (one == other)
    assert ids.entity_stream("VA1", one, 4) != ids.entity_stream("VA2", one, 4)
    assert ids.shard_of_stream(ids.entity_stream("VA1", one, 4)) < 4


def test_a_factor_and_its_credential_name_each_other() -> None:
    """The ``kid`` of a device's tokens carries the factor's digits."""
    factor = ids.new_sid("YF", 3, 1, 2)
    assert ids.factor_of_credential(ids.credential_sid(factor)) == factor


def test_event_ids_depend_on_command_stream_and_index() -> None:
    """And on nothing else."""
    command, stream = uuid4(), uuid4()
    same = ids.derive_event_id(command, stream, 0)
    assert same == ids.derive_event_id(UUID(command.hex), stream, 0)
    others = {
        ids.derive_event_id(uuid4(), stream, 0),
        ids.derive_event_id(command, uuid4(), 0),
        ids.derive_event_id(command, stream, 1),
    }
    assert same not in others
    assert len(others) == 3
