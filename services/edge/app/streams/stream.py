"""One device's stream: a bounded queue between what happens and what a connection takes.

    open ──offer──► open ──end(reason)──► ended      the last event is `end` with its reason, if one can be named

Whoever reads too slowly is ended: when its queue is full, or when the connection takes nothing for SEND_SECONDS_MAX.
"""

import asyncio
from collections import deque
from enum import StrEnum
from typing import Final

import msgspec
from starlette.types import Send

from pushward.api.common.v1.common_pb2 import DevicePrincipal

QUEUE_EVENTS_MAX: Final = 16
KEEP_ALIVE_SECONDS: Final = 15.0
SEND_SECONDS_MAX: Final = 10.0
CHALLENGE_TYPE: Final = "verify_push_challenge"

LISTENING: Final = b": listening\n\n"
KEEP_ALIVE: Final = b": keep-alive\n\n"


class EndReason(StrEnum):
    """Why we end a stream, as far as its device can do something about it."""

    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a reason, not a token
    FACTOR_DELETED = "factor_deleted"
    ACCOUNT_DISABLED = "account_disabled"
    SHUTDOWN = "shutdown"


class ChallengeEvent(msgspec.Struct):
    """`event: challenge`, with the members that apps know from push payloads (contract section 3.11)."""

    type: str
    challenge_sid: str
    factor_sid: str
    message: str


class EndEvent(msgspec.Struct):
    """`event: end`."""

    reason: EndReason


def event(name: str, body: msgspec.Struct) -> bytes:
    """An event as the format has it; JSON never holds a raw line break."""
    return b"event: %s\ndata: %s\n\n" % (name.encode("ascii"), msgspec.json.encode(body))


class DeviceStream:
    """The stream of one device's connection."""

    def __init__(self, device: DevicePrincipal) -> None:
        self.factor_sid = device.factor_sid
        self.entity_sid = device.entity_sid
        self.account_sid = device.account_sid
        self.service_sid = device.service_sid
        self._events = deque[bytes]()
        self._ended = False
        self._changed = asyncio.Event()

    def offer(self, encoded: bytes) -> None:
        """Queues an event. If that many wait already, the stream ends: its device should poll."""
        if self._ended:
            return
        if len(self._events) >= QUEUE_EVENTS_MAX:
            self.end(None)
            return
        self._events.append(encoded)
        self._changed.set()

    def end(self, reason: EndReason | None) -> None:
        """Ends the stream after what is queued; only the first end counts."""
        if self._ended:
            return
        self._ended = True
        if reason is not None:
            self._events.append(event("end", EndEvent(reason)))
        self._changed.set()

    async def write(self, send: Send) -> None:
        """Sends what is offered until the stream has ended. Raises TimeoutError if the connection takes nothing."""
        await _send_chunk(send, LISTENING)
        while True:
            while self._events:
                await _send_chunk(send, self._events.popleft())
            if self._ended:
                await _send_chunk(send, b"", more=False)
                return
            if not await self._changes():
                await _send_chunk(send, KEEP_ALIVE)

    async def _changes(self) -> bool:
        """Whether there is something to do; False after a while of nothing."""
        try:
            async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True


async def _send_chunk(send: Send, chunk: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(SEND_SECONDS_MAX):
        await send({"type": "http.response.body", "body": chunk, "more_body": more})
