"""The cheapest client that speaks enough HTTP/1.1: one keep-alive connection, heads prepared, bodies of known length.

The generator shares its machine with what it measures, so it must cost little.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

CONTENT_LENGTH: Final = b"content-length:"
FORM: Final = b"content-type: application/x-www-form-urlencoded\r\n"
HEAD_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and a body; the head is kept for whoever wants a header."""

    status: int
    head: bytes
    body: bytes


class Http1Connection:
    """One request at a time."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, authorization: str
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._fields = f" HTTP/1.1\r\nhost: {host}\r\nauthorization: {authorization}\r\n".encode()

    @classmethod
    async def open(cls, base_url: str, authorization: str) -> Self:
        """A connection whose requests all carry ``authorization``."""
        split = urlsplit(base_url)
        reader, writer = await asyncio.open_connection(split.hostname, split.port)
        return cls(reader, writer, split.netloc, authorization)

    async def get(self, path: bytes) -> Reply:
        """GET."""
        self._writer.write(b"GET " + path + self._fields + b"\r\n")
        return await self._reply()

    async def post(self, path: bytes, form: bytes) -> Reply:
        """POST of a form that is encoded already."""
        self._writer.write(b"POST %b%b%bcontent-length: %d\r\n\r\n%b" % (path, self._fields, FORM, len(form), form))
        return await self._reply()

    async def stream(self, path: bytes) -> asyncio.StreamReader:
        """GET of an answer without end; what follows its head."""
        self._writer.write(b"GET " + path + self._fields + b"accept: text/event-stream\r\n\r\n")
        head = await self._reader.readuntil(HEAD_END)
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(f"no stream: {head.decode('latin-1').splitlines()[0]}")
        return self._reader

    async def close(self) -> None:
        """Closes the connection."""
        self._writer.close()
        await self._writer.wait_closed()

    async def _reply(self) -> Reply:
        head = await self._reader.readuntil(HEAD_END)
        lower = head.lower()
        start = lower.find(CONTENT_LENGTH)
        length = 0
        if start >= 0:
            start += len(CONTENT_LENGTH)
            length = int(lower[start : lower.index(b"\r", start)])
        return Reply(int(head[9:12]), head, await self._reader.readexactly(length))
