"""payloads.json: what is signed for an answer, what nobody signs, and what the server makes of it."""

from typing import Final

from clients.vectors.make.judged import server_cases
from clients.vectors.make.known import (
    CHALLENGE_SID,
    FACTOR_SID,
    OTHER_CHALLENGE_SID,
    OTHER_FACTOR_SID,
    SIGNATURE_FIELDS,
    SIGNATURE_FIELDS_HEADER,
    Json,
    Object,
    body,
    challenge,
    text_of,
    without,
)

ALL: Final = ",".join(SIGNATURE_FIELDS)
PENDING: Final = '"status":"pending"'


def content() -> Object:
    """The whole file."""
    return {
        "about": "The answer to GET of a challenge, a decision, and the members of the JWS payload that is signed for "
        "it, compared as JSON (members have no order, true is not 1); or the error that refuses, and nothing is sent.",
        "factor_sid": FACTOR_SID,
        "challenge_sid": CHALLENGE_SID,
        "jws_header": {"typ": "JWT", "alg": "ES256"},
        "cases": [*_signed(), *_unlike_pushward(), *_not_signed(), *_unreadable()],
        "server_cases": server_cases(),
    }


def _signed() -> list[Json]:
    long_message = "\u00c4" * 256
    twenty: list[Json] = [{"label": f"{n:02d}" + "L" * 34, "value": f"{n:02d}" + "\U0001f511" * 126} for n in range(20)]
    messages = {
        "Umlauts, the euro sign, emoji beyond the BMP.": "12,50 \u20ac an M\u00fcller? \U0001f469\u200d\U0001f4bb",
        "Right-to-left text and marks, as they came.": "\u05d4\u05d0\u05dd \u202e123\u202c \u0623\u0646\u062a?",
        "Script tags are text.": "<script>alert('x')</script><img src=x onerror=alert(1)>&amp;\"",
        "Characters that JSON escapes, and a slash.": 'a"b\\c/d\b\f\n\r\t\u0001\u007f\u2028\u2029',
        "Combining characters are not normalised.": "e\u0301 \u00e9 \u1100\u1161",
        "The longest message.": long_message,
    }
    return [
        _signs("An approval signs every named field as it came, and the decision as status.", challenge(), "approved"),
        _signs("A denial does the same.", challenge(), "denied"),
        _signs("A silent approval carries the member mode besides.", challenge(), "approved", mode="silent"),
        *(
            _signs(name, challenge(details={"message": message, "fields": []}), "approved")
            for name, message in messages.items()
        ),
        _signs(
            "Right-to-left text and tags in a field.",
            challenge(details={"message": "?", "fields": [{"label": "\u0627\u0633\u0645", "value": "<b>\u202ex</b>"}]}),
            "approved",
        ),
        _signs("Twenty long fields.", challenge(details={"message": long_message, "fields": twenty}), "approved"),
        _signs("Details without fields.", challenge(details={"message": "Log in?"}), "approved"),
        _signs("Details whose fields are null.", challenge(details={"message": "Log in?", "fields": None}), "approved"),
        _signs("Hidden details that are null.", challenge(hidden_details=None), "approved"),
        _signs("Hidden details that are empty.", challenge(hidden_details={}), "denied"),
        _signs(
            "Hidden details with names that mean something in a language.",
            challenge(hidden_details={"__proto__": "a", "constructor": "b", "toString": "c", "": "d", "1": "e"}),
            "approved",
        ),
        _case(
            "Spaces, escapes and the order of members in the answer don't matter.",
            b'{ "status" : "pending",\r\n "details":{"fields":[],"message":"\\u00fc\\/\\ud83d\\udd11"}, '
            + text_of(without(without(challenge(), "status"), "details"))[1:],
            "approved",
            payload=_payload(challenge(details={"message": "\u00fc/\U0001f511", "fields": []}), ALL, "approved"),
        ),
        _signs("Only what is named is signed.", challenge(), "approved", fields="details,sid,factor_sid,status"),
        _signs("A name that comes twice is signed once.", challenge(), "denied", fields=f"{ALL},sid"),
    ]


def _unlike_pushward() -> list[Json]:
    """What no server of ours says, and a library must get right all the same."""
    fields = f"{ALL},__proto__"
    text = text_of(challenge())[:-1] + b',"__proto__":{"mode":"x"}}'
    payload = _payload(challenge(), ALL, "approved") | {"__proto__": {"mode": "x"}}
    return [
        _case("A named member called __proto__ is a member like any other.", text, "approved", fields, payload=payload),
        _signs("A member mode of the answer is not signed unless it is named.", challenge(mode="loud"), "approved"),
        _signs(
            "A named member mode is signed as it came by a decision of the user.",
            challenge(mode="loud"),
            "approved",
            fields=f"{ALL},mode",
        ),
    ]


