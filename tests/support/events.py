"""Server-Sent Events as a browser would read them; comments are passed over."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx

from tests.support.tenant import Json


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    name: str
    body: Json


async def events(stream: httpx.Response) -> AsyncGenerator[Event, None]:
    """Each event as it comes, until the stream ends."""
    name, lines = "message", list[str]()
    async for line in stream.aiter_lines():
        field, _, value = line.partition(":")
        match field:
            case "event":
                name = value.removeprefix(" ")
            case "data":
                lines.append(value.removeprefix(" "))
            case "" if lines and not value:
                yield Event(name, json.loads("\n".join(lines)))
                name, lines = "message", []
