"""What webhook needs of registry: what a factor event says, and the signature that stock validators check.

Secrets stay here: the auth token signs, and never leaves. A subject that was erased since is not found.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from pushward import error_codes, ids
from pushward.api.registry.v1 import registry_pb2
from pushward.errors import ForbiddenError, NotFoundError
from pushward.eventlog.event import Recorded, StoredEvent
from pushward.eventlog.port import LogReader
from pushward.security.keys import KeyDestroyedError
from pushward.security.sealing import Sealer
from services.registry.app import sealed_fields
from services.registry.app.paths import service_not_found, service_sid_of
from services.registry.app.ports import Lookups, RegistryStore
from services.registry.app.streams import Streams
from services.registry.domain.events import EntityEvent, FactorCreated, FactorDeleted, FactorVerified
from services.registry.domain.state import EntityState, FactorRecord

_TYPES: Final[Mapping[type[EntityEvent], str]] = {
    FactorCreated: "factor.created",
    FactorVerified: "factor.verified",
    FactorDeleted: "factor.deleted",
}


class WebhookEvents:
    """RenderWebhookEvent and SignWebhook."""

    def __init__(
        self, reader: LogReader, streams: Streams, lookups: Lookups, store: RegistryStore, sealer: Sealer
    ) -> None:
        self._reader = reader
        self._entities = streams.entities
        self._lookups = lookups
        self._store = store
        self._sealer = sealer

    async def render(self, request: registry_pb2.RenderWebhookEventRequest) -> registry_pb2.RenderWebhookEventReply:
        """A factor event's fields, as of that event. Raises NotFoundError if it tells tenants nothing (any more)."""
        stored = await self._reader.event_at(request.shard, request.position)
        if stored is None or not self._entities.codec.knows(stored.type):
            raise _nothing_to_tell()
        event: EntityEvent = self._entities.codec.decode(stored.type, stored.schema, stored.payload)
        if not isinstance(event, FactorCreated | FactorVerified | FactorDeleted):
            raise _nothing_to_tell()
        if isinstance(event, FactorDeleted) and event.with_service:
            raise _nothing_to_tell()
        factor = await self._factor_as_of(stored, event)
        return registry_pb2.RenderWebhookEventReply(
            fields={
                "type": _TYPES[type(event)],
                "account_sid": factor.account_sid,
                "service_sid": factor.service_sid,
                "entity_identity": factor.identity,
                "factor_sid": factor.sid,
                "factor_type": factor.factor_type,
                "factor_friendly_name": await self._friendly_name(factor),
                "factor_status": factor.status,
            }
        )

    async def sign(self, request: registry_pb2.SignWebhookRequest) -> registry_pb2.SignWebhookReply:
        """``X-Twilio-Signature`` for a form, with the account's token and never with its secondary one.

        Raises NotFoundError once the service is deleted, ForbiddenError while the account is disabled.
        """
        service_sid = await service_sid_of(self._store, request.service_sid)
        account = await self._lookups.account_of_service(request.account_sid, service_sid)
        if account is None:
            raise service_not_found()
        if account.disabled:
            raise ForbiddenError("The account is disabled.", code=error_codes.FORBIDDEN)
        auth_token = await self._sealer.unseal(
            account.auth_token, ids.stream_of_sid(account.sid), sealed_fields.auth_token(account.sid)
        )
        return registry_pb2.SignWebhookReply(signature=form_signature(auth_token, request.url, request.fields))

    async def _factor_as_of(
        self, stored: StoredEvent, event: FactorCreated | FactorVerified | FactorDeleted
    ) -> FactorRecord:
        """The factor with the event; of one that it deletes, the factor as it was before."""
        gone = isinstance(event, FactorDeleted)
        history = await self._reader.read_stream(
            stored.stream_id, up_to_version=stored.version - 1 if gone else stored.version
        )
        decode = self._entities.codec.decode
        state: EntityState = self._entities.fold(
            self._entities.initial,
            (
                (
                    decode(earlier.type, earlier.schema, earlier.payload),
                    Recorded(earlier.stream_id, earlier.version, earlier.recorded_at),
                )
                for earlier in history
            ),
        )
        return state.factors[event.factor_sid]

    async def _friendly_name(self, factor: FactorRecord) -> str:
        assert factor.friendly_name is not None
        try:
            return await self._sealer.unseal(
                factor.friendly_name, factor.stream_id, sealed_fields.friendly_name(factor.sid)
            )
        except KeyDestroyedError as error:
            raise _nothing_to_tell() from error


def form_signature(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """base64 of HMAC-SHA1 over the URL and each name and value in the order of names (contract section 4)."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(auth_token.encode(), text.encode(), hashlib.sha1)).decode()


def _nothing_to_tell() -> NotFoundError:
    return NotFoundError("There is no such factor event, or it was erased.")
