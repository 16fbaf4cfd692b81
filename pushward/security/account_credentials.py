"""Auth tokens of accounts: random, kept as a keyed digest, compared in constant time.

The digest's key is the installation's (INSTALLATION_KEY_ID in the key store), so the database alone tells nobody which
tokens are valid. A token has 256 random bits: a slow hash would protect nothing.
"""

import hashlib
import hmac
from typing import Final

from pushward.security import base64url
from pushward.security.keys import INSTALLATION_KEY_ID, DataKey, KeyMissingError, KeyRing
from pushward.security.secret import Secret

AUTH_TOKEN_RANDOM_BYTES: Final = 32

_PURPOSE: Final = b"pushward account credential\0"


def auth_token(random_bytes: bytes) -> Secret:
    """A new auth token of AUTH_TOKEN_RANDOM_BYTES random bytes."""
    if len(random_bytes) != AUTH_TOKEN_RANDOM_BYTES:
        raise ValueError(f"an auth token is made of {AUTH_TOKEN_RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    return Secret(base64url.encode(random_bytes))


def digest(installation_key: DataKey, credential_sid: str, token: Secret) -> bytes:
    """What is stored of a token: HMAC-SHA256, bound to the credential that it belongs to."""
    message = _PURPOSE + credential_sid.encode() + b"\0" + token.reveal().encode()
    return hmac.digest(installation_key.secret, message, hashlib.sha256)


def matches(installation_key: DataKey, credential_sid: str, token: Secret, stored: bytes) -> bool:
    """Whether ``token`` is the one that was stored, in constant time."""
    return hmac.compare_digest(digest(installation_key, credential_sid, token), stored)


async def ensure_installation_key(keys: KeyRing, random_bytes: bytes) -> DataKey:
    """The installation's key; made of ``random_bytes`` (DATA_KEY_BYTES) where there is none yet. Idempotent.

    Raises KeyMissingError if there is one that the key-encryption key doesn't open.
    """
    try:
        return await keys.get(INSTALLATION_KEY_ID)
    except KeyMissingError:
        return await keys.create(INSTALLATION_KEY_ID, "installation", random_bytes)
