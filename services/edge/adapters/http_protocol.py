"""uvicorn's HTTP/1.1 protocol (httptools) with the bounds that it leaves open.

Refused here, before any application sees it: a head that is too long or takes too long, a connection too many, and what
isn't HTTP at all, each with the contract's envelope. A body that the application refused is discarded up to a bound, so
that its sender hears why: closing at once would reset the connection, and the answer with it. Costs nothing for a
request that comes in one piece.
"""

import asyncio
from typing import Final

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from pushward import error_codes
from services.edge.app.streams.endpoint import ABORT_EXTENSION

HEAD_BYTES_MAX: Final = 32 * 1024
HEAD_SECONDS_MAX: Final = 10.0
CONNECTIONS_MAX: Final = 20_000
DISCARDED_BYTES_MAX: Final = 1024 * 1024
DISCARDED_SECONDS_MAX: Final = 5.0
REQUEST_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of one request as it comes: more than any head and body that is taken, however small its chunks."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection."""

    _in_head = False
    _in_body = False
    _head_bytes = 0
    _request_bytes = 0
    _discarded_bytes = 0
    _timer: asyncio.TimerHandle | None = None  # of a head, or of a body that is discarded

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the parent has it
        """Opens, unless there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            transport.abort()
            return
        self._extensions: dict[str, dict[object, object]] = {ABORT_EXTENSION: {"call": transport.abort}}
        # Unset by the first byte; from then on the head's own time runs.
        self.timeout_keep_alive_task = self.loop.call_later(HEAD_SECONDS_MAX, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes; bounded while a head is incomplete, and in all: chunks have extensions and trailers, too."""
        was_in_head = self._in_head
        self._request_bytes += len(data)
        super().data_received(data)
        if not self._in_head:
            if self._request_bytes > REQUEST_BYTES_MAX:
                self.transport.close()
            return
        self._head_bytes += len(data) if was_in_head else 0
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(431, f"The head of the request is longer than {HEAD_BYTES_MAX} bytes.")
        elif self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS_MAX, self._head_expired)

    def on_message_begin(self) -> None:
        """A request's first byte."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self._request_bytes = 0
        self.scope["extensions"] = self._extensions

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; a trailer, which comes behind the body, is none: nobody reads it, and there may be many."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A request's head is whole."""
        self._in_head = False
        self._in_body = True
        self._stop_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a request's body."""
        if self.cycle.response_complete:
            self._discarded_bytes += len(body)
            if self._discarded_bytes > DISCARDED_BYTES_MAX:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._in_body = False
        if self.cycle.response_complete:
            self._stop_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request is answered, perhaps before it was whole."""
        super().on_response_complete()
        # With requests in line, `cycle` is the last of them, and not the one that was answered.
        if self.cycle.response_complete and self.cycle.more_body and self._timer is None:
            self._discarded_bytes = 0
            self._timer = self.loop.call_later(DISCARDED_SECONDS_MAX, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        """What isn't HTTP."""
        self._refuse(400, "This isn't HTTP/1.1 as we understand it.")

    def _head_expired(self) -> None:
        self._refuse(408, f"The head of the request took longer than {HEAD_SECONDS_MAX:g} seconds.")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: int, message: str) -> None:
        """Writes the envelope, unless an answer is under way or this request has had its own, and closes."""
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request, whatever its declaration says
        if cycle is None or (cycle.response_complete and not self._in_body) or self._awaits_body(cycle):
            self.transport.write(_refusal(status, message, self.server_state.default_headers))
            if cycle is not None:  # to its application the client is gone, so nothing is written behind this
                cycle.disconnected = True
                cycle.message_event.set()
        self.transport.close()

    def _awaits_body(self, cycle: RequestResponseCycle) -> bool:
        """Whether the body of this request is what can't be read: it came first in line, and has no answer yet."""
        return cycle.more_body and not cycle.response_started and not self.pipeline


def _refusal(status: int, message: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    # No `more_info`: there is no request yet whose host could be in it.
    envelope = {"code": error_codes.INVALID_PARAMETER, "message": message, "more_info": None, "status": status}
    body = msgspec.json.encode(envelope)
    fields = [
        *headers,
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    head = b"".join(b"%s: %s\r\n" % field for field in fields)
    return STATUS_LINE[status] + head + b"\r\n" + body
