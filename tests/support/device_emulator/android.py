"""The Android SDK's ways: Java's form encoder, org.json, and a date parser that knows `Z` and negative offsets only."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote_plus

from tests.support.device_emulator.errors import MapperError
from tests.support.device_emulator.models import CHALLENGE_STATUSES, FACTOR_STATUSES, SdkChallenge, SdkFactor
from tests.support.device_emulator.quirks import a_list, a_text, an_object
from tests.support.jws import Members

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|-\d\d:\d\d)")


class Android:
    """Quirks of the Android SDK."""

    name = "android"
    user_agent = "Example; Android; 1.0; 1; Android 14 (34); Pixel 8; VerifySDK; 0.9.0; 9"
    page_token_parameter = "PageToken"
    default_platform = "fcm"

    def form(self, parameters: Mapping[str, str]) -> bytes:
        """java.net.URLEncoder: a space is `+`; all but letters, digits and `.-*_` is escaped."""
        return "&".join(f"{quote(name)}={quote(value)}" for name, value in parameters.items()).encode("ascii")

    def query(self, parameters: Mapping[str, str]) -> str:
        """Encoded like a form."""
        return self.form(parameters).decode("ascii")

    def json(self, members: Members) -> str:
        """org.json keeps the order, writes other than ASCII as it is, and escapes each slash."""
        return json.dumps(members, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")

    def date(self, text: str) -> datetime:
        """`Z`, or a negative offset; no fraction."""
        if not _DATE.fullmatch(text):
            raise MapperError(f"ParseException: {text!r}")
        return datetime.fromisoformat(text)

    def header(self, headers: Mapping[str, str], name: str) -> str | None:
        """By its literal key, in a map that the platform makes insensitive to case."""
        return headers.get(name)

    def reads_error_body(self) -> bool:
        """The error stream is read without asking whether there is one."""
        return True

    def factor(self, body: Members, service_sid: str, identity: str) -> SdkFactor:
        """An unknown status is taken for unverified."""
        config = an_object(body.get("config"), "config")
        status = a_text(body, "status")
        metadata = body.get("metadata")
        return SdkFactor(
            sid=a_text(body, "sid"),
            friendly_name=a_text(body, "friendly_name"),
            account_sid=a_text(body, "account_sid"),
            service_sid=service_sid,
            identity=identity,
            status=status if status in FACTOR_STATUSES else "unverified",
            created=self.date(a_text(body, "date_created")),
            credential_sid=a_text(config, "credential_sid"),
            notification_platform=_opt_string(config, "notification_platform") or self.default_platform,
            metadata=metadata if isinstance(metadata, dict) else None,
        )

    def challenge(self, body: Members) -> SdkChallenge:
        """`details.date` is read with `optString`, to which a null is the text `null`: no date, and nothing is read."""
        details = an_object(body.get("details"), "details")
        date = _opt_string(details, "date")
        hidden = body.get("hidden_details")
        status = a_text(body, "status")
        if status not in CHALLENGE_STATUSES:
            raise MapperError(f"status is {status!r}")
        return SdkChallenge(
            sid=a_text(body, "sid"),
            factor_sid=a_text(body, "factor_sid"),
            status=status,
            message=a_text(details, "message"),
            fields=[(a_text(field, "label"), a_text(field, "value")) for field in _opt_list(details, "fields")],
            date=self.date(date) if date else None,
            hidden_details={name: str(value) for name, value in hidden.items()} if isinstance(hidden, dict) else None,
            expires=self.date(a_text(body, "expiration_date")),
            created=self.date(a_text(body, "date_created")),
            updated=self.date(a_text(body, "date_updated")),
            response=body,
        )


def quote(text: str) -> str:
    """java.net.URLEncoder. It escapes `~` and leaves `*`, unlike Python."""
    return quote_plus(text, safe="*").replace("~", "%7E")


def _opt_string(members: Members, name: str) -> str:
    if name not in members:
        return ""
    value = members[name]
    return "null" if value is None else str(value)


def _opt_list(members: Members, name: str) -> list[Members]:
    value = members.get(name)
    return [] if value is None else [an_object(item, name) for item in a_list(value, name)]
