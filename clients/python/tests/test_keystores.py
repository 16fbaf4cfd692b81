"""What every key store does, and what only a file can get wrong."""

import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from fake_checks import has_signed, load_public_key
from pushward_device import (
    Factor,
    FactorStatus,
    FactorUnknownError,
    FileKeyStore,
    KeyStore,
    KeyStoreAccessError,
    KeyStoreDamagedError,
    KeyUnknownError,
    MemoryKeyStore,
)
from pushward_device.keystore import KEYS_WITHOUT_FACTOR_MAX

OPEN_STORES: dict[str, Callable[[Path], KeyStore]] = {"memory": lambda _: MemoryKeyStore(), "file": FileKeyStore}


def factor_of(number: int, key_id: str) -> Factor:
    """A factor with this key."""
    return Factor(
        sid=f"YF{number:032x}",
        account_sid="AC" + "0" * 32,
        service_sid="VA" + "0" * 32,
        identity="user-0001",
        friendly_name="Größe 1",
        status=FactorStatus.VERIFIED,
        credential_sid=f"CR{number:032x}",
        key_id=key_id,
        app_id="com.example.app",
        platform="none",
        date_created="2027-01-15T08:00:00Z",
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be; the directory isn't there yet."""
    return tmp_path / "device" / "keys.json"


@pytest.fixture(params=OPEN_STORES)
def keys(request: pytest.FixtureRequest, path: Path) -> KeyStore:
    """Each kind of key store, empty."""
    return OPEN_STORES[str(request.param)](path)


class TestEveryKeyStore:
    """The contract of the port."""

    def test_starts_with_nothing(self, keys: KeyStore) -> None:
        """No factor, no correction."""
        assert keys.factors() == ()
        assert keys.clock_correction_seconds == 0

    def test_a_key_is_made_once_and_signs_under_its_public_key(self, keys: KeyStore) -> None:
        """P-256, SPKI, DER."""
        public_key = keys.ensure_key("a")
        assert keys.ensure_key("a") == keys.public_key_spki_b64("a") == public_key != keys.ensure_key("b")
        assert has_signed(load_public_key(public_key), keys.sign("a", b"message"), b"message")
        assert not has_signed(load_public_key(public_key), keys.sign("b", b"message"), b"message")

    def test_an_unknown_key_signs_nothing(self, keys: KeyStore) -> None:
        """Nor has it a public key, nor can a factor use it."""
        with pytest.raises(KeyUnknownError):
            keys.sign("a", b"message")
        with pytest.raises(KeyUnknownError):
            keys.public_key_spki_b64("a")
        with pytest.raises(KeyUnknownError):
            keys.put_factor(factor_of(1, "a"))
        assert keys.factors() == ()

    def test_factors_are_kept_in_order_and_replaced_in_place(self, keys: KeyStore) -> None:
        """By SID."""
        for name in "ab":
            keys.ensure_key(name)
        first, second = factor_of(1, "a"), factor_of(2, "b")
        keys.put_factor(first)
        keys.put_factor(second)
        renamed = replace(first, friendly_name="Other", status=FactorStatus.UNVERIFIED, platform="fcm")
        keys.put_factor(renamed)
        assert keys.factors() == (renamed, second)
        assert keys.factor(first.sid) == renamed

    def test_removing_a_factor_removes_its_key(self, keys: KeyStore) -> None:
        """And removing it again does no harm."""
        keys.ensure_key("a")
        keys.put_factor(factor_of(1, "a"))
        keys.remove_factor(factor_of(1, "a").sid)
        keys.remove_factor(factor_of(1, "a").sid)
        with pytest.raises(FactorUnknownError):
            keys.factor(factor_of(1, "a").sid)
        with pytest.raises(KeyUnknownError):
            keys.sign("a", b"message")

    def test_a_used_key_cannot_be_discarded(self, keys: KeyStore) -> None:
        """Only one that no factor needs."""
        keys.ensure_key("a")
        keys.ensure_key("b")
        keys.put_factor(factor_of(1, "a"))
        for name in "abc":
            keys.discard_key(name)
        keys.sign("a", b"message")
        with pytest.raises(KeyUnknownError):
            keys.sign("b", b"message")

    def test_keys_without_a_factor_are_bounded(self, keys: KeyStore) -> None:
        """The oldest gives way; a used one never does."""
        keys.ensure_key("used")
        keys.put_factor(factor_of(1, "used"))
        for number in range(KEYS_WITHOUT_FACTOR_MAX + 1):
            keys.ensure_key(f"unused {number}")
        keys.sign("used", b"message")
        keys.sign("unused 1", b"message")
        with pytest.raises(KeyUnknownError):
            keys.sign("unused 0", b"message")

    def test_the_clock_correction_is_remembered(self, keys: KeyStore) -> None:
        """In either direction."""
        keys.set_clock_correction_seconds(-3600)
        assert keys.clock_correction_seconds == -3600


class TestFileKeyStore:
    """What a file adds: it stays, it is private, it is whole."""

    def test_everything_is_there_for_the_next_process(self, path: Path) -> None:
        """Keys, factors, correction."""
        keys = FileKeyStore(path)
        public_key = keys.ensure_key("a")
        keys.put_factor(factor_of(1, "a"))
        keys.set_clock_correction_seconds(7)

        again = FileKeyStore(path)
        assert again.factors() == (factor_of(1, "a"),)
        assert again.clock_correction_seconds == 7
        assert has_signed(load_public_key(public_key), again.sign("a", b"message"), b"message")

    def test_only_the_owner_may_read_the_file_whatever_the_umask(self, path: Path) -> None:
        """0600, and 0700 for the directory it makes."""
        umask = os.umask(0)
        try:
            FileKeyStore(path).ensure_key("a")
        finally:
            os.umask(umask)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700, 0o666])
    def test_a_file_with_a_looser_mode_is_refused_and_left_alone(self, path: Path, mode: int) -> None:
        """Its keys may have been copied: that is for a person to judge."""
        keys = FileKeyStore(path)
        keys.ensure_key("a")
        path.chmod(mode)
        before = path.read_bytes()
        for refused in (keys.factors, lambda: keys.sign("a", b""), lambda: keys.ensure_key("b")):
            with pytest.raises(KeyStoreAccessError, match="0600"):
                refused()
        assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (before, mode)

    def test_a_directory_in_its_place_is_refused(self, path: Path) -> None:
        """Typed, and with the system's word for it."""
        path.mkdir(parents=True)
        with pytest.raises(KeyStoreAccessError):
            FileKeyStore(path).factors()

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{}",
            b"not json",
            b'{"format": 1, "format": 1}',
            b'{"format": 2, "clock_correction_seconds": 0, "keys": {}, "factors": []}',
            b'{"format": 1, "clock_correction_seconds": true, "keys": {}, "factors": []}',
            b'{"format": 1, "clock_correction_seconds": 0, "keys": {"a": "PEM"}, "factors": []}',
            b'{"format": 1, "clock_correction_seconds": 0, "keys": {}, "factors": [{}]}',
            b'{"format": 1, "clock_correction_seconds": 0, "keys": [], "factors": []}',
        ],
    )
    def test_a_damaged_file_is_refused_and_left_alone(self, path: Path, content: bytes) -> None:
        """Never silently begun anew: there may be keys to save."""
        path.parent.mkdir()
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(KeyStoreDamagedError):
            FileKeyStore(path).ensure_key("a")
        assert path.read_bytes() == content

    def test_a_factor_whose_key_is_missing_is_damage(self, path: Path) -> None:
        """It could do nothing."""
        keys = FileKeyStore(path)
        keys.ensure_key("a")
        keys.put_factor(factor_of(1, "a"))
        document = json.loads(path.read_bytes())
        document["keys"] = {}
        path.write_text(json.dumps(document))
        with pytest.raises(KeyStoreDamagedError):
            keys.factors()

    def test_what_a_crash_left_behind_is_no_hindrance(self, path: Path) -> None:
        """Half a successor, and open to all."""
        keys = FileKeyStore(path)
        keys.ensure_key("a")
        leftover = path.with_name(path.name + ".new")
        leftover.write_text("half")
        leftover.chmod(0o666)
        keys.ensure_key("b")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not leftover.exists()

    def test_a_failed_write_leaves_the_old_file(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A full disk loses nothing that was there."""
        keys = FileKeyStore(path)
        keys.ensure_key("a")
        before = path.read_bytes()

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(KeyStoreAccessError, match="No space"):
            keys.ensure_key("b")
        assert path.read_bytes() == before

    def test_what_changes_nothing_writes_nothing(self, path: Path) -> None:
        """A device's flash memory isn't worn by reading."""
        keys = FileKeyStore(path)
        keys.ensure_key("a")
        inode = path.stat().st_ino
        keys.ensure_key("a")
        keys.set_clock_correction_seconds(0)
        keys.remove_factor("YF")
        assert path.stat().st_ino == inode

    def test_two_processes_do_not_lose_each_others_changes(self, path: Path) -> None:
        """Each change is made of the newest file, under a lock."""
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
            list(processes.map(_put_factors, [path, path], [0, 4]))
        assert sorted(factor.sid for factor in FileKeyStore(path).factors()) == [f"YF{n:032x}" for n in range(8)]


def _put_factors(path: Path, first: int) -> None:
    keys = FileKeyStore(path)
    for number in range(first, first + 4):
        keys.ensure_key(f"key {number}")
        keys.put_factor(factor_of(number, f"key {number}"))
