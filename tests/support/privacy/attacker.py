"""Somebody who has everything: the database, the topic, the key store and the key-encryption key. What can they read?

Opens sealed values as the format is described (docs/adr/0010, docs/adr/0023), apart from the code that seals.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import Message

from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import challenge_pb2, registry_pb2, types_pb2, webhook_pb2
from pushward.eventlog.event import StoredEvent
from pushward.security.kek import FileKeyEncryption
from pushward.security.keys import WrappedKey
from tests.support import sql

_MESSAGES = {
    name: getattr(module, name)
    for module in (registry_pb2, challenge_pb2, webhook_pb2)
    for name in module.DESCRIPTOR.message_types_by_name
}
_SUBJECTS = {
    "Account": "account_sid",
    "Secondary": "account_sid",
    "ApiKey": "api_key_sid",
    "Factor": "factor_sid",
    "AccessToken": "access_token_sid",
    "Challenge": "challenge_sid",
    "Webhook": "webhook_sid",
}
"""Whose SID stands before a field's name in what its ciphertext is bound to, by how the event's type begins."""

_EVENTS = """
    SELECT shard, position, stream_id, version, event_id, type, schema, recorded_at, envelope, payload
      FROM log.event ORDER BY shard, position"""


@dataclass(frozen=True, slots=True)
class SealedValue:
    """A sealed value of an event. ``identity`` is whom it is about; empty for what belongs to no entity."""

    event: str
    field: str
    identity: str
    key_id: UUID
    nonce: bytes
    ciphertext: bytes
    bound_to: bytes

    def opened_by(self, secret: bytes) -> str | None:
        """The text, if this is the key."""
        try:
            return AESGCM(secret).decrypt(self.nonce, self.ciphertext, self.bound_to).decode()
        except InvalidTag:
            return None


class Attacker:
    """Holds every data key that the key store still has."""

    def __init__(self, secrets: dict[UUID, bytes]) -> None:
        self._secrets = secrets

    @classmethod
    async def with_all(cls, keys_url: str, kek: FileKeyEncryption) -> "Attacker":
        """Whoever took the key store and the key-encryption key."""
        rows = await sql.rows(keys_url, "SELECT key_id, scope, wrapped, kek_id FROM keys.data_key")
        wrapped = [WrappedKey(*row) for row in rows]  # type: ignore[arg-type]  # a row has what it has
        return cls({key.key_id: kek.unwrap(key).secret for key in wrapped if key.wrapped is not None})

    def reads(self, value: SealedValue) -> str | None:
        """The text of a sealed value, None if no key opens it: each is tried, not only the one that is named."""
        named = self._secrets.get(value.key_id)
        found = [value.opened_by(secret) for secret in ([named] if named else self._secrets.values())]
        return next((text for text in found if text is not None), None)


async def events_in(url: str) -> list[StoredEvent]:
    """All events of a log."""
    return [StoredEvent(*row) for row in await sql.rows(url, _EVENTS)]  # type: ignore[arg-type]  # a row has what it has


def sealed_in(events: Iterable[StoredEvent]) -> Iterator[SealedValue]:
    """Every sealed value in events."""
    for event in events:
        name = types_pb2.EventType.Name(event.type).removeprefix("EVENT_TYPE_").title().replace("_", "")  # type: ignore[arg-type]  # a number
        message = _MESSAGES[name].FromString(event.payload)
        for field, value in message.ListFields():
            if isinstance(value, common_pb2.Sealed):
                yield _sealed_value(event, name, message, field.name, value)


def _sealed_value(event: StoredEvent, name: str, message: Message, field: str, value: common_pb2.Sealed) -> SealedValue:
    subject = next(sid for begin, sid in _SUBJECTS.items() if name.startswith(begin))
    return SealedValue(
        event=name,
        field=field,
        identity=getattr(message, "identity", ""),
        key_id=UUID(bytes=value.key_id),
        nonce=value.nonce,
        ciphertext=value.ciphertext,
        bound_to=event.stream_id.bytes + f"{getattr(message, subject)}.{field}".encode(),
    )
