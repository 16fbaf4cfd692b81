"""Renders an event for webhooks: the challenge as of that event, unsealed (contract section 10, *Webhook body*).

Work to be done later holds references only, so this is asked when a delivery is due. Whatever may no longer be told,
because the challenge was closed or its entity forgotten since, is not found.
"""

from typing import Final

from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.events.v1 import types_pb2
from pushward.challenge_view import STATUS_TEXTS, date_text
from pushward.eventlog.aggregate import Aggregate
from pushward.eventlog.event import Recorded, StoredEvent
from pushward.eventlog.port import LogReader
from services.challenge.app.contents import Contents
from services.challenge.app.ports import ChallengeStore
from services.challenge.domain.decider import not_found, visible
from services.challenge.domain.state import Challenge, ChallengeState

TYPES: Final[dict[int, str]] = {
    types_pb2.EVENT_TYPE_CHALLENGE_CREATED: "challenge.created",
    types_pb2.EVENT_TYPE_CHALLENGE_APPROVED: "challenge.approved",
    types_pb2.EVENT_TYPE_CHALLENGE_DENIED: "challenge.denied",
    types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED: "challenge.expired",
    types_pb2.EVENT_TYPE_NOTIFICATION_FAILED: "notification.failed",
}


class WebhookEvents:
    """Challenge events as tenants get them."""

    def __init__(
        self, reader: LogReader, aggregate: Aggregate[ChallengeState], store: ChallengeStore, contents: Contents
    ) -> None:
        self._reader = reader
        self._aggregate = aggregate
        self._store = store
        self._contents = contents

    async def render(
        self, request: challenge_pb2.RenderChallengeEventRequest
    ) -> challenge_pb2.RenderChallengeEventReply:
        """The fields. Raises NotFoundError for a challenge that nobody may see any more."""
        event = await self._reader.event_at(request.shard, request.position)
        if event is None or event.type not in TYPES:
            raise not_found()
        challenge = await self._as_of(event)
        message = await self._contents.message(challenge)
        return challenge_pb2.RenderChallengeEventReply(fields=_fields(TYPES[event.type], message, challenge))

    async def _as_of(self, event: StoredEvent) -> Challenge:
        now = visible((await self._store.load(event.stream_id)).state)
        if now.version == event.version:
            return now
        events = await self._reader.read_stream(event.stream_id, up_to_version=event.version)
        codec = self._aggregate.codec
        state = self._aggregate.fold(
            self._aggregate.initial,
            ((codec.decode(each.type, each.schema, each.payload), _recorded(each)) for each in events),
        )
        return visible(state)


def _recorded(event: StoredEvent) -> Recorded:
    return Recorded(event.stream_id, event.version, event.recorded_at)


def _fields(type_text: str, message: challenge_pb2.Challenge, challenge: Challenge) -> dict[str, str]:
    return {
        "type": type_text,
        "account_sid": message.account_sid,
        "service_sid": message.service_sid,
        "entity_identity": message.identity,
        "factor_sid": message.factor_sid,
        "factor_type": challenge.factor_type.value,
        "challenge_sid": message.sid,
        "challenge_status": STATUS_TEXTS[message.status],
        "challenge_date_created": date_text(message.date_created),
        "challenge_date_updated": date_text(message.date_updated),
        "challenge_date_responded": date_text(message.date_responded) if message.HasField("date_responded") else "",
        "challenge_expiration_date": date_text(message.expiration_date),
        "challenge_details": message.details_json,
        "challenge_hidden_details": message.hidden_details_json,
        "challenge_metadata": message.metadata_json,
    }
