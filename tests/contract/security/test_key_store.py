"""What every key store must do: the one in memory and the one in PostgreSQL alike."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from pushward.database.pool import Database
from pushward.security.accepted_keks import AcceptedKeks
from pushward.security.kek import FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.key_store_postgres import KEYS_MODULE, KEYS_ROLE, PostgresKeyStore
from pushward.security.keys import DATA_KEY_BYTES, KeyDestroyedError, KeyFate, KeyMissingError, KeyRing, WrappedKey
from pushward.security.rotation import FIRST, REWRAPPED_TOGETHER_MAX, rotate
from tests.support.databases import Databases

Store = MemoryKeyStore | PostgresKeyStore

OLD, NEW, LOST = (FileKeyEncryption(bytes([number]) * 32) for number in (1, 2, 3))


def key_id(number: int) -> UUID:
    """The id of the ``number``-th key."""
    return UUID(int=number)


def key(number: int, kek: FileKeyEncryption = OLD) -> WrappedKey:
    """A key as a store keeps it; what it wraps matters to nobody."""
    return WrappedKey(key_id(number), f"test {number}", bytes([number]), kek.kek_id)


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Store]:
    """An empty key store."""
    if request.param == "memory":
        yield MemoryKeyStore()
        return
    database = Database(await databases.make([KEYS_MODULE], shards=None), KEYS_ROLE, "test-keys", size_max=2)
    yield PostgresKeyStore(database)
    await database.close()


async def test_a_key_is_kept_as_it_was_first_put(store: Store) -> None:
    """A second one under its id changes nothing."""
    await store.put(key(1))
    await store.put(WrappedKey(key_id(1), "another", b"another", NEW.kek_id))
    assert await store.get(key_id(1)) == key(1)
    assert await store.get(key_id(2)) is None


async def test_a_destroyed_key_leaves_a_tombstone(store: Store) -> None:
    """It can be destroyed again, and is never made anew."""
    await store.put(key(1))
    await store.put(key(2))
    for _ in range(2):
        await store.destroy(key_id(1))
        await store.put(key(1))
        assert await store.get(key_id(1)) == WrappedKey(key_id(1), "test 1", None, OLD.kek_id)
    assert await store.get(key_id(2)) == key(2)


async def test_a_key_that_was_destroyed_before_it_was_made_is_never_made(store: Store) -> None:
    """Whoever is making it just now comes too late; it counts as destroyed, and no key-encryption key wraps it."""
    for _ in range(2):
        await store.destroy(key_id(1))
        await store.put(key(1))
        assert await store.get(key_id(1)) == WrappedKey(key_id(1), "never made", None, "")
    with pytest.raises(KeyDestroyedError):
        await KeyRing(store, OLD).create(key_id(1), "test", bytes(DATA_KEY_BYTES))
    tally = await store.tally()
    assert (tally.wrapped, tally.destroyed) == ({}, 1)


async def test_a_key_s_fate_is_known(store: Store) -> None:
    """Never made, living, destroyed; asking changes nothing."""
    ring = KeyRing(store, OLD)
    fates = [await ring.fate(key_id(1))]
    await ring.create(key_id(1), "test", bytes(DATA_KEY_BYTES))
    fates.append(await ring.fate(key_id(1)))
    await ring.destroy(key_id(1))
    fates.append(await ring.fate(key_id(1)))
    assert fates == [KeyFate.NEVER_MADE, KeyFate.LIVING, KeyFate.DESTROYED]


async def test_keys_are_told_by_what_wraps_them(store: Store) -> None:
    """In the order of their ids, in pages; destroyed ones are counted only."""
    for number in (3, 1, 2, 4):
        await store.put(key(number))
    await store.put(key(5, NEW))
    await store.destroy(key_id(2))
    assert await store.wrapped_by(OLD.kek_id, FIRST, 2) == [key(1), key(3)]
    assert await store.wrapped_by(OLD.kek_id, key_id(3), 2) == [key(4)]
    tally = await store.tally()
    assert (tally.wrapped, tally.destroyed) == ({OLD.kek_id: 3, NEW.kek_id: 1}, 1)
    assert (tally.left(NEW.kek_id), tally.left(OLD.kek_id), tally.left(LOST.kek_id)) == (3, 1, 4)


async def test_only_what_is_as_it_was_seen_is_wrapped_anew(store: Store) -> None:
    """One that was destroyed meanwhile stays so; one that somebody else has wrapped anew is left to them."""
    for number in (1, 2, 3):
        await store.put(key(number))
    seen = await store.wrapped_by(OLD.kek_id, FIRST, 10)
    await store.destroy(key_id(1))
    theirs = WrappedKey(key_id(2), "test 2", b"theirs", LOST.kek_id)
    assert await store.rewrap([key(2)], [theirs]) == 1
    ours = [WrappedKey(was.key_id, was.scope, b"ours", NEW.kek_id) for was in seen]
    assert await store.rewrap(seen, ours) == 1
    assert [await store.get(key_id(number)) for number in (1, 2, 3)] == [
        WrappedKey(key_id(1), "test 1", None, OLD.kek_id),
        theirs,
        ours[2],
    ]


async def test_a_rotation_wraps_everything_anew_and_nothing_else_changes(store: Store) -> None:
    """More than a batch; what was destroyed stays so; afterwards the old key opens nothing and isn't needed."""
    count = REWRAPPED_TOGETHER_MAX + 20
    old = KeyRing(store, OLD)
    secrets = {key_id(number): number.to_bytes(DATA_KEY_BYTES) for number in range(1, count + 1)}
    for id_, secret in secrets.items():
        await old.create(id_, "test", secret)
    await store.destroy(key_id(count))
    heard: list[int] = []
    rotated = await rotate(store, AcceptedKeks(OLD, [NEW]), NEW, heard.append)
    assert (rotated.rewrapped, rotated.refused) == (count - 1, {})
    assert heard == [REWRAPPED_TOGETHER_MAX, count - 1]
    new = KeyRing(store, NEW)
    for number in range(1, count):
        assert (await new.get(key_id(number))).secret == secrets[key_id(number)]
    with pytest.raises(KeyDestroyedError):
        await new.get(key_id(count))
    with pytest.raises(KeyMissingError, match=NEW.kek_id):
        await KeyRing(store, OLD).get(key_id(1))
    assert (await rotate(store, AcceptedKeks(NEW), NEW, heard.append)).rewrapped == 0


