"""Seals and unseals fields: AES-256-GCM, additional data = stream id and the field's name.

The field's name includes the SID of what it belongs to (``YF….friendly_name``), so a ciphertext can be moved neither
to another stream nor to another factor of the same entity. What must be told apart without being unsealed gets a keyed
digest beside it.
"""

import hashlib
import hmac
import secrets
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pushward.security.keys import DataKey, KeyRing
from pushward.values import Sealed

NONCE_BYTES: Final = 12
_DIGESTS: Final = b"pushward keyed digest"


class SealBrokenError(Exception):
    """The ciphertext is not what was sealed for this stream and field: moved, or damaged."""


class Sealer:
    """Seals text for one stream and field, with keys from the ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    async def seal(self, key_id: UUID, stream_id: UUID, field: str, text: str) -> Sealed:
        """``text`` sealed with the data key ``key_id``. Raises KeyDestroyedError, KeyMissingError."""
        return seal(await self._ring.get(key_id), stream_id, field, text)

    async def unseal(self, sealed: Sealed, stream_id: UUID, field: str) -> str:
        """The text. Raises SealBrokenError, KeyDestroyedError, KeyMissingError."""
        return unseal(await self._ring.get(sealed.key_id), stream_id, field, sealed)

    async def seal_optional(self, key_id: UUID, stream_id: UUID, field: str, text: str | None) -> Sealed | None:
        """As ``seal``; None stays None."""
        return None if text is None else await self.seal(key_id, stream_id, field, text)

    async def unseal_optional(self, sealed: Sealed | None, stream_id: UUID, field: str) -> str | None:
        """As ``unseal``; None stays None."""
        return None if sealed is None else await self.unseal(sealed, stream_id, field)

    async def digest(self, key_id: UUID, stream_id: UUID, value: bytes) -> bytes:
        """As ``digest``, with the data key ``key_id``. Raises KeyDestroyedError, KeyMissingError."""
        return digest(await self._ring.get(key_id), stream_id, value)


def seal(key: DataKey, stream_id: UUID, field: str, text: str) -> Sealed:
    """``text`` sealed with ``key``."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return Sealed(key.key_id, nonce, AESGCM(key.secret).encrypt(nonce, text.encode(), _bound_to(stream_id, field)))


def unseal(key: DataKey, stream_id: UUID, field: str, sealed: Sealed) -> str:
    """The text. Raises SealBrokenError."""
    try:
        plaintext = AESGCM(key.secret).decrypt(sealed.nonce, sealed.ciphertext, _bound_to(stream_id, field))
    except InvalidTag as error:
        raise SealBrokenError(f"{field} of stream {stream_id}") from error
    return plaintext.decode()


def digest(key: DataKey, stream_id: UUID, value: bytes) -> bytes:
    """32 bytes that tell equal values of one stream, and nothing to whoever lacks the data key.

    HMAC-SHA256, with a key of its own that follows from the data key, since that one encrypts.
    """
    return hmac.digest(hmac.digest(key.secret, _DIGESTS, hashlib.sha256), stream_id.bytes + value, hashlib.sha256)


def _bound_to(stream_id: UUID, field: str) -> bytes:
    return stream_id.bytes + field.encode()
