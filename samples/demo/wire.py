"""Shows HTTP calls as they happen: who asks whom for what, and what the answer says.

It sits between a client and the network (an httpx transport), so it shows what was sent, not what somebody meant to
send. Secrets are shortened to their first characters.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import httpx
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

TOLD: Final = (
    *("sid", "friendly_name", "token", "ttl", "status", "details", "event_types", "code", "message"),
    *("challenges", "jws", "public_key"),
)
"""The members of an answer that are worth a look, in this order."""

SECRETS: Final = frozenset({"token", "AuthPayload", "jws", "Binding.PublicKey", "public_key"})
SECRET_CHARACTERS: Final = 10
VALUE_CHARACTERS_MAX: Final = 96
STATUS_GREEN_MAX: Final = 399
_SID: Final = re.compile(r"\b([A-Z]{2})([0-9a-f]{32})\b")

Members = Mapping[str, Any]
"""A JSON object. Any: members of every type."""


class Wire:
    """Prints calls to a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def chapter(self, title: str) -> None:
        """A new part of the story."""
        self._console.print()
        self._console.rule(Text(title, style="bold"), align="left", style="dim")

    def note(self, text: str) -> None:
        """A remark."""
        self._console.print(Text(f"  {text}", style="italic"))

    def screen(self, title: str, lines: Iterable[tuple[str, str]]) -> None:
        """What a person sees on the device."""
        body = Text("\n").join(Text.assemble((f"{name}  " if name else "", "dim"), value) for name, value in lines)
        self._console.print(Panel(body, title=title, title_align="left", expand=False, padding=(0, 2)))

    def call(self, who: str, request: httpx.Request, form: Members, status: int, answer: Members) -> None:
        """One call and its answer."""
        split = urlsplit(str(request.url))
        path = short(split.path) + (f"?{short(split.query)}" if split.query else "")
        self._exchange(who, f"{request.method} {path}", form, status, answer)

    def delivery(self, form: Members, checks: Members) -> None:
        """One webhook, and what its receiver made of it."""
        self._exchange("Pushward → backend", "POST /webhooks", form, 200, checks)

    def _exchange(self, who: str, line: str, sent: Members, status: int, answer: Members) -> None:
        color = "green" if status <= STATUS_GREEN_MAX else "red"
        self._console.print(Text.assemble((f"{who:<19}", "cyan"), (line, "bold"), "  ", (str(status), color)))
        if sent:
            self._console.print(Text.assemble(("        sends   ", "dim"), told(sent.items())))
        if answer:
            self._console.print(Text.assemble(("        answer  ", "dim"), told(answer.items())))


class ShownTransport(httpx.AsyncBaseTransport):
    """Passes requests on and shows them."""

    def __init__(self, who: str, wire: Wire) -> None:
        self._who = who
        self._wire = wire
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As the network answers, read to its end."""
        sent = _form(request.content)
        response = await self._inner.handle_async_request(request)
        body = await response.aread()
        self._wire.call(self._who, request, sent, response.status_code, told_members(body))
        return httpx.Response(
            response.status_code, headers=response.headers, content=body, extensions=response.extensions
        )

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()


def _form(content: bytes) -> dict[str, str]:
    """A form's fields; of a repeated one all values."""
    fields: dict[str, str] = {}
    for name, value in parse_qsl(content.decode()):
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def told_members(body: bytes) -> dict[str, Any]:
    """The members of an answer that are worth a look."""
    members = json.loads(body) if body else {}
    told_ones = {name: members[name] for name in TOLD if members.get(name) is not None}
    if isinstance(details := told_ones.pop("details", None), dict):
        told_ones["message"] = details["message"]
    if isinstance(listed := told_ones.get("challenges"), list):
        told_ones["challenges"] = [f"{one['sid']} {one['status']}" for one in listed]
    return told_ones


def told(members: Iterable[tuple[str, Any]]) -> str:
    """Names and values on one line, each shortened."""
    return "  ".join(f"{name}={_value(name, value)}" for name, value in members)


def short(text: str) -> str:
    """SIDs by their ends."""
    return _SID.sub(lambda match: f"{match[1]}…{match[2][-4:]}", text)


def _value(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if name in SECRETS:
        return f"{text[:SECRET_CHARACTERS]}… ({len(text)} characters)"
    text = short(text)
    return text if len(text) <= VALUE_CHARACTERS_MAX else f"{text[:VALUE_CHARACTERS_MAX]}…"
