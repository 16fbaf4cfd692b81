"""answers.json: bodies of the server, and what a library reads in them."""

from typing import Final

from clients.vectors.make.known import (
    CHALLENGE_SID,
    CREDENTIAL_SID,
    FACTOR_SID,
    OTHER_CHALLENGE_SID,
    Json,
    Object,
    body,
    challenge,
    factor,
    page,
    text_of,
    without,
)
from clients.vectors.make.signing import base64url

CREATED_SECONDS: Final = 1_800_000_000
ELSEWHERE: Final = "https://elsewhere.example/v2/Challenges"
READ: Final[Object] = {
    "sid": CHALLENGE_SID,
    "factor_sid": FACTOR_SID,
    "status": "pending",
    "message": "Log in?",
    "fields": [{"label": "IP", "value": "192.0.2.7"}],
    "hidden_details": {"transaction_id": "t-1"},
    "expiration_date_seconds": CREATED_SECONDS + 300,
    "date_created_seconds": CREATED_SECONDS,
}
FACTOR_READ: Final[Object] = {
    "sid": FACTOR_SID,
    "account_sid": factor()["account_sid"],
    "friendly_name": "Test phone",
    "status": "verified",
    "credential_sid": CREDENTIAL_SID,
    "date_created": factor()["date_created"],
}


def content() -> Object:
    """The whole file."""
    return {
        "about": "Bodies of answers and what is read in them, a challenge's dates as seconds since the epoch; or "
        "AnswerFormatError. "
        "Bodies that aren't JSON with one meaning are in payloads.json.",
        "challenges": _challenges(),
        "factors": _factors(),
        "pages": _pages(),
    }


def _challenges() -> list[Json]:
    dates = {
        "A date with a fraction.": ("2027-01-15T08:05:00.250Z", CREATED_SECONDS + 300.25),
        "A date with an offset.": ("2027-01-15T10:35:00+02:30", CREATED_SECONDS + 300),
    }
    bad_dates: dict[str, Json] = {
        "A date without a time zone.": "2027-01-15T08:05:00",
        "A date without a time.": "2027-01-15",
        "A date in words.": "Fri, 15 Jan 2027 08:05:00 GMT",
        "A date without separators.": "20270115T080500Z",
        "A day that isn't in the calendar.": "2027-02-30T08:05:00Z",
        "A month that isn't in the calendar.": "2027-13-01T08:05:00Z",
        "A date that is a number.": CREATED_SECONDS,
        "A date that is empty.": "",
        "A date that is null.": None,
    }
    many: list[Json] = [{"label": f"Field {n}", "value": "v" * 128} for n in range(20)]
    return [
        _right("A pending challenge.", challenge(), READ),
        *(
            _right(f"A challenge that is {s}.", challenge(status=s), READ | {"status": s})
            for s in ("approved", "denied", "expired")
        ),
        _right("Details without fields.", challenge(details={"message": "?"}), READ | {"message": "?", "fields": []}),
        _right(
            "An empty message.", challenge(details={"message": "", "fields": []}), READ | {"message": "", "fields": []}
        ),
        _right(
            "Details with a date, which isn't shown.",
            challenge(details={"message": "?", "date": "2027-01-15T08:00:00Z"}),
            READ | {"message": "?", "fields": []},
        ),
        _right(
            "Twenty fields, in their order.",
            challenge(details={"message": "?", "fields": many}),
            READ | {"message": "?", "fields": many},
        ),
        _right(
            "A field that is empty.",
            challenge(details={"message": "?", "fields": [{"label": "", "value": ""}]}),
            READ | {"message": "?", "fields": [{"label": "", "value": ""}]},
        ),
        _right("Hidden details that are null.", challenge(hidden_details=None), READ | {"hidden_details": {}}),
        _right("Without hidden details.", without(challenge(), "hidden_details"), READ | {"hidden_details": {}}),
        _right("Members of tomorrow are passed over.", challenge(risk={"score": 0.5}), READ),
        *(
            _right(name, challenge(expiration_date=text), READ | {"expiration_date_seconds": at})
            for name, (text, at) in dates.items()
        ),
        *(_wrong(name, challenge(expiration_date=bad)) for name, bad in bad_dates.items()),
        *(
            _wrong(f"Without {name}.", without(challenge(), name))
            for name in ("sid", "factor_sid", "status", "details", "expiration_date", "date_created")
        ),
        _wrong("A SID that is a number.", challenge(sid=7)),
        _wrong("A SID that is empty.", challenge(sid="")),
        _wrong("A status that the contract doesn't know.", challenge(status="Pending")),
    ]


