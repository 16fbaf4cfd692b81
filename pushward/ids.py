"""Identifiers that carry their shard: SIDs, stream ids, event ids.

A SID is two letters and 32 hex digits; the digits are a UUIDv8 (RFC 9562, section 5.8) laid out as

    shard (16 bits) | milliseconds, high 32 of 44 | version (4) | milliseconds, low 12 | variant (2) | random (62)

so every SID says which slice of the log it belongs to, before any query. This module only computes: time and
random bits come in as values.
"""

import hashlib
import re
from typing import Final, NewType
from uuid import UUID

Sid = NewType("Sid", str)
"""Two letters of kind and 32 lower-case hex digits, e.g. ``YC0002…``."""

SHARD_COUNT_MAX: Final = 1 << 16
RANDOM_BITS: Final = 62
_MILLISECOND_BITS: Final = 44
_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")

ACCOUNT: Final = "AC"
API_KEY: Final = "SK"
SERVICE: Final = "VA"
ENTITY: Final = "YE"
FACTOR: Final = "YF"
CHALLENGE: Final = "YC"
NOTIFICATION: Final = "NT"
ACCESS_TOKEN: Final = "YK"  # noqa: S105 - a kind of SID, not a secret
WEBHOOK: Final = "YW"
CREDENTIAL: Final = "CR"


def new_sid(kind: str, shard: int, now_ms: int, random_bits: int) -> Sid:
    """A new SID of ``kind`` (two letters) on ``shard``, made at ``now_ms`` (Unix milliseconds).

    ``random_bits`` is an integer below ``2 ** RANDOM_BITS``.
    """
    return Sid(kind + _uuid8(shard, now_ms & ((1 << _MILLISECOND_BITS) - 1), random_bits).hex)


def is_sid(text: str, kind: str) -> bool:
    """Whether ``text`` has the form of a SID of ``kind``."""
    return text.startswith(kind) and _SID.fullmatch(text) is not None


def parse_sid(text: str, kind: str, shard_count: int) -> Sid | None:
    """``text`` as a SID of ``kind`` in lower case, or None if it can't exist: wrong form or no such shard."""
    if not is_sid(text, kind):
        return None
    sid = Sid(kind + text[2:].lower())
    return sid if shard_of_sid(sid) < shard_count else None


def shard_of_sid(sid: str) -> int:
    """The shard that a SID carries."""
    return int(sid[2:6], 16)


def milliseconds_of_sid(sid: str) -> int:
    """The Unix milliseconds at which whatever the SID names was made. Raises ValueError if it is no SID."""
    value = UUID(hex=sid[2:]).int
    return (value >> 80 & 0xFFFFFFFF) << 12 | value >> 64 & 0xFFF


def shard_of_stream(stream_id: UUID) -> int:
    """The shard that a stream id carries."""
    return stream_id.int >> 112


def stream_of_sid(sid: str) -> UUID:
    """The stream of an aggregate that is named by its SID (account, service, access token, challenge, webhook)."""
    return UUID(hex=sid[2:])


def entity_stream(service_sid: str, identity: str, shard_count: int) -> UUID:
    """The stream of an entity, derived from (service, identity): there is one for each identity, whoever it was.

    Its shard is a hash of the same pair; the entity's factors, challenges and access tokens take that shard too.
    """
    digest = hashlib.sha256(f"{service_sid}/{identity}".encode()).digest()
    shard = int.from_bytes(digest[:8]) % shard_count
    value = int.from_bytes(digest[8:24])
    return _uuid8(shard, value >> 84, value & ((1 << RANDOM_BITS) - 1))


def totp_usage_stream(factor_sid: str) -> UUID:
    """The stream that counts how often a TOTP factor is challenged, on the factor's shard."""
    value = int.from_bytes(hashlib.sha256(b"totp usage" + factor_sid.encode()).digest()[:16])
    return _uuid8(shard_of_sid(factor_sid), value >> 84, value & ((1 << RANDOM_BITS) - 1))


def entity_key(entity_stream_id: UUID, generation: int) -> UUID:
    """The data key of an identity's ``generation``-th life (from 0), and of what is sealed in its expectation."""
    digest = hashlib.sha256(b"data key" + entity_stream_id.bytes + generation.to_bytes(8)).digest()
    return _stamp(int.from_bytes(digest[:16]))


def account_shard(account_sid: str) -> int:
    """The shard of an account and all that belongs to it directly: keys, services, webhooks."""
    return shard_of_sid(account_sid)


def new_account_shard(random_bits: int, shard_count: int) -> int:
    """The shard for a new account: its SID doesn't exist yet, so the random part decides."""
    return random_bits % shard_count


def credential_sid(factor_sid: str) -> str:
    """The ``kid`` of a device's tokens: ``CR`` and the factor's digits (contract section 10)."""
    return CREDENTIAL + factor_sid[2:]


def factor_of_credential(credential: str) -> str:
    """The factor that a ``kid`` names."""
    return FACTOR + credential[2:]


def derive_event_id(command_id: UUID, stream_id: UUID, index: int) -> UUID:
    """The id of the ``index``-th event that a command appends to a stream: the same command, the same ids."""
    digest = hashlib.sha256(command_id.bytes + stream_id.bytes + index.to_bytes(4)).digest()
    return _stamp(int.from_bytes(digest[:16]))


def _uuid8(shard: int, milliseconds: int, random_bits: int) -> UUID:
    if not 0 <= shard < SHARD_COUNT_MAX:
        raise ValueError(f"shard {shard} is outside 0..{SHARD_COUNT_MAX - 1}")
    value = shard << 112 | (milliseconds >> 12) << 80 | (milliseconds & 0xFFF) << 64 | random_bits
    return _stamp(value)


def _stamp(value: int) -> UUID:
    """``value`` with version 8 and the RFC's variant set."""
    value = value & ~(0xF << 76) | 0x8 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
