"""What a delivery's body says, and its Standard Webhooks signature (contract sections 4 and 10).

The owner of the event renders all fields that version v2 has; v1 sends fewer. ``uuid`` names the delivery and is the
same on each retry.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from services.webhook.domain.rules import V1

V1_FIELDS: Final = (
    "type",
    "account_sid",
    "service_sid",
    "entity_identity",
    "factor_sid",
    "factor_type",
    "challenge_sid",
)
V2_FIELDS: Final = (
    *V1_FIELDS,
    "factor_friendly_name",
    "factor_status",
    "challenge_status",
    "challenge_date_created",
    "challenge_date_updated",
    "challenge_date_responded",
    "challenge_expiration_date",
    "challenge_details",
    "challenge_hidden_details",
    "challenge_metadata",
)

SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how Standard Webhooks marks its secrets


def body_fields(uuid: str, rendered: Mapping[str, str], version: str) -> dict[str, str]:
    """The form's fields: ``uuid``, and those of ``rendered`` that belong to the webhook's version."""
    names = V1_FIELDS if version == V1 else V2_FIELDS
    return {"uuid": uuid} | {name: rendered[name] for name in names if name in rendered}


def new_secret(random_bytes: bytes) -> str:
    """A signing secret of SECRET_BYTES random bytes, as Standard Webhooks writes it."""
    assert len(random_bytes) == SECRET_BYTES
    return SECRET_PREFIX + base64.b64encode(random_bytes).decode()


def standard_headers(secret: str, uuid: str, now_seconds: int, body: bytes) -> dict[str, str]:
    """The Standard Webhooks headers: HMAC-SHA256 of ``id.timestamp.body`` with the webhook's own secret.

    ``secret`` is of ``new_secret``'s form; raises ValueError for any other.
    """
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(f"a signing secret begins with {SECRET_PREFIX}")
    try:
        key = base64.b64decode(secret[len(SECRET_PREFIX) :], validate=True)
    except binascii.Error as error:
        raise ValueError("a signing secret is base64 after its prefix") from error
    signed = b"%b.%d.%b" % (uuid.encode(), now_seconds, body)
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "webhook-id": uuid,
        "webhook-timestamp": str(now_seconds),
        "webhook-signature": f"v1,{signature}",
    }