def _factors() -> list[Json]:
    no_config: list[Json] = [
        None,
        {},
        {"credential_sid": None},
        {"credential_sid": ""},
        {"credential_sid": 7},
        CREDENTIAL_SID,
    ]
    header_and_payload: list[Json] = [{"typ": "JWT", "alg": "ES256"}, challenge(status="approved")]
    not_sids: dict[str, Json] = {
        "header and payload of an approval": ".".join(base64url(text_of(part)) for part in header_and_payload),
        "a challenge's": CHALLENGE_SID,
        "a digit too few": FACTOR_SID[:-1],
        "a digit too many": f"{FACTOR_SID}0",
        "a line's end": f"{FACTOR_SID}\n",
        "a number": 7,
        "nothing": "",
    }
    return [
        _right("A verified factor.", factor(), FACTOR_READ),
        _right("An unverified factor.", factor(status="unverified"), FACTOR_READ | {"status": "unverified"}),
        _right(
            "A name in any script.",
            factor(friendly_name="\u05d8\u05dc\u05e4\u05d5\u05df <b>"),
            FACTOR_READ | {"friendly_name": "\u05d8\u05dc\u05e4\u05d5\u05df <b>"},
        ),
        _right(
            "Any text may be the credential.",
            factor(config={"credential_sid": "x"}),
            FACTOR_READ | {"credential_sid": "x"},
        ),
        *(
            _wrong(f"Without a credential, the device could not authenticate ({number}).", factor(config=config))
            for number, config in enumerate(no_config, start=1)
        ),
        *(
            _wrong(f"Without {name}.", without(factor(), name))
            for name in ("sid", "account_sid", "friendly_name", "status", "config", "date_created")
        ),
        *(
            _wrong(f"The SID is what the device signs, so it can't be any text ({name}).", factor(sid=sid))
            for name, sid in not_sids.items()
        ),
        _wrong("A status that the contract doesn't know.", factor(status="pending")),
        _wrong("A page of something.", b"<html>"),
        _wrong("Nothing.", b""),
    ]


def _pages() -> list[Json]:
    second = challenge(sid=OTHER_CHALLENGE_SID, status="denied")
    tokens = {
        "The token is taken from the next page's URL; its host doesn't matter.": (
            f"{ELSEWHERE}?PageSize=1&PageToken=abc&Page=1",
            "abc",
        ),
        "The token is decoded.": (f"{ELSEWHERE}?PageToken=a%2Bb%3D%26c", "a+b=&c"),
        "The URL's host may be anything.": ("https://[?PageToken=abc", "abc"),
        "The URL may be relative.": ("/v2/Challenges?PageToken=abc", "abc"),
    }
    bad_urls: dict[str, Json] = {
        "A next page without a token.": f"{ELSEWHERE}?PageSize=1",
        "A next page whose token is empty.": f"{ELSEWHERE}?PageToken=",
        "A next page with two tokens.": f"{ELSEWHERE}?PageToken=a&PageToken=b",
        "A next page that is no text.": 2,
        "A next page that is empty.": "",
    }
    return [
        _right("An empty page.", page(), {"challenges": [], "next_page_token": None}),
        _right(
            "Two challenges, the last page.",
            page(challenge(), second),
            {"challenges": [READ, READ | {"sid": OTHER_CHALLENGE_SID, "status": "denied"}], "next_page_token": None},
        ),
        *(
            _right(name, page(next_page_url=url), {"challenges": [], "next_page_token": token})
            for name, (url, token) in tokens.items()
        ),
        _right(
            "next_page_url may be missing.", {"challenges": [], "meta": {}}, {"challenges": [], "next_page_token": None}
        ),
        *(_wrong(name, page(next_page_url=url)) for name, url in bad_urls.items()),
        _wrong("Without meta.", {"challenges": []}),
        _wrong("Without challenges.", {"meta": {}}),
        _wrong("Challenges that are an object.", {"challenges": {}, "meta": {}}),
        _wrong("One of the challenges is null.", page(challenge(), None)),
        _wrong("One of the challenges can't be read.", page(challenge(), without(challenge(), "details"))),
        _wrong(
            "A member comes twice in one of them.",
            text_of(page(challenge())).replace(b'"sid":', b'"sid":"YC","sid":', 1),
        ),
    ]


def _right(name: str, content: Json, read: Object) -> Object:
    return {"name": name, **body(content), "reads": read}


def _wrong(name: str, content: Json | bytes) -> Object:
    return {"name": name, **body(content), "error": "AnswerFormatError"}
