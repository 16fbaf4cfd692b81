"""Access tokens: ``<the YK's 32 digits>.<256 random bits, base64url>`` (contract section 10, *Access token*).

The digits find the row, the random part proves the right to it. Only a SHA-256 of the whole is kept: the random part
can't be guessed, so nothing slower would protect it better.
"""

import hashlib
import hmac
import re
from typing import Final

from pushward import ids
from pushward.ids import Sid
from pushward.security import base64url
from pushward.security.secret import Secret

RANDOM_BYTES: Final = 32

_FORM: Final = re.compile(r"([0-9a-f]{32})\.[A-Za-z0-9_-]{43}")


def new(sid: str, random_bytes: bytes) -> Secret:
    """The token of ``sid``, of RANDOM_BYTES random bytes."""
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"an access token has {RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    return Secret(f"{sid[2:]}.{base64url.encode(random_bytes)}")


def sid_of(token: Secret, shard_count: int) -> Sid | None:
    """The SID that a token claims; None if its form is that of no access token, or its shard doesn't exist."""
    match = _FORM.fullmatch(token.reveal())
    return ids.parse_sid(ids.ACCESS_TOKEN + match[1], ids.ACCESS_TOKEN, shard_count) if match else None


def digest(token: Secret) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.reveal().encode()).digest()


def matches(token: Secret, kept: bytes) -> bool:
    """Whether ``token`` is the one whose digest was kept, in constant time."""
    return hmac.compare_digest(digest(token), kept)
