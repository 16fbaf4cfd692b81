"""Server-Sent Events, as much of them as a device needs, and what Pushward says in them.

`EventParser` takes bytes as they come and splits at LF, CR and CRLF only: JSON may hold other line separators. An
event longer than `EVENT_BYTES_MAX` ends the stream rather than the memory. Comments and unknown events are passed
over.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from pushward_device.errors import AnswerFormatError
from pushward_device.models import answer_object, text_member

STREAM_PATH = "/pushward/v1/device/stream"
EVENT_BYTES_MAX = 64 * 1024
FACTOR_DELETED = "factor_deleted"
CHALLENGE_TYPE = "verify_push_challenge"

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ChallengeAnnounced:
    """There is a challenge to look at."""

    challenge_sid: str
    factor_sid: str


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The server's last word on this stream: `factor_deleted`, or a reason to connect again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Event:
    """One event as the format defines it."""

    name: str
    content: bytes


class EventParser:
    """Bytes in, whole events out (WHATWG HTML §9.2.6)."""

    def __init__(self) -> None:
        self._rest = b""
        self._at_start = True
        self._name = "message"
        self._content: list[bytes] = []
        self._size_bytes = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that this chunk completes. Raises AnswerFormatError if one grows too long."""
        lines = self._whole_lines(chunk)
        events = [event for line in lines if (event := self._take(line)) is not None]
        self._require_room(len(self._rest))
        return events

    def _require_room(self, size_bytes: int) -> None:
        if self._size_bytes + size_bytes > EVENT_BYTES_MAX:
            raise AnswerFormatError(f"An event is longer than {EVENT_BYTES_MAX} bytes.")

    def _whole_lines(self, chunk: bytes) -> list[bytes]:
        text = self._rest + chunk
        # A CR at the end may be half of a CRLF: wait for what follows.
        held = b"\r" if text.endswith(b"\r") else b""
        *lines, rest = _LINE_END.split(text.removesuffix(b"\r"))
        self._rest = rest + held
        if lines and self._at_start:
            lines[0] = lines[0].removeprefix(_BYTE_ORDER_MARK)
            self._at_start = False
        return lines

    def _take(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        self._require_room(len(line) + 1)
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._content.append(value)
            self._size_bytes += len(line) + 1
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        return None

    def _dispatch(self) -> Event | None:
        event = Event(self._name, b"\n".join(self._content)) if self._content else None
        self._name, self._content, self._size_bytes = "message", [], 0
        return event


async def messages(chunks: AsyncIterator[bytes]) -> AsyncGenerator[ChallengeAnnounced | StreamEnded, None]:
    """What the server says on a stream, until it ends. Raises AnswerFormatError for an event that can't be read."""
    parser = EventParser()
    async for chunk in chunks:
        for event in parser.feed(chunk):
            message = message_of(event)
            if message is not None:
                yield message


def message_of(event: Event) -> ChallengeAnnounced | StreamEnded | None:
    """What an event says; None for one that isn't for us. Raises AnswerFormatError for one that can't be read."""
    if event.name == "challenge":
        members = answer_object(event.content)
        if members.get("type") == CHALLENGE_TYPE:
            return ChallengeAnnounced(text_member(members, "challenge_sid"), text_member(members, "factor_sid"))
    elif event.name == "end":
        return StreamEnded(text_member(answer_object(event.content), "reason"))
    return None
