"""Metadata as gRPC takes it: lower-case keys, printable ASCII values, bytes under keys that end in ``-bin``."""

import re
from collections.abc import Iterable
from typing import Final

import grpc

Value = str | bytes
Metadata = tuple[tuple[str, Value], ...]

BINARY_SUFFIX: Final = "-bin"

_KEY: Final = re.compile(r"[0-9a-z_.\-]+")
_TEXT: Final = re.compile(r"[\x20-\x7e]*")


def checked(metadata: grpc.aio.Metadata | Iterable[tuple[str, Value]] | None) -> Metadata:
    """``metadata`` as the other side will see it.

    Raises `grpc.aio.InternalError` for what can't be sent, as the network channel does, and TypeError for what is no
    text or bytes where it must be.
    """
    if not metadata:
        return ()
    return tuple(_checked_one(key, value) for key, value in metadata)


def _checked_one(key: str, value: Value) -> tuple[str, Value]:
    if _KEY.fullmatch(key) is None:
        raise grpc.aio.InternalError(f"metadata key {key!r} is not valid: lower-case letters, digits, '_', '-' and '.'")
    if key.endswith(BINARY_SUFFIX):
        if not isinstance(value, bytes):
            raise TypeError(f"metadata key {key!r} takes bytes, not {type(value).__name__}")
        return key, value
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    if _TEXT.fullmatch(text) is None:
        raise grpc.aio.InternalError(f"metadata value for {key!r} is not valid: printable ASCII only")
    return key, text
