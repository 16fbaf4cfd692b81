"""Server-Sent Events, however the network cuts them up."""

import pytest
from pushward_device import AnswerFormatError
from pushward_device.stream import EVENT_BYTES_MAX, Event, EventParser

STREAM = (
    b"\xef\xbb\xbf: welcome\n\n"
    b'event: challenge\ndata: {"message":"caf\xc3\xa9 \xe2\x80\xa8"}\n\n'
    b"event:end\r\ndata:one\r\ndata: two\r\nid: 7\r\n\r\n"
    b"event: unfinished business\n\n"
    b"retry: 10\rdata\rdata:  x\r\r"
    b"data: last\n\n"
)
EVENTS = [
    Event("challenge", b'{"message":"caf\xc3\xa9 \xe2\x80\xa8"}'),
    Event("end", b"one\ntwo"),
    Event("message", b"\n x"),
    Event("message", b"last"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(STREAM)])
def test_events_come_out_the_same_however_the_bytes_arrive(size: int) -> None:
    """LF, CR and CRLF end a line; U+2028 doesn't; comments and events without content are passed over."""
    parser = EventParser()
    chunks = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert [event for chunk in chunks for event in parser.feed(chunk)] == EVENTS


def test_an_unfinished_event_is_not_handed_out() -> None:
    """Half a truth is none."""
    assert EventParser().feed(b"event: challenge\ndata: {}\n") == []


@pytest.mark.parametrize("piece", [b"x" * 1000, b"data: " + b"x" * 1000 + b"\n", b"data\n" * 1000])
def test_an_event_without_end_is_refused(piece: bytes) -> None:
    """One long line, or one too many."""
    parser = EventParser()
    for _ in range(EVENT_BYTES_MAX // len(piece) - 1):
        parser.feed(piece)
    with pytest.raises(AnswerFormatError, match="longer than"):
        parser.feed(piece * 3)


@pytest.mark.parametrize("line", [b"data: " + b"x" * EVENT_BYTES_MAX, b": " + b"x" * EVENT_BYTES_MAX])
def test_an_event_too_long_is_refused_in_one_piece_too(line: bytes) -> None:
    """Where the network cuts must not decide what is read."""
    with pytest.raises(AnswerFormatError, match="longer than"):
        EventParser().feed(line + b"\n\n")


def test_comments_may_go_on_for_ever() -> None:
    """A quiet stream stays open by them."""
    parser = EventParser()
    for _ in range(EVENT_BYTES_MAX // 16):
        assert parser.feed(b": keep this open, please\n\n") == []
    assert parser.feed(b"data: x\n\n") == [Event("message", b"x")]