async def test_a_rotation_goes_on_where_it_was_killed(store: Store) -> None:
    """What is done is not done again."""
    ring = KeyRing(store, OLD)
    count = 2 * REWRAPPED_TOGETHER_MAX
    for number in range(1, count + 1):
        await ring.create(key_id(number), "test", bytes(DATA_KEY_BYTES))

    class KilledError(Exception):
        """Ends the rotation after its first batch."""

    def killed(rewrapped: int) -> None:
        raise KilledError

    accepted = AcceptedKeks(OLD, [NEW])
    with pytest.raises(KilledError):
        await rotate(store, accepted, NEW, killed)
    both = KeyRing(store, accepted)
    for number in (1, count):  # whoever holds both opens either
        await both.get(key_id(number))
    heard: list[int] = []
    rotated = await rotate(store, accepted, NEW, heard.append)
    assert rotated.rewrapped == count - REWRAPPED_TOGETHER_MAX
    assert (await store.tally()).left(NEW.kek_id) == 0


async def test_what_nobody_can_open_is_left_and_named(store: Store) -> None:
    """The rest is done all the same."""
    await KeyRing(store, LOST).create(key_id(1), "test", bytes(DATA_KEY_BYTES))
    await KeyRing(store, OLD).create(key_id(2), "test", bytes(DATA_KEY_BYTES))
    rotated = await rotate(store, AcceptedKeks(OLD, [NEW]), NEW, lambda rewrapped: None)
    assert rotated.rewrapped == 1
    assert list(rotated.refused) == [LOST.kek_id]
    assert LOST.kek_id in rotated.refused[LOST.kek_id]
    assert OLD.kek_id in rotated.refused[LOST.kek_id]
