"""base64url without padding (RFC 7515, section 2), canonical: each value has one text, so no text has a twin."""

import base64
import re
from typing import Final

_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]*")


class NotBase64UrlError(ValueError):
    """Padding, a character outside the alphabet, an impossible length, or bits that no value would set."""


def encode(value: bytes) -> str:
    """The text of ``value``."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The value of ``text``. Raises NotBase64UrlError."""
    if not _ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        raise NotBase64UrlError("not base64url without padding")
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(value) != text:
        raise NotBase64UrlError("base64url with stray bits at its end")
    return value
