"""A receipt: the signed answer to a challenge, checked offline with the factor's public key and nothing else.

It proves that the holder of that key gave this answer to exactly these details. Whose key it is, is for the one who
kept it from the enrolment to know. Nothing of a receipt is returned before its signature was found right.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pushward_device.answer import Decision
from pushward_device.errors import AnswerFormatError, ReceiptInvalidError, TokenInvalidError
from pushward_device.jose import public_key_from_spki_b64, verify_compact
from pushward_device.models import DetailField, hidden_details, shown_details, text_member
from pushward_device.strict_json import JsonObject


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was answered, and to what. `members` holds all that was signed, as it was signed."""

    challenge_sid: str
    factor_sid: str
    decision: Decision
    message: str
    fields: tuple[DetailField, ...]
    hidden_details: Mapping[str, str]
    members: JsonObject


def verify(jws: str, public_key_spki_b64: str) -> Receipt:
    """The receipt that `jws` is, if this key signed it (ES256, 64 bytes of signature). Raises ReceiptInvalidError."""
    try:
        _, members = verify_compact(jws, public_key_from_spki_b64(public_key_spki_b64))
        message, fields = shown_details(members)
        return Receipt(
            challenge_sid=text_member(members, "sid"),
            factor_sid=text_member(members, "factor_sid"),
            decision=Decision(text_member(members, "status")),
            message=message,
            fields=fields,
            hidden_details=hidden_details(members),
            members=members,
        )
    except TokenInvalidError as error:
        raise ReceiptInvalidError(f"This isn't a receipt of this key. {error}") from error
    except (AnswerFormatError, ValueError) as error:
        raise ReceiptInvalidError("The signature is this key's, but it isn't over an answer to a challenge.") from error
