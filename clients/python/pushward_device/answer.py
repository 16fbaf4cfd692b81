"""What a device signs when its user decides, and when it refuses to.

The payload is made of the very bytes that the challenge was shown from: each field that the server asked for, as
received, and the user's answer as `status` (contract §3.7). Nothing is signed that the person could not have seen:
the server's list must cover the shown details, and all of them must be in that same answer.
"""

from enum import StrEnum

from pushward_device.errors import (
    ChallengeNotFetchedError,
    ChallengeNotPendingError,
    SignatureFieldAbsentError,
    SignatureFieldsMissingError,
)
from pushward_device.models import Challenge, ChallengeStatus
from pushward_device.strict_json import JsonObject

SIGNED_AT_LEAST = ("sid", "factor_sid", "status", "details")


class Decision(StrEnum):
    """What the user decided."""

    APPROVED = "approved"
    DENIED = "denied"


def signed_payload(challenge: Challenge, decision: Decision, *, mode: str | None = None) -> JsonObject:
    """The members to sign; `mode`, where there is one, says how it was answered. Raises a NotSignedError."""
    members = challenge.members()
    if challenge.signature_fields is None:
        raise ChallengeNotFetchedError(
            "This challenge came from a list, which doesn't say what to sign: get it, show that, and answer that."
        )
    if challenge.status is not ChallengeStatus.PENDING:
        raise ChallengeNotPendingError(f"The challenge is {challenge.status} already: it can't be answered.")
    if not set(SIGNED_AT_LEAST) <= set(challenge.signature_fields):
        raise SignatureFieldsMissingError(
            "The server didn't ask to sign all that was shown; an answer would prove nothing. Get the challenge again."
        )
    absent = [name for name in challenge.signature_fields if name not in members]
    if absent:
        raise SignatureFieldAbsentError(f"The challenge lacks {absent[0]!r}, which is to be signed. Get it again.")
    payload: JsonObject = {**{name: members[name] for name in challenge.signature_fields}, "status": decision.value}
    return payload if mode is None else {**payload, "mode": mode}
