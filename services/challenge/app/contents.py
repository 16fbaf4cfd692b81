"""Seals what callers put into a challenge, and renders a challenge as the message that callers get.

A challenge whose data key was destroyed (its entity was forgotten) is not found.
"""

from typing import Final
from uuid import UUID

from pushward import ids, strictjson
from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.common.v1 import common_pb2
from pushward.errors import NotFoundError
from pushward.eventlog.codec import timestamp_of
from pushward.security.keys import KeyDestroyedError
from pushward.security.sealing import Sealer
from pushward.strictjson import JsonObject
from pushward.values import FactorType, Sealed
from services.challenge.domain.decider import not_found
from services.challenge.domain.state import Challenge, Status

DETAILS: Final = "details"
HIDDEN_DETAILS: Final = "hidden_details"
METADATA: Final = "metadata"
RECEIPT: Final = "receipt"

# A closed challenge has no message: nobody sees it.
_STATUS: Final = {
    Status.PENDING: challenge_pb2.STATUS_PENDING,
    Status.APPROVED: challenge_pb2.STATUS_APPROVED,
    Status.DENIED: challenge_pb2.STATUS_DENIED,
    Status.EXPIRED: challenge_pb2.STATUS_EXPIRED,
}
STATUS_OF: Final = {number: status for status, number in _STATUS.items()}
_FACTOR_TYPE: Final = {
    FactorType.PUSH: common_pb2.FACTOR_TYPE_PUSH,
    FactorType.TOTP: common_pb2.FACTOR_TYPE_TOTP,
}


class Contents:
    """The sealed fields of challenges."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def seal(self, key_id: UUID, sid: str, field: str, text: str) -> Sealed:
        """``text`` sealed as a field of the challenge ``sid``. Raises NotFoundError for a forgotten entity."""
        try:
            return await self._sealer.seal(key_id, ids.stream_of_sid(sid), f"{sid}.{field}", text)
        except KeyDestroyedError as error:
            raise not_found() from error

    async def seal_object(self, key_id: UUID, sid: str, field: str, members: JsonObject | None) -> Sealed | None:
        """As ``seal``, of a JSON object; None stays None."""
        return None if members is None else await self.seal(key_id, sid, field, strictjson.compact(members))

    async def unseal(self, challenge: Challenge, field: str, sealed: Sealed) -> str:
        """The text of a field. Raises NotFoundError for a forgotten entity."""
        try:
            return await self._sealer.unseal(sealed, challenge.stream_id, f"{challenge.sid}.{field}")
        except KeyDestroyedError as error:
            raise not_found() from error

    async def message_unless_forgotten(self, challenge: Challenge) -> challenge_pb2.Challenge | None:
        """The challenge, unsealed; None for a forgotten entity."""
        try:
            return await self.message(challenge)
        except NotFoundError:
            return None

    async def message(self, challenge: Challenge) -> challenge_pb2.Challenge:
        """The challenge, unsealed. Raises NotFoundError for a forgotten entity."""
        message = challenge_pb2.Challenge(
            sid=challenge.sid,
            account_sid=challenge.account_sid,
            service_sid=challenge.service_sid,
            entity_sid=challenge.entity_sid,
            identity=challenge.identity,
            factor_sid=challenge.factor_sid,
            status=_STATUS[challenge.status],
            factor_type=_FACTOR_TYPE[challenge.factor_type],
            date_created=timestamp_of(challenge.date_created),
            date_updated=timestamp_of(challenge.date_updated),
            expiration_date=timestamp_of(challenge.expiration_date),
        )
        if challenge.details is not None:
            message.details_json = await self.unseal(challenge, DETAILS, challenge.details)
        if challenge.hidden_details is not None:
            message.hidden_details_json = await self.unseal(challenge, HIDDEN_DETAILS, challenge.hidden_details)
        if challenge.metadata is not None:
            message.metadata_json = await self.unseal(challenge, METADATA, challenge.metadata)
        if challenge.date_responded is not None:
            message.date_responded.CopyFrom(timestamp_of(challenge.date_responded))
        return message
