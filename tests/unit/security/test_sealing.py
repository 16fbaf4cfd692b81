"""A sealed field opens only with its key, in its place; a key only with its key-encryption key."""

import asyncio
import base64
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from pushward.security import keys
from pushward.security.kek import FileKeyEncryption, KekFileError
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import INSTALLATION_KEY_ID, DataKey, KeyDestroyedError, KeyMissingError, KeyRing, WrappedKey
from pushward.security.sealing import SealBrokenError, Sealer, seal, unseal
from pushward.security.secret import Secret

STREAM = uuid.uuid4()
KEY = DataKey(uuid.uuid4(), bytes(range(32)))


def test_what_was_sealed_opens_in_its_place() -> None:
    """The text comes back, and isn't in the ciphertext."""
    sealed = seal(KEY, STREAM, "YF1.friendly_name", "Büro-Telefon")
    assert unseal(KEY, STREAM, "YF1.friendly_name", sealed) == "Büro-Telefon"
    assert b"Telefon" not in sealed.ciphertext


@pytest.mark.parametrize(
    ("stream", "field"), [(uuid.uuid4(), "YF1.friendly_name"), (STREAM, "YF2.friendly_name"), (STREAM, "YF1.metadata")]
)
def test_a_ciphertext_cannot_be_moved(stream: uuid.UUID, field: str) -> None:
    """Neither to another stream, nor to another factor, nor to another field."""
    sealed = seal(KEY, STREAM, "YF1.friendly_name", "my phone")
    with pytest.raises(SealBrokenError):
        unseal(KEY, stream, field, sealed)


def test_equal_texts_have_different_ciphertexts() -> None:
    """The nonce is fresh each time."""
    assert seal(KEY, STREAM, "f", "x").ciphertext != seal(KEY, STREAM, "f", "x").ciphertext


def _encryption(byte: int = 1) -> FileKeyEncryption:
    return FileKeyEncryption(bytes([byte]) * 32)


async def test_a_ring_opens_what_its_store_keeps_wrapped() -> None:
    """The store never sees the key itself."""
    store = MemoryKeyStore()
    await KeyRing(store, _encryption()).create(KEY.key_id, "YE1", KEY.secret)
    wrapped = store.keys[KEY.key_id].wrapped
    assert wrapped is not None
    assert KEY.secret not in wrapped
    assert await KeyRing(store, _encryption()).get(KEY.key_id) == KEY


async def test_another_key_encryption_key_is_named() -> None:
    """A wrong KEK starts, refuses to unseal, and says which key is asked for."""
    store = MemoryKeyStore()
    await KeyRing(store, _encryption(1)).create(KEY.key_id, "YE1", KEY.secret)
    with pytest.raises(KeyMissingError, match=_encryption(1).kek_id):
        await KeyRing(store, _encryption(2)).get(KEY.key_id)


async def test_a_key_that_cannot_be_opened_is_logged_once_for_its_key_encryption_key() -> None:
    """It is asked for again and again, with all others that it wraps."""
    store, other = MemoryKeyStore(), uuid.uuid4()
    for key_id in (KEY.key_id, other):
        await KeyRing(store, _encryption(1)).create(key_id, "YE1", KEY.secret)
    ring = KeyRing(store, _encryption(2))
    with structlog.testing.capture_logs() as logs:
        for key_id in (KEY.key_id, KEY.key_id, other):
            with pytest.raises(KeyMissingError):
                await ring.get(key_id)
    assert [(entry["event"], entry["key_id"]) for entry in logs] == [("data_key_not_opened", str(KEY.key_id))]


async def test_a_ring_tells_whether_it_opens_anything() -> None:
    """By the installation's key, for readiness: the store is asked again only once what is known of it has aged."""
    now, store = 0.0, MemoryKeyStore()
    assert await KeyRing(store, _encryption(1)).problem() == f"The key store has no data key {INSTALLATION_KEY_ID}."
    ring = KeyRing(store, _encryption(1), monotonic=lambda: now)
    await ring.create(INSTALLATION_KEY_ID, "installation", KEY.secret)
    assert await ring.problem() is None
    store.keys[INSTALLATION_KEY_ID] = replace(store.keys[INSTALLATION_KEY_ID], kek_id=_encryption(2).kek_id)
    assert await ring.problem() is None
    now = keys.CACHE_SECONDS_MAX
    said = await ring.problem()
    assert said is not None
    assert _encryption(2).kek_id in said


async def test_a_wrapped_key_cannot_pass_for_another() -> None:
    """Its id is bound in."""
    store = MemoryKeyStore()
    await KeyRing(store, _encryption()).create(KEY.key_id, "YE1", KEY.secret)
    other = uuid.uuid4()
    found = store.keys[KEY.key_id]
    store.keys[other] = WrappedKey(other, "YE2", found.wrapped, found.kek_id)
    with pytest.raises(KeyMissingError):
        await KeyRing(store, _encryption()).get(other)


