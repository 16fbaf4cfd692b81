"""What the device knows: factors, challenges, pages of them. All immutable.

A `Challenge` can only be made from the bytes of one answer, and everything it shows is read from those bytes when it
is made. So what a person was shown and what gets signed cannot differ: signing reads the same bytes again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, TypeAlias, TypeVar
from urllib.parse import parse_qs

from pushward_device.errors import AnswerFormatError
from pushward_device.strict_json import JsonObject, JsonValue, parse_object, serialize

Platform: TypeAlias = Literal["fcm", "apn", "none"]
Order: TypeAlias = Literal["asc", "desc"]

PLATFORMS: Mapping[str, Platform] = MappingProxyType({"fcm": "fcm", "apn": "apn", "none": "none"})

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
"""RFC 3339."""

_FACTOR_SID = re.compile(r"YF[0-9a-fA-F]{32}", re.ASCII)

SIGNATURE_FIELDS_HEADER = "Twilio-Verify-Signature-Fields"

_Status = TypeVar("_Status", bound=StrEnum)


class FactorStatus(StrEnum):
    UNVERIFIED = "unverified"
    VERIFIED = "verified"


class ChallengeStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class RegistrationPayload:
    """What the app's backend hands to the app so that it may enrol one factor."""

    token: str = field(repr=False)
    service_sid: str
    identity: str
    factor_type: Literal["push"] = "push"


@dataclass(frozen=True, slots=True)
class Factor:
    """One enrolment of this device. `key_id` names its key in the key store."""

    sid: str
    account_sid: str
    service_sid: str
    identity: str
    friendly_name: str
    status: FactorStatus
    credential_sid: str
    key_id: str
    app_id: str
    platform: Platform
    date_created: str


@dataclass(frozen=True, slots=True)
class DetailField:
    """One labelled line of what the user is asked."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """One question to the user, exactly as one answer of the server put it.

    `signature_fields` is None for a challenge out of a list; such a one can be shown, but not answered.
    Raises AnswerFormatError if `raw` isn't a challenge of the contract.
    """

    raw: bytes = field(repr=False)
    signature_fields: tuple[str, ...] | None
    sid: str = field(init=False, compare=False)
    factor_sid: str = field(init=False, compare=False)
    status: ChallengeStatus = field(init=False, compare=False)
    message: str = field(init=False, compare=False)
    fields: tuple[DetailField, ...] = field(init=False, compare=False)
    hidden_details: Mapping[str, str] = field(init=False, compare=False)
    expiration_date: datetime = field(init=False, compare=False)
    date_created: datetime = field(init=False, compare=False)

    def __post_init__(self) -> None:
        members = self.members()
        message, detail_fields = shown_details(members)
        shown: dict[str, object] = {
            "sid": text_member(members, "sid"),
            "factor_sid": text_member(members, "factor_sid"),
            "status": _status(members, ChallengeStatus),
            "message": message,
            "fields": detail_fields,
            "hidden_details": hidden_details(members),
            "expiration_date": _date(members, "expiration_date"),
            "date_created": _date(members, "date_created"),
        }
        for name, value in shown.items():
            object.__setattr__(self, name, value)

    def members(self) -> JsonObject:
        """The JSON members of the answer, read anew from its bytes."""
        return answer_object(self.raw)


@dataclass(frozen=True, slots=True)
class ChallengePage:
    """Some of a factor's challenges. `next_page_token` is None on the last page."""

    challenges: tuple[Challenge, ...]
    next_page_token: str | None


def factor_from_answer(
    raw: bytes, *, service_sid: str, identity: str, key_id: str, app_id: str, platform: Platform
) -> Factor:
    """The factor that an enrolment or update answers (contract §3.2). Raises AnswerFormatError."""
    members = answer_object(raw)
    return Factor(
        sid=_factor_sid(members),
        account_sid=text_member(members, "account_sid"),
        service_sid=service_sid,
        identity=identity,
        friendly_name=text_member(members, "friendly_name"),
        status=_status(members, FactorStatus),
        credential_sid=text_member(_object(members, "config"), "credential_sid"),
        key_id=key_id,
        app_id=app_id,
        platform=platform,
        date_created=text_member(members, "date_created"),
    )


