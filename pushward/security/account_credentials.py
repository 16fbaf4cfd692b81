"""Auth tokens of accounts and secrets of API keys: random, kept as a keyed digest, compared in constant time.

The digest's key is the installation's (INSTALLATION_KEY_ID in the key store), so the database alone tells nobody which
secrets are valid. A secret has 256 random bits: a slow hash would protect nothing.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from pushward.security import base64url
from pushward.security.keys import INSTALLATION_KEY_ID, DataKey, KeyMissingError, KeyRing
from pushward.security.secret import Secret

RANDOM_BYTES: Final = 32

_PURPOSE: Final = b"pushward account credential\0"


def new_secret(random_bytes: bytes) -> Secret:
    """A new auth token, or a new API key's secret, of RANDOM_BYTES random bytes."""
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"a secret is made of {RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    return Secret(base64url.encode(random_bytes))


def digest(installation_key: DataKey, credential_sid: str, secret: Secret) -> bytes:
    """What is stored of a secret: HMAC-SHA256, bound to the account or API key that it belongs to."""
    message = _PURPOSE + credential_sid.encode() + b"\0" + secret.reveal().encode()
    return hmac.digest(installation_key.secret, message, hashlib.sha256)


def matches(installation_key: DataKey, credential_sid: str, secret: Secret, stored: Iterable[bytes]) -> bool:
    """Whether ``secret`` is one of those that were stored, in a time that doesn't tell which or how nearly."""
    presented = digest(installation_key, credential_sid, secret)
    return sum(hmac.compare_digest(presented, known) for known in stored) > 0  # not any(): each is compared


async def ensure_installation_key(keys: KeyRing, random_bytes: bytes) -> DataKey:
    """The installation's key; made of ``random_bytes`` (DATA_KEY_BYTES) where there is none yet. Idempotent.

    Raises KeyMissingError if there is one that the key-encryption key doesn't open.
    """
    try:
        return await keys.get(INSTALLATION_KEY_ID)
    except KeyMissingError:
        return await keys.create(INSTALLATION_KEY_ID, "installation", random_bytes)
