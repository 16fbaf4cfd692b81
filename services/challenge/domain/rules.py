"""What a caller may put into a challenge: the plain text, before it is sealed (contract section 1a, section 10).

Every refusal is a BadRequestError whose message names the parameter, and the member where there is one.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from pushward import error_codes, strictjson
from pushward.errors import BadRequestError
from pushward.strictjson import JsonObject, StrictJsonError

MESSAGE_LENGTH_MAX: Final = 256
FIELDS_MAX: Final = 20
LABEL_LENGTH_MAX: Final = 36
VALUE_LENGTH_MAX: Final = 128
OBJECT_LENGTH_MAX: Final = 1024
"""Characters of HiddenDetails or Metadata, written without spaces."""
MODE_LENGTH_MAX: Final = 64
CODE_LENGTH_MIN: Final = 3
CODE_LENGTH_MAX: Final = 8
TTL_SECONDS_DEFAULT: Final = 300
TTL_SECONDS_MAX: Final = 300
LIFETIME_DEFAULT: Final = timedelta(minutes=5)
LIFETIME_MAX: Final = timedelta(minutes=60)


_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
_CODE: Final = re.compile(rf"[0-9]{{{CODE_LENGTH_MIN},{CODE_LENGTH_MAX}}}")
_FIELD_MEMBERS: Final = {"label", "value"}


def details(message: str | None, fields: Sequence[str]) -> JsonObject | None:
    """``{"message": …, "fields": [{"label": …, "value": …}, …]}`` of ``Details.Message`` and ``Details.Fields``.

    None if neither is given: only a device must have something to show (``require_message``).
    """
    message = message or ""
    if len(message) > MESSAGE_LENGTH_MAX:
        raise _invalid_details(f"Details.Message may have at most {MESSAGE_LENGTH_MAX} characters.")
    given = [field for field in fields if field]
    if not message and not given:
        return None
    if len(given) > FIELDS_MAX:
        raise _invalid_details(f"Details.Fields may have at most {FIELDS_MAX} items.")
    return {"message": message, "fields": [_field(number, text) for number, text in enumerate(given, start=1)]}


def require_message(shown: JsonObject | None) -> JsonObject:
    """The details of a challenge for a device. Raises BadRequestError 60368 if they say nothing."""
    if shown is None or not shown["message"]:
        raise _invalid_details("Details.Message is required for a push factor.")
    return shown


def code(text: str) -> str:
    """A code of ``AuthPayload`` for a TOTP factor; one of another length than the factor's is wrong."""
    if _CODE.fullmatch(text) is None:
        raise BadRequestError(
            f"AuthPayload must be a code of {CODE_LENGTH_MIN} to {CODE_LENGTH_MAX} digits.",
            code=error_codes.INVALID_REQUEST,
        )
    return text


def hidden_details(text: str | None) -> JsonObject | None:
    """The object of ``HiddenDetails``; None if there is none."""
    return _string_members("HiddenDetails", text)


def metadata(text: str | None) -> JsonObject | None:
    """The object of ``Metadata``; None if there is none."""
    return _string_members("Metadata", text)


def ttl_seconds(value: int | None) -> int:
    """For how long a push is worth sending: ``Ttl``, 0 to 300."""
    if value is None:
        return TTL_SECONDS_DEFAULT
    if not 0 <= value <= TTL_SECONDS_MAX:
        raise BadRequestError(f"Ttl must be 0 to {TTL_SECONDS_MAX} seconds.", code=error_codes.INVALID_REQUEST)
    return value


def expiration_date(text: str | None) -> datetime | None:
    """The moment that ``ExpirationDate`` names, in whole seconds; None if there is none."""
    if not text:
        return None
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError:
        pass
    raise BadRequestError(
        "ExpirationDate must be a date in UTC such as 2030-01-31T12:00:00Z.", code=error_codes.INVALID_REQUEST
    )


def expiration_within_bounds(requested: datetime | None, now: datetime) -> datetime:
    """When a challenge that is created ``now`` expires."""
    if requested is None:
        return now.replace(microsecond=0) + LIFETIME_DEFAULT
    if not now < requested <= now + LIFETIME_MAX:
        minutes = int(LIFETIME_MAX.total_seconds()) // 60
        raise BadRequestError(
            f"ExpirationDate must be later than now and at most {minutes} minutes ahead.",
            code=error_codes.INVALID_REQUEST,
        )
    return requested


def _field(number: int, text: str) -> JsonObject:
    try:
        field = strictjson.parse_object(text)
    except StrictJsonError as error:
        raise _invalid_details(f"Details.Fields, item {number}, is not a JSON object.") from error
    if field.keys() != _FIELD_MEMBERS:
        raise _invalid_details(f"Details.Fields, item {number}, must have exactly the members label and value.")
    for name, length_max in (("label", LABEL_LENGTH_MAX), ("value", VALUE_LENGTH_MAX)):
        member = field[name]
        if not isinstance(member, str) or len(member) > length_max:
            raise _invalid_details(
                f"Details.Fields, item {number}: {name} must be a string of at most {length_max} characters."
            )
        if "\0" in member:
            raise _invalid_details(f"Details.Fields, item {number}: {name} contains U+0000.")
    return {"label": field["label"], "value": field["value"]}


def _string_members(parameter: str, text: str | None) -> JsonObject | None:
    if not text:
        return None
    try:
        members = strictjson.parse_object(text)
    except StrictJsonError as error:
        raise BadRequestError(f"{parameter} is not a JSON object.", code=error_codes.INVALID_REQUEST) from error
    for name, member in members.items():
        if not isinstance(member, str):
            raise BadRequestError(
                f"{parameter}: the member {name!r} must be a string.", code=error_codes.INVALID_REQUEST
            )
        # The edge sees only how it is escaped.
        if "\0" in name or "\0" in member:
            raise BadRequestError(
                f"{parameter}: the member {name!r} contains U+0000.", code=error_codes.INVALID_REQUEST
            )
    if len(strictjson.compact(members)) > OBJECT_LENGTH_MAX:
        raise BadRequestError(
            f"{parameter} may have at most {OBJECT_LENGTH_MAX} characters.", code=error_codes.INVALID_REQUEST
        )
    return members


def _invalid_details(message: str) -> BadRequestError:
    return BadRequestError(message, code=error_codes.INVALID_DETAILS)