def challenge_page_from_answer(raw: bytes) -> ChallengePage:
    """A page of challenges (contract §3.8). Raises AnswerFormatError."""
    answer = answer_object(raw)
    entries = answer.get("challenges")
    if not isinstance(entries, list):
        raise AnswerFormatError("The answer lacks the list 'challenges'.")
    return ChallengePage(
        challenges=tuple(Challenge(raw=serialize(entry), signature_fields=None) for entry in entries),
        next_page_token=_page_token(_object(answer, "meta").get("next_page_url")),
    )


def factor_status_from_answer(raw: bytes) -> FactorStatus:
    """The status in a factor's answer. Raises AnswerFormatError."""
    return _status(answer_object(raw), FactorStatus)


def shown_details(members: JsonObject) -> tuple[str, tuple[DetailField, ...]]:
    """The message and the labelled lines that a user is asked to decide on. Raises AnswerFormatError."""
    details = _object(members, "details")
    _require_text("details", {name: value for name, value in details.items() if (name, value) != ("fields", None)})
    message, lines = details.get("message"), details.get("fields")
    if not isinstance(message, str):
        raise AnswerFormatError("The challenge has no message to show.")
    if lines is None:
        return message, ()
    if not isinstance(lines, list):
        raise AnswerFormatError("The challenge's detail fields aren't a list.")
    return message, tuple(_detail_field(line) for line in lines)


def hidden_details(members: JsonObject) -> Mapping[str, str]:
    """What the app gets beside what it shows. Raises AnswerFormatError."""
    hidden = members.get("hidden_details")
    if hidden is None:
        return MappingProxyType({})
    if not isinstance(hidden, dict):
        raise AnswerFormatError("The challenge's 'hidden_details' isn't an object.")
    texts = {name: text for name, text in hidden.items() if isinstance(text, str)}
    if len(texts) != len(hidden):
        raise AnswerFormatError("A hidden detail isn't a text.")
    return MappingProxyType(texts)


def answer_object(raw: bytes) -> JsonObject:
    """The JSON object of an answer. Raises AnswerFormatError."""
    try:
        return parse_object(raw)
    except ValueError as error:
        raise AnswerFormatError("The answer isn't a JSON object with one clear meaning.") from error


def text_member(members: JsonObject, name: str) -> str:
    """A member that must be a string with something in it. Raises AnswerFormatError."""
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise AnswerFormatError(f"The answer lacks the text {name!r}.")
    return value


def _page_token(next_page_url: JsonValue) -> str | None:
    if next_page_url is None:
        return None
    # Only the token is taken from the URL: requests keep going to the host that this device was given.
    if isinstance(next_page_url, str):
        query = next_page_url.partition("#")[0].partition("?")[2]
        tokens = parse_qs(query).get("PageToken", [])
        if len(tokens) == 1:
            return tokens[0]
    raise AnswerFormatError("The answer's 'next_page_url' has no PageToken.")


def _require_text(name: str, value: JsonValue) -> None:
    """Numbers and the like are nothing that two readers show, sign and compare alike."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _require_text(name, inner)
    elif not isinstance(value, str):
        raise AnswerFormatError(f"The challenge has something in its {name!r} that isn't text.")


def _factor_sid(members: JsonObject) -> str:
    """The key signs it as proof of possession: of any text, it would sign a token or an approval the server made up."""
    sid = text_member(members, "sid")
    if not _FACTOR_SID.fullmatch(sid):
        raise AnswerFormatError("The answer's 'sid' isn't a factor's.")
    return sid


def _object(members: JsonObject, name: str) -> JsonObject:
    value = members.get(name)
    if not isinstance(value, dict):
        raise AnswerFormatError(f"The answer lacks the object {name!r}.")
    return value


def _status(members: JsonObject, kind: type[_Status]) -> _Status:
    try:
        return kind(text_member(members, "status"))
    except ValueError as error:
        raise AnswerFormatError("The answer's 'status' is none of the contract's.") from error


def _date(members: JsonObject, name: str) -> datetime:
    text = text_member(members, name)
    try:
        if _DATE.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError as error:
        raise AnswerFormatError(f"The answer's {name!r} isn't in the calendar.") from error
    raise AnswerFormatError(f"The answer's {name!r} isn't a date and a time with its zone.")


def _detail_field(entry: JsonValue) -> DetailField:
    if isinstance(entry, dict):
        label, value = entry.get("label"), entry.get("value")
        if isinstance(label, str) and isinstance(value, str):
            return DetailField(label=label, value=value)
    raise AnswerFormatError("A detail field isn't a label and a value, both texts.")