def _not_signed() -> list[Json]:
    missing, absent = "SignatureFieldsMissingError", "SignatureFieldAbsentError"
    return [
        _refuses(
            "The answer is about a challenge of another factor.",
            challenge(factor_sid=OTHER_FACTOR_SID),
            "WrongFactorError",
        ),
        _refuses("The answer is about another challenge.", challenge(sid=OTHER_CHALLENGE_SID), "AnswerFormatError"),
        *(
            _refuses(f"The challenge is {status}.", challenge(status=status), "ChallengeNotPendingError")
            for status in ("approved", "denied", "expired")
        ),
        _refuses(
            "The challenge is over, and names nothing to sign.",
            challenge(status="approved"),
            "ChallengeNotPendingError",
            fields=None,
        ),
        {
            **_refuses("The challenge came from a list.", challenge(), "ChallengeNotFetchedError", fields=None),
            "read_by": "list",
        },
        _refuses("The header is missing.", challenge(), missing, fields=None),
        _refuses("The header is empty.", challenge(), missing, fields=""),
        *(
            _refuses(
                f"The header leaves out {name}.",
                challenge(),
                missing,
                fields=",".join(f for f in SIGNATURE_FIELDS if f != name),
            )
            for name in ("details", "sid", "factor_sid", "status")
        ),
        _refuses(
            "The names have spaces, which belong to them.",
            challenge(),
            missing,
            fields="sid, factor_sid, status, details",
        ),
        _refuses("The names are in capitals, which are others.", challenge(), missing, fields=ALL.upper()),
        _refuses("The names are separated by semicolons.", challenge(), missing, fields=ALL.replace(",", ";")),
        _refuses("A named member isn't there.", challenge(), absent, fields=f"{ALL},amount"),
        _refuses(
            "A named member isn't there, but a language has one of that name.",
            challenge(),
            absent,
            fields=f"{ALL},toString",
        ),
        _refuses("The same for constructor and __proto__.", challenge(), absent, fields=f"{ALL},constructor,__proto__"),
        _refuses("An empty name.", challenge(), absent, fields=f"{ALL},"),
        _refuses("A path is not a name.", challenge(), absent, fields=f"{ALL},details.message"),
    ]


def _unreadable() -> list[Json]:
    text = text_of(challenge())
    bodies = {
        "A member comes twice.": text[:-1] + b',"sid":"' + CHALLENGE_SID.encode() + b'"}',
        "A member comes twice, once with an escape.": text.replace(
            PENDING.encode(), b'"status":"pending","stat\\u0075s":"pending"'
        ),
        "A member comes twice in the details.": text.replace(b'"message":', b'"message":"Log out?","message":'),
        "A member comes twice in a field.": text.replace(b'"label":', b'"label":"x","label":'),
        "A member comes twice where nobody looks.": text[:-1] + b',"links":{"a":[{"b":1,"b":1}]}}',
        "Invalid UTF-8.": text.replace(b"Log in?", b"Log in\xff?"),
        "An unpaired surrogate.": text.replace(b"Log in?", b"Log in\\ud800?"),
        "NaN.": text[:-1] + b',"n":NaN}',
        "A number that is too large for a double.": text[:-1] + b',"n":1e999}',
        "An integer that is too large for a double.": text[:-1] + b',"n":1' + b"0" * 309 + b"}",
        "A byte order mark.": b"\xef\xbb\xbf" + text,
        "Nested deeper than 32.": text[:-1] + b',"n":' + b"[" * 32 + b"]" * 32 + b"}",
        "Cut off.": text[:-1],
        "Something follows.": text + b"{}",
        "A list.": b"[" + text + b"]",
        "Nothing.": b"",
        "The message is a number.": text.replace(b'"Log in?"', b"1"),
        "The message is null.": text.replace(b'"Log in?"', b"null"),
        "The details are null.": text_of(challenge(details=None)),
        "The details are text.": text_of(challenge(details="Log in?")),
        "The details have a number besides.": text_of(challenge(details={"message": "Pay?", "amount": 12})),
        "The details have a truth value besides.": text_of(challenge(details={"message": "Pay?", "urgent": True})),
        "A field's value is a number.": text.replace(b'"192.0.2.7"', b"7"),
        "A field has no label.": text.replace(b'"label":"IP",', b""),
        "A field has a number besides.": text.replace(b'"label":"IP",', b'"label":"IP","n":1,'),
        "A field is text.": text_of(challenge(details={"message": "?", "fields": ["IP"]})),
        "The fields are an object.": text_of(
            challenge(details={"message": "?", "fields": {"label": "a", "value": "b"}})
        ),
        "A hidden detail is a number.": text_of(challenge(hidden_details={"transaction_id": 1})),
        "A hidden detail is null.": text_of(challenge(hidden_details={"transaction_id": None})),
        "A hidden detail is an object.": text_of(challenge(hidden_details={"transaction_id": {"a": "b"}})),
        "The hidden details are a list.": text_of(challenge(hidden_details=["t-1"])),
        "A status that the contract doesn't know.": text_of(challenge(status="perhaps")),
    }
    deep = text[:-1] + b',"n":' + b"[" * 31 + b"]" * 31 + b"}"
    return [
        *(_case(name, raw, "approved", error="AnswerFormatError") for name, raw in bodies.items()),
        _case("Nested 32 deep is read.", deep, "approved", payload=_payload(challenge(), ALL, "approved")),
    ]


def _signs(name: str, members: Object, decision: str, *, fields: str = ALL, mode: str | None = None) -> Object:
    payload = _payload(members, fields, decision) | ({"mode": mode} if mode is not None else {})
    return _case(name, text_of(members), decision, fields, mode=mode, payload=payload)


def _refuses(name: str, members: Object, error: str, *, fields: str | None = ALL) -> Object:
    return _case(name, text_of(members), "approved", fields, error=error)


def _case(
    name: str,
    raw: bytes,
    decision: str,
    fields: str | None = ALL,
    *,
    mode: str | None = None,
    payload: Object | None = None,
    error: str | None = None,
) -> Object:
    outcome: Object = {"payload": payload} if error is None else {"error": error}
    headers: Object = {} if fields is None else {SIGNATURE_FIELDS_HEADER: fields}
    return {
        "name": name,
        "read_by": "get",
        "headers": headers,
        **body(raw),
        "decision": decision,
        "mode": mode,
        **outcome,
    }


def _payload(members: Object, fields: str, decision: str) -> Object:
    return {name: members[name] for name in fields.split(",")} | {"status": decision}
