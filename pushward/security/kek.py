"""The key-encryption key in a file: 32 random bytes as base64, readable by its owner only."""

import base64
import binascii
import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pushward.security.keys import DataKey, KeyMissingError, WrappedKey

KEK_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FILE_MODE: Final = 0o600


class KekFileError(ValueError):
    """The file can't serve as a key-encryption key; the message says why and what to do."""


class FileKeyEncryption:
    """Wraps data keys with AES-256-GCM under the file's key; the data key's id is bound in as additional data."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEK_BYTES:
            raise KekFileError(f"A key-encryption key has {KEK_BYTES} bytes, this one {len(secret)}.")
        self._aead = AESGCM(secret)
        self._kek_id = "file:" + hashlib.sha256(b"pushward kek id" + secret).hexdigest()[:16]

    @classmethod
    def load(cls, path: Path) -> "FileKeyEncryption":
        """Reads the file. Raises KekFileError if it is missing, readable by others, or not a key."""
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            text = path.read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise KekFileError(f"Can't read the key-encryption key {path}: {error}") from error
        if mode & 0o077:
            raise KekFileError(f"{path} is readable by others (mode {mode:o}). Run: chmod 600 {path}")
        try:
            return cls(base64.b64decode(text.strip(), validate=True))
        except binascii.Error as error:
            raise KekFileError(f"{path} is not base64.") from error

    @classmethod
    def load_or_create(cls, path: Path) -> "FileKeyEncryption":
        """Reads the file, or makes one with a fresh key (mode 0600) where there is none."""
        return cls.load(path) if path.exists() else cls.create(path)

    @classmethod
    def create(cls, path: Path) -> "FileKeyEncryption":
        """Makes the file with a fresh key (mode 0600). Raises FileExistsError: a key is never written over."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEK_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return cls.load(path)

    @property
    def kek_id(self) -> str:
        """Names the key, never reveals it."""
        return self._kek_id

    def wrap(self, key: DataKey) -> bytes:
        """Nonce and ciphertext of the data key."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, key.secret, key.key_id.bytes)

    def unwrap(self, wrapped: WrappedKey) -> DataKey:
        """The data key. Raises KeyMissingError, naming the KEK that is asked for, if this isn't the one."""
        blob = wrapped.wrapped
        if blob is None or wrapped.kek_id != self._kek_id:
            raise KeyMissingError(
                f"Data key {wrapped.key_id} is wrapped by {wrapped.kek_id}, but this process holds {self._kek_id}."
            )
        try:
            secret = self._aead.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], wrapped.key_id.bytes)
        except InvalidTag as error:
            raise KeyMissingError(f"Data key {wrapped.key_id} does not open with {self._kek_id}.") from error
        return DataKey(wrapped.key_id, secret)
