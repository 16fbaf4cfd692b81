"""The iOS SDK's ways: a form encoder that leaves most signs raw, dictionaries without an order, typed decoding."""

import json
import random
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tests.support.device_emulator.errors import MapperError
from tests.support.device_emulator.models import CHALLENGE_STATUSES, FACTOR_STATUSES, SdkChallenge, SdkFactor
from tests.support.device_emulator.quirks import a_list, a_text, an_object
from tests.support.jws import Members

QUERY_ALLOWED_BUT_PLUS: Final = "!$&'()*,-./:;=?@_~"

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


class Ios:
    """Quirks of the iOS SDK."""

    name = "ios"
    user_agent = "Example; iOS; 1.0; 1; iOS 17.2; iPhone15,2; TwilioVerify; 3.0.2; 9"
    page_token_parameter = "pageToken"
    default_platform = "apn"

    def form(self, parameters: Mapping[str, str]) -> bytes:
        """Each pair is escaped as a whole: `=` stays raw in values; so does `&`, which cuts them short."""
        pairs = [f"{name}={value}" for name, value in parameters.items()]
        return "&".join(quote(pair, safe=QUERY_ALLOWED_BUT_PLUS) for pair in pairs).encode("ascii")

    def query(self, parameters: Mapping[str, str]) -> str:
        """Encoded like a form."""
        return self.form(parameters).decode("ascii")

    def json(self, members: Members) -> str:
        """Swift's dictionaries have another order each time, at every depth."""
        return json.dumps(_shuffled(members), ensure_ascii=False, separators=(",", ":"))

    def date(self, text: str) -> datetime:
        """`yyyy-MM-dd'T'HH:mm:ssZZZZZ`: no fraction."""
        if not _DATE.fullmatch(text):
            raise MapperError(f"not a date: {text!r}")
        return datetime.fromisoformat(text)

    def header(self, headers: Mapping[str, str], name: str) -> str | None:
        """Compared without regard to case."""
        return {present.lower(): value for present, value in headers.items()}.get(name.lower())

    def reads_error_body(self) -> bool:
        """An error may come without a body."""
        return False

    def factor(self, body: Members, service_sid: str, identity: str) -> SdkFactor:
        """An unknown status, or a value of `metadata` that is no text, makes the whole factor unreadable."""
        config = an_object(body.get("config"), "config")
        return SdkFactor(
            sid=a_text(body, "sid"),
            friendly_name=a_text(body, "friendly_name"),
            account_sid=a_text(body, "account_sid"),
            service_sid=service_sid,
            identity=identity,
            status=_one_of(FACTOR_STATUSES, a_text(body, "status")),
            created=self.date(a_text(body, "date_created")),
            credential_sid=a_text(config, "credential_sid"),
            notification_platform=_optional_text(config, "notification_platform") or self.default_platform,
            metadata=_optional_texts(body, "metadata"),
        )

    def challenge(self, body: Members) -> SdkChallenge:
        """A value of `hidden_details` that is no text makes the whole challenge unreadable."""
        details = an_object(body.get("details"), "details")
        date = _optional_text(details, "date")
        fields = details.get("fields")
        items = [] if fields is None else [an_object(item, "fields") for item in a_list(fields, "fields")]
        return SdkChallenge(
            sid=a_text(body, "sid"),
            factor_sid=a_text(body, "factor_sid"),
            status=_one_of(CHALLENGE_STATUSES, a_text(body, "status")),
            message=a_text(details, "message"),
            fields=[(a_text(item, "label"), a_text(item, "value")) for item in items],
            date=None if date is None else self.date(date),
            hidden_details=_optional_texts(body, "hidden_details"),
            expires=self.date(a_text(body, "expiration_date")),
            created=self.date(a_text(body, "date_created")),
            updated=self.date(a_text(body, "date_updated")),
            response=body,
        )


def _shuffled(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict):
        members = list(value.items())
        random.shuffle(members)
        return {name: _shuffled(member) for name, member in members}
    return [_shuffled(item) for item in value] if isinstance(value, list) else value


def _one_of(known: tuple[str, ...], text: str) -> str:
    if text not in known:
        raise MapperError(f"status is {text!r}")
    return text


def _optional_text(members: Members, name: str) -> str | None:
    return None if members.get(name) is None else a_text(members, name)


def _optional_texts(members: Members, name: str) -> Mapping[str, str] | None:
    value = members.get(name)
    if value is None:
        return None
    texts = an_object(value, name)
    return {member: a_text(texts, member) for member in texts}
