"""One device's stream, without a network."""

import asyncio

import pytest
from starlette.types import Message

from pushward.api.common.v1.common_pb2 import DevicePrincipal
from services.edge.app.streams import stream as streams
from services.edge.app.streams.stream import QUEUE_EVENTS_MAX, DeviceStream, EndReason


class Connection:
    """What a connection has taken; takes nothing once it is stuck."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.closed = False
        self.stuck = False
        self.has_heard_twice = asyncio.Event()

    async def send(self, message: Message) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        self.taken += [message["body"]] if message["body"] else []
        self.closed = not message["more_body"]
        if len(self.taken) >= 2:
            self.has_heard_twice.set()


def _a_stream() -> DeviceStream:
    return DeviceStream(DevicePrincipal(factor_sid="YF"))


async def test_what_was_offered_before_listening_is_sent_after_it() -> None:
    """Nothing is missed between the registration and the first byte."""
    stream, connection = _a_stream(), Connection()
    stream.offer(b"one")
    stream.end(EndReason.SHUTDOWN)
    await stream.write(connection.send)
    assert connection.taken == [b": listening\n\n", b"one", b'event: end\ndata: {"reason":"shutdown"}\n\n']
    assert connection.closed


async def test_only_the_first_end_counts() -> None:
    """A stream that ended says one reason, and takes no more events."""
    stream, connection = _a_stream(), Connection()
    stream.end(EndReason.FACTOR_DELETED)
    stream.end(EndReason.SHUTDOWN)
    stream.offer(b"late")
    await stream.write(connection.send)
    assert connection.taken[1:] == [b'event: end\ndata: {"reason":"factor_deleted"}\n\n']


async def test_a_stream_whose_queue_is_full_ends() -> None:
    """Its device is told nothing more and polls."""
    stream, connection = _a_stream(), Connection()
    for _ in range(QUEUE_EVENTS_MAX + 1):
        stream.offer(b"event")
    await stream.write(connection.send)
    assert connection.taken[1:] == [b"event"] * QUEUE_EVENTS_MAX
    assert connection.closed


async def test_a_connection_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a bound, whatever its queue holds."""
    monkeypatch.setattr(streams, "SEND_SECONDS_MAX", 0.01)
    stream, connection = _a_stream(), Connection()
    connection.stuck = True
    with pytest.raises(TimeoutError):
        await stream.write(connection.send)


async def test_a_quiet_stream_says_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that proxies and devices don't take it for dead."""
    monkeypatch.setattr(streams, "KEEP_ALIVE_SECONDS", 0.001)
    stream, connection = _a_stream(), Connection()
    writing = asyncio.create_task(stream.write(connection.send))
    await connection.has_heard_twice.wait()
    stream.end(None)
    await writing
    assert connection.taken[1] == b": keep-alive\n\n"
    assert connection.closed
