"""Bytes to a server and back, for what no HTTP client would send; and its answers, taken apart strictly."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from tests.support.tenant import ENVELOPE

ANSWER_SECONDS_MAX: Final = 30.0


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One answer: names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def refused(self) -> int:
        """The status of a refusal, which must carry the envelope, whoever refused: the edge, or its HTTP server."""
        assert 400 <= self.status < 500, self
        assert self.headers["content-type"] == "application/json"
        envelope: Any = json.loads(self.body)  # Any: JSON
        assert set(envelope) == ENVELOPE, envelope
        assert envelope["status"] == self.status
        assert type(envelope["code"]) is int
        return self.status


async def talk(base_url: str, *pieces: bytes) -> list[RawAnswer]:
    """What the server answers to these bytes until it closes, which the last request must ask for or deserve.

    Each piece is sent on its own. Fails after ANSWER_SECONDS_MAX: a hang.
    """
    where = urlsplit(base_url)
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return answers(await reader.read())
        finally:
            writer.close()


def answers(said: bytes) -> list[RawAnswer]:
    """The answers that these bytes are, one after the other."""
    found = []
    while said:
        head, separator, said = said.partition(b"\r\n\r\n")
        assert separator, head
        status_line, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
        status = int(status_line.split(" ")[1])
        length = int(headers.get("content-length", "0"))
        assert "transfer-encoding" not in headers, headers
        assert len(said) >= length, (headers, said)
        found.append(RawAnswer(status, headers, said[:length]))
        said = said[length:]
    return found
