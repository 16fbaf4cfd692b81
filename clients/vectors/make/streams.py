"""streams.json: what a device reads in an event stream, however the network cuts it up."""

from typing import Final

from clients.vectors.make.known import CHALLENGE_SID, FACTOR_SID, OTHER_CHALLENGE_SID, Json, Object, body

_ANNOUNCED: Final = (
    '{"type":"verify_push_challenge","challenge_sid":"%s","factor_sid":"' + FACTOR_SID + '","message":"%s"}'
)
_FIRST: Final = _ANNOUNCED % (CHALLENGE_SID, "Log in?")
_SECOND: Final = _ANNOUNCED % (OTHER_CHALLENGE_SID, "Gr\u00fc\u00dfe \u2028 \U0001f511")
_SAYS_FIRST: Final[Object] = {"challenge_sid": CHALLENGE_SID, "factor_sid": FACTOR_SID}
_SAYS_SECOND: Final[Object] = {"challenge_sid": OTHER_CHALLENGE_SID, "factor_sid": FACTOR_SID}
EVENT_BYTES_MAX: Final = 65_536


def content() -> Object:
    """The whole file."""
    return {
        "about": "Bytes of an event stream and what they say: a list of {challenge_sid, factor_sid} and {end: reason}. "
        "The same comes out at every split: feed each stream whole, byte by byte, and cut in two at every place.",
        "event_bytes_max": EVENT_BYTES_MAX,
        "server_writes": [
            _case(
                "Nothing happened, then the process stops.", ": listening\n\n" + _end("shutdown"), _ended("shutdown")
            ),
            _case(
                "Two challenges, then the JWT ends.",
                f": listening\n\nevent: challenge\ndata: {_FIRST}\n\nevent: challenge\ndata: {_SECOND}\n\n"
                + _end("token_expired"),
                _SAYS_FIRST,
                _SAYS_SECOND,
                _ended("token_expired"),
            ),
            *(
                _case(f"The stream ends: {reason}.", ": listening\n\n" + _end(reason), _ended(reason))
                for reason in ("factor_deleted", "account_disabled")
            ),
        ],
        "cases": [
            _case("Nothing at all.", ""),
            _case("Comments say nothing.", ": listening\n\n: keep-alive\n\n:\n\n"),
            _case("Lines may end with CR LF.", f"event: challenge\r\ndata: {_FIRST}\r\n\r\n", _SAYS_FIRST),
            _case("Lines may end with CR.", f"event: challenge\rdata: {_FIRST}\r\r:\r", _SAYS_FIRST),
            _case("U+2028 in the text ends no line.", _event(_SECOND), _SAYS_SECOND),
            _case(
                "A byte order mark may come first, and only first.",
                b"\xef\xbb\xbfevent: challenge\ndata: " + _FIRST.encode() + b"\n\n",
                _SAYS_FIRST,
            ),
            _case("The space after the colon may be missing.", f"event:challenge\ndata:{_FIRST}\n\n", _SAYS_FIRST),
            _case(
                "An event's content may come in several lines.",
                "event: challenge\ndata: " + _FIRST.replace(",", ",\ndata: ") + "\n\n",
                _SAYS_FIRST,
            ),
            _case("The name may follow the content.", f"data: {_FIRST}\nevent: challenge\n\n", _SAYS_FIRST),
            _case("The last name counts.", f"event: end\nevent: challenge\ndata: {_FIRST}\n\n", _SAYS_FIRST),
            _case(
                "id, retry and unknown fields are passed over.", f"id: 7\nretry: 1\nx: y\n{_event(_FIRST)}", _SAYS_FIRST
            ),
            _case("A name holds for one event only.", f"event: challenge\n\ndata: {_FIRST}\n\n"),
            _case(
                "Events of other names are passed over.", f"event: weather\ndata: rain\n\n{_event(_FIRST)}", _SAYS_FIRST
            ),
            _case("An event without a name is passed over.", f"data: {_FIRST}\n\n"),
            _case("A challenge event of another type is passed over.", _event('{"type":"something_new"}')),
            _case("A challenge event without content is none.", f"event: challenge\n\n{_event(_FIRST)}", _SAYS_FIRST),
            _case("An event that isn't finished is none.", f"event: challenge\ndata: {_FIRST}\n"),
            _case("Members that are new are passed over.", _event(_FIRST[:-1] + ',"x":{"y":1}}'), _SAYS_FIRST),
            _case("An end for a reason of tomorrow.", _end("maintenance"), _ended("maintenance")),
            _wrong("A challenge event that isn't JSON.", _event("{")),
            _wrong("A challenge event with a member twice.", _event(_FIRST[:-1] + ',"message":"other"}')),
            _wrong("A challenge event without a SID.", _event('{"type":"verify_push_challenge"}')),
            _wrong("An end without a reason.", "event: end\ndata: {}\n\n"),
            _wrong("Text that isn't UTF-8.", b'event: challenge\ndata: {"type":"\xff"}\n\n'),
        ],
    }


def _event(content: str) -> str:
    return f"event: challenge\ndata: {content}\n\n"


def _end(reason: str) -> str:
    return f'event: end\ndata: {{"reason":"{reason}"}}\n\n'


def _ended(reason: str) -> Object:
    return {"end": reason}


def _case(name: str, stream: str | bytes, *says: Json) -> Object:
    return {"name": name, **_stream(stream), "says": list(says)}


def _wrong(name: str, stream: str | bytes) -> Object:
    return {"name": name, **_stream(stream), "says": [], "error": "AnswerFormatError"}


def _stream(stream: str | bytes) -> Object:
    return body(stream.encode() if isinstance(stream, str) else stream)