async def test_a_destroyed_key_is_gone_within_the_caches_time() -> None:
    """Cached for at most a minute, then never again."""
    now = 0.0
    store = MemoryKeyStore()
    ring = KeyRing(store, _encryption(), monotonic=lambda: now)
    await ring.create(KEY.key_id, "YE1", KEY.secret)
    sealer = Sealer(ring)
    sealed = await sealer.seal(KEY.key_id, STREAM, "f", "x")
    store.keys[KEY.key_id] = WrappedKey(KEY.key_id, "YE1", None, "file:gone")
    assert await sealer.unseal(sealed, STREAM, "f") == "x"
    now = keys.CACHE_SECONDS_MAX + 1
    with pytest.raises(KeyDestroyedError):
        await sealer.unseal(sealed, STREAM, "f")


async def test_who_destroys_a_key_forgets_it_at_once() -> None:
    """Also what was asked for before and is answered after."""
    store = MemoryKeyStore()
    ring = KeyRing(store, _encryption())
    await ring.create(KEY.key_id, "YE1", KEY.secret)
    before = store.keys[KEY.key_id]
    await ring.destroy(KEY.key_id)
    with pytest.raises(KeyDestroyedError):
        await ring.get(KEY.key_id)

    class Late(MemoryKeyStore):
        """Answers as of the time at which it was asked."""

        async def get(self, key_id: uuid.UUID) -> WrappedKey | None:
            found = await super().get(key_id)
            asked.set()
            await answer.wait()
            return found

    asked, answer = asyncio.Event(), asyncio.Event()
    late = Late()
    late.keys[KEY.key_id] = before
    ring = KeyRing(late, _encryption())
    asking = asyncio.create_task(ring.get(KEY.key_id))
    await asked.wait()
    await ring.destroy(KEY.key_id)
    answer.set()
    with pytest.raises(KeyDestroyedError):
        await asking


async def test_a_keys_time_in_the_cache_begins_when_it_was_asked_for() -> None:
    """However long the store took: a key that was destroyed meanwhile isn't kept longer than a minute."""
    now = 0.0

    class Slow(MemoryKeyStore):
        """Takes ten seconds."""

        async def get(self, key_id: uuid.UUID) -> WrappedKey | None:
            nonlocal now
            found = await super().get(key_id)
            now += 10
            return found

    store = Slow()
    ring = KeyRing(store, _encryption(), monotonic=lambda: now)
    await ring.create(KEY.key_id, "YE1", KEY.secret)
    await store.destroy(KEY.key_id)
    now = keys.CACHE_SECONDS_MAX - 0.1
    assert await ring.get(KEY.key_id) == KEY
    now = keys.CACHE_SECONDS_MAX
    with pytest.raises(KeyDestroyedError):
        await ring.get(KEY.key_id)


async def test_a_key_is_never_made_anew() -> None:
    """A second creation under the same id changes nothing: the tombstone stays a tombstone."""
    store = MemoryKeyStore()
    store.keys[KEY.key_id] = WrappedKey(KEY.key_id, "YE1", None, "file:gone")
    with pytest.raises(KeyDestroyedError):
        await KeyRing(store, _encryption()).create(KEY.key_id, "YE1", KEY.secret)
    assert store.keys[KEY.key_id].wrapped is None


def test_the_kek_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    """Mode 0600, and the same key the next time."""
    file = tmp_path / "var" / "kek"
    first = FileKeyEncryption.load_or_create(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert FileKeyEncryption.load_or_create(file).kek_id == first.kek_id


@pytest.mark.parametrize(
    ("text", "mode", "complaint"),
    [
        (base64.b64encode(bytes(32)), 0o644, "chmod 600"),
        (base64.b64encode(bytes(31)), 0o600, "32 bytes"),
        (b"not base64!", 0o600, "base64"),
        (b"\xff\xfe", 0o600, "Can't read"),
    ],
)
def test_a_bad_kek_file_is_refused_with_what_to_do(tmp_path: Path, text: bytes, mode: int, complaint: str) -> None:
    """Readable by others, too short, no key at all."""
    file = tmp_path / "kek"
    file.write_bytes(text)
    file.chmod(mode)
    with pytest.raises(KekFileError, match=complaint):
        FileKeyEncryption.load(file)


def test_a_secret_does_not_print_itself() -> None:
    """Neither do keys."""
    assert f"{Secret('hunter2')} {Secret('hunter2')!r}" == "*** ***"
    assert Secret("a") == Secret("a") != Secret("b")
    assert "secret" not in repr(KEY)
