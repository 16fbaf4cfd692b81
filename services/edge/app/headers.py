"""Headers as ASGI has them: a list of pairs of bytes, names in lower case."""

from collections.abc import Sequence
from typing import Final

from starlette.types import Scope

Headers = Sequence[tuple[bytes, bytes]]

SECURITY_HEADERS: Final = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
"""On every answer: what we say is for the caller alone and is what its type says."""


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of this name, which is in lower case; None if there is none."""
    for present, value in scope["headers"]:
        if present == name:
            found: bytes = value
            return found
    return None
