"""A key store in one file that only its owner may read.

Each change reads the file, changes a copy in memory and puts a new file in its place, synced, under a lock on the
directory: a crash leaves the old file or the new one, and two processes don't lose each other's changes. A file that
others could read is refused, not repaired: its keys must be taken for copied.
"""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pushward_device.errors import KeyStoreAccessError, KeyStoreDamagedError, KeyUnknownError
from pushward_device.keystore import MemoryKeyStore
from pushward_device.models import PLATFORMS, Factor, FactorStatus
from pushward_device.strict_json import JsonObject, JsonValue, parse_object

FORMAT = 1
FILE_MODE = 0o600
DIRECTORY_MODE = 0o700


class FileKeyStore:
    """A key store that outlives the process; POSIX only. Any method may raise a KeyStoreError about the file."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def ensure_key(self, key_id: str) -> str:
        with self._changing() as memory:
            return memory.ensure_key(key_id)

    def public_key_spki_b64(self, key_id: str) -> str:
        return self._read().public_key_spki_b64(key_id)

    def sign(self, key_id: str, message: bytes) -> bytes:
        return self._read().sign(key_id, message)

    def discard_key(self, key_id: str) -> None:
        with self._changing() as memory:
            memory.discard_key(key_id)

    def factors(self) -> tuple[Factor, ...]:
        return self._read().factors()

    def factor(self, factor_sid: str) -> Factor:
        return self._read().factor(factor_sid)

    def put_factor(self, factor: Factor) -> None:
        with self._changing() as memory:
            memory.put_factor(factor)

    def remove_factor(self, factor_sid: str) -> None:
        with self._changing() as memory:
            memory.remove_factor(factor_sid)

    @property
    def clock_correction_seconds(self) -> float:
        return self._read().clock_correction_seconds

    def set_clock_correction_seconds(self, seconds: float) -> None:
        with self._changing() as memory:
            memory.set_clock_correction_seconds(seconds)

    @contextmanager
    def _changing(self) -> Iterator[MemoryKeyStore]:
        try:
            self._path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
            directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise KeyStoreAccessError(f"The key store's directory can't be used: {error.strerror}.") from error
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            memory = self._read()
            before = _dump(memory)
            yield memory
            after = _dump(memory)
            if after != before:
                self._replace(after, directory)
        finally:
            os.close(directory)

    def _read(self) -> MemoryKeyStore:
        try:
            with open(self._path, "rb") as file:
                self._refuse_loose(os.fstat(file.fileno()))
                content = file.read()
        except FileNotFoundError:
            return MemoryKeyStore()
        except OSError as error:
            raise KeyStoreAccessError(f"The key store can't be read: {error.strerror}.") from error
        return _load(content)

    def _refuse_loose(self, status: os.stat_result) -> None:
        if status.st_uid != os.geteuid() or not stat.S_ISREG(status.st_mode):
            raise KeyStoreAccessError(f"{self._path} must be a file of the user who runs this.")
        if stat.S_IMODE(status.st_mode) & ~FILE_MODE:
            raise KeyStoreAccessError(
                f"{self._path} has mode {stat.S_IMODE(status.st_mode):04o}: others may have copied its keys. "
                "Delete the factors and enrol again, or set mode 0600 if you know that nobody has."
            )

    def _replace(self, content: bytes, directory: int) -> None:
        successor = self._path.with_name(self._path.name + ".new")
        try:
            # One left behind by a crash may have any mode; the lock says that nobody is writing it.
            successor.unlink(missing_ok=True)
            descriptor = os.open(successor, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(successor, self._path)
            os.fsync(directory)
        except OSError as error:
            raise KeyStoreAccessError(f"The key store can't be written: {error.strerror}.") from error


def _dump(memory: MemoryKeyStore) -> bytes:
    document = {
        "format": FORMAT,
        "clock_correction_seconds": memory.clock_correction_seconds,
        "keys": {key_id: _pkcs8(key) for key_id, key in memory.keys.items()},
        "factors": [asdict(factor) for factor in memory.factors()],
    }
    return json.dumps(document, indent=2).encode("ascii") + b"\n"


def _load(content: bytes) -> MemoryKeyStore:
    memory = MemoryKeyStore()
    try:
        document = parse_object(content)
        if document["format"] != FORMAT:
            raise ValueError("another format")
        memory.clock_correction_seconds = _number(document["clock_correction_seconds"])
        for key_id, pem in _members(document["keys"]).items():
            memory.keys[key_id] = _private_key(pem)
        for entry in _list(document["factors"]):
            memory.put_factor(_factor(_members(entry)))
    except (KeyError, ValueError, TypeError, UnsupportedAlgorithm, KeyUnknownError) as error:
        raise KeyStoreDamagedError("The file isn't a key store of this version: restore it, or enrol again.") from error
    return memory


def _pkcs8(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def _private_key(pem: JsonValue) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(_text(pem).encode("ascii"), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not a P-256 key")
    return key


def _factor(entry: JsonObject) -> Factor:
    return Factor(
        sid=_text(entry["sid"]),
        account_sid=_text(entry["account_sid"]),
        service_sid=_text(entry["service_sid"]),
        identity=_text(entry["identity"]),
        friendly_name=_text(entry["friendly_name"]),
        status=FactorStatus(_text(entry["status"])),
        credential_sid=_text(entry["credential_sid"]),
        key_id=_text(entry["key_id"]),
        app_id=_text(entry["app_id"]),
        platform=PLATFORMS[_text(entry["platform"])],
        date_created=_text(entry["date_created"]),
    )


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _number(value: JsonValue) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    return float(value)


def _members(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return value
