"""How a challenge looks to whoever signs it, and to whoever checks the signature: one rendering for both.

Edge shows these members in ``GET …/Challenges/{sid}`` and names them in ``Twilio-Verify-Signature-Fields``; the device
copies them under its signature; challenge compares them with this very rendering. All are immutable while the
challenge is pending (contract section 10, *Signature fields*).
"""

from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from pushward import strictjson
from pushward.api.challenge.v1 import challenge_pb2
from pushward.strictjson import JsonObject

SIGNATURE_FIELDS: Final = (
    "sid",
    "account_sid",
    "service_sid",
    "entity_sid",
    "identity",
    "factor_sid",
    "status",
    "details",
    "hidden_details",
    "expiration_date",
    "date_created",
)
SIGNATURE_FIELDS_HEADER: Final = ",".join(SIGNATURE_FIELDS)
"""The header's value. No spaces: device SDKs split without trimming."""

STATUS_TEXTS: Final = {
    challenge_pb2.STATUS_PENDING: "pending",
    challenge_pb2.STATUS_EXPIRED: "expired",
    challenge_pb2.STATUS_APPROVED: "approved",
    challenge_pb2.STATUS_DENIED: "denied",
}


def signed_view(challenge: challenge_pb2.Challenge) -> JsonObject:
    """The members that are signed, in the order of ``SIGNATURE_FIELDS``, as parsed JSON."""
    return {
        "sid": challenge.sid,
        "account_sid": challenge.account_sid,
        "service_sid": challenge.service_sid,
        "entity_sid": challenge.entity_sid,
        "identity": challenge.identity,
        "factor_sid": challenge.factor_sid,
        "status": STATUS_TEXTS[challenge.status],
        "details": strictjson.parse(challenge.details_json) if challenge.HasField("details_json") else None,
        "hidden_details": (
            strictjson.parse(challenge.hidden_details_json) if challenge.HasField("hidden_details_json") else None
        ),
        "expiration_date": date_text(challenge.expiration_date),
        "date_created": date_text(challenge.date_created),
    }


def date_text(moment: Timestamp) -> str:
    """``YYYY-MM-DDTHH:MM:SSZ``: no fraction, always ``Z``, as device SDKs parse it (contract section 0, *Dates*)."""
    return datetime.fromtimestamp(moment.seconds, UTC).replace(tzinfo=None).isoformat() + "Z"
